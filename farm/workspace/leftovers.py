"""Processes of a build that outlived the command that started them (kill -9, a lost terminal)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from farm.workspace.environment import RUN_VARIABLE

PATIENCE_S = 5.0


def end_leftovers(tree: Path) -> int:
    """End every process that was started to build in a tree; return how many there were.

    They are known by a variable in their environment, so nobody else's process is ever touched.
    """
    found = list(_of_tree(tree))
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for process in _of_tree(tree):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, sign)
        deadline = time.monotonic() + PATIENCE_S
        while list(_of_tree(tree)) and time.monotonic() < deadline:
            time.sleep(0.02)
    return len(found)


def _of_tree(tree: Path) -> Iterator[int]:
    wanted = f"{RUN_VARIABLE}={tree}".encode()
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            with suppress(OSError):
                if wanted in (place / "environ").read_bytes().split(b"\0"):
                    yield int(place.name)
