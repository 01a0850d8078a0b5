"""One command at a time changes a workspace."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.workspace.errors import WorkspaceError
from farm.workspace.layout import Layout

POLL_S = 0.2


@contextmanager
def locked(layout: Layout, command: str) -> Iterator[None]:
    """Hold the workspace's lock; waits for another command to end, and says for which.

    The kernel frees the lock when its holder dies, however that happens. Leftovers of a holder
    that died are removed here.

    :raises WorkspaceError: the workspace cannot be written.
    """
    try:
        layout.state.mkdir(parents=True, exist_ok=True)
        handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WorkspaceError(f"{layout.root} cannot be written: {error.strerror}") from error
    try:
        _wait(handle, layout.root)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"farm {command} (process {os.getpid()})".encode(), 0)
        if layout.scratch.exists():
            shutil.rmtree(layout.scratch, ignore_errors=True)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _wait(handle: int, root: Path) -> None:
    told = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not told:
                holder = os.pread(handle, 200, 0).decode(errors="replace") or "another command"
                print(f"waiting for {holder}, which works in {root}", file=sys.stderr, flush=True)
                told = True
            time.sleep(POLL_S)
