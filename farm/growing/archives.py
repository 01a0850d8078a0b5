"""The archives of a distro that is not built any more."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from farm.errors import FarmError
from farm.files import write_atomically
from farm.run import run

_DELETED = "deleted-archives.json"


def found_lines(archive: Path, distro: str) -> list[str]:
    """The lines of a distro that are published, on every channel."""
    channels = [place for place in archive.glob("*") if (place / distro).is_symlink()]
    return sorted(f"{channel.name}/{distro}" for channel in channels)


def delete(state: Path, line: str) -> bool:
    """Take a line with all its snapshots out of a site's archive, as the archive's owner does.

    :raises FarmError: it cannot be deleted.
    """
    farm = Path(sys.executable).with_name("farm")
    archive = state / "archive"
    write_atomically(state / _DELETED, json.dumps(sorted({*_deleted(state), line})))
    run(f"delete {line}", [farm, "archive", "withdraw", line, "--archive", archive])
    return True


def check_name(state: Path, distro: str) -> None:
    """Refuse a distro whose archive was deleted under this name.

    The records go on from its last snapshot, and an archive without one would begin anew with
    numbers and file names that clients have seen already.

    :raises FarmError: it was.
    """
    gone = [line for line in _deleted(state) if line.endswith(f"/{distro}")]
    if gone:
        raise FarmError(
            f"the archive of {distro} was deleted ({', '.join(gone)}), and clients may remember "
            f"its snapshots: give the new one another name, such as {distro}-2"
        )


def _deleted(state: Path) -> list[str]:
    try:
        return list(json.loads((state / _DELETED).read_text()))
    except FileNotFoundError:
        return []
