"""What rpmsign runs in place of gpg: ``rpm_remote COMMAND… -- SIGNATURE [DATA]``.

rpm hands over the data on standard input, or before 4.18 in a pipe that it names, and expects a
binary signature in a file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from farm.errors import FarmError
from repo_publish.signers import HOME_FOR_SIGNER, run_signer


def main(arguments: list[str]) -> int:
    """Have the data signed; the exit status."""
    if HOME_FOR_SIGNER in os.environ:
        os.environ["HOME"] = os.environ.pop(HOME_FOR_SIGNER)
    split = len(arguments) - 1 - arguments[::-1].index("--")
    command, files = arguments[:split], arguments[split + 1 :]
    named = [name for name in files[1:] if name != "-"]
    data = Path(named[0]).read_bytes() if named else sys.stdin.buffer.read()
    try:
        Path(files[0]).write_bytes(run_signer(command, data, "a package"))
    except FarmError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
