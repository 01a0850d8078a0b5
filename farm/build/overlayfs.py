"""Where an overlay keeps its changes, and the options that mount it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from farm.errors import FarmError

MEMORY_SHARE = 0.5
"""Part of the free memory that one overlay may fill."""

MIN_MEMORY_BYTES = 2 << 30
"""With less than this for an overlay, it is kept on disk."""


def overlay_options(lower: Sequence[Path], upper: Path, scratch: Path, *, volatile: bool) -> str:
    """Mount options of an overlay; `lower` has the root first.

    :raises FarmError: a path that mount options cannot carry.
    """
    for path in (*lower, upper, scratch):
        if set(",:\\") & set(str(path)):
            raise FarmError(f"{path}: a root's path may hold no comma, colon or backslash")
    stack = ":".join(str(path) for path in reversed(lower))
    options = f"lowerdir={stack},upperdir={upper},workdir={scratch}"
    return f"{options},volatile" if volatile else options


def memory_to_use() -> int:
    """Bytes of memory that an overlay may fill; 0 when it should be on disk."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            size = int(int(line.split()[1]) * 1024 * MEMORY_SHARE)
            return size if size >= MIN_MEMORY_BYTES else 0
    return 0


def room_on_disk(parent: Path, stack: contextlib.ExitStack) -> Path:
    """A new directory with ``upper`` and ``work``, removed with `stack`.

    A lock is held on it, so that those of killed processes can be told and removed here.
    """
    parent.mkdir(exist_ok=True)
    for stale in parent.iterdir():
        with contextlib.suppress(OSError), _locked_directory(stale):
            shutil.rmtree(stale)
    room = Path(tempfile.mkdtemp(dir=parent))
    room.chmod(0o755)
    stack.callback(shutil.rmtree, room, ignore_errors=True)
    stack.enter_context(_locked_directory(room))
    (room / "upper").mkdir()
    (room / "work").mkdir()
    return room


@contextlib.contextmanager
def _locked_directory(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
