"""One limit for everything that runs at once, shared with every make (GNU make's jobserver).

The farm takes a token for each component that it builds; make and its children take the others. So
components are built in parallel, each in parallel inside, and never more than `jobs` at a time.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable

POLL_MS = 100


class Jobserver:
    """A pipe with one token for each thing that may run."""

    def __init__(self, jobs: int):
        self.jobs = jobs
        self._read, self._write = os.pipe()
        # An end of its own, so that the farm does not block and make may.
        self._own = os.open(f"/proc/self/fd/{self._read}", os.O_RDONLY | os.O_NONBLOCK)
        os.write(self._write, b"+" * jobs)

    @property
    def makeflags(self) -> str:
        """MAKEFLAGS for what may take more tokens; it must inherit `descriptors`."""
        return f" -j{self.jobs} --jobserver-auth={self._read},{self._write}"

    @property
    def descriptors(self) -> tuple[int, int]:
        """What make inherits."""
        return self._read, self._write

    def acquire(self, stopping: Callable[[], bool]) -> bool:
        """Wait for a token; False when `stopping` came true first."""
        poll = select.poll()
        poll.register(self._own, select.POLLIN)
        while not stopping():
            if poll.poll(POLL_MS):
                try:
                    if os.read(self._own, 1):
                        return True
                except BlockingIOError:
                    continue
        return False

    def release(self) -> None:
        """Give a token back."""
        os.write(self._write, b"+")

    def close(self) -> None:
        """Close the pipe."""
        for handle in (self._own, self._read, self._write):
            os.close(handle)
