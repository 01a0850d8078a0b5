"""Running other programs: argument lists only, scrubbed environments, errors as types."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from farm.errors import CommandError, FarmError

CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def clean_environment(**extra: str) -> dict[str, str]:
    """An environment that carries nothing of the caller's but PATH's usual places.

    An inherited TMPDIR or LC_ALL has broken builds; names in `extra` are added.
    """
    return {"PATH": CLEAN_PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent", **extra}


def run(
    what: str,
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: IO[str] | None = None,
    stdin: str | None = None,
    timeout_s: float | None = None,
) -> str:
    """Run a program and return what it printed on standard output.

    `what` begins the error message ("make the root of bookworm"). With `log`, both streams go
    there as they come and the result is empty.

    :raises CommandError: it exited with anything but 0.
    :raises FarmError: the program does not exist, or ran longer than `timeout_s`.
    """
    arguments = [str(a) for a in argv]
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            env=dict(env) if env is not None else dict(os.environ),
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            stdout=log if log is not None else subprocess.PIPE,
            stderr=subprocess.STDOUT if log is not None else subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise FarmError(f"{what}: {arguments[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise FarmError(f"{what}: {arguments[0]} ran longer than {timeout_s:.0f} s") from error
    if done.returncode:
        raise CommandError(
            what, arguments, done.returncode, (done.stdout or "") + (done.stderr or "")
        )
    return done.stdout or ""
