"""Directories that do not outlive their use, even when that is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = ".scratch-"


@contextlib.contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """A new directory below `parent`, removed at the end of the block unless it was moved away.

    Those of killed processes are removed by the next call: each is locked while it is in use.
    """
    with contextlib.ExitStack() as stack:
        with (parent / f"{_PREFIX[:-1]}.lock").open("w") as lock:
            # Nobody may find the new directory before it is locked.
            fcntl.flock(lock, fcntl.LOCK_EX)
            for stale in parent.glob(f"{_PREFIX}*"):
                with contextlib.suppress(OSError), _locked(stale):
                    shutil.rmtree(stale)
            directory = Path(tempfile.mkdtemp(dir=parent, prefix=_PREFIX))
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            stack.enter_context(_locked(directory))
        directory.chmod(0o755)
        yield directory


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
