"""Workers that are there: on this machine, or on another one that has joined."""

from __future__ import annotations

from typing import Any

from buildbot.plugins import worker
from buildbot.util.twisted import async_to_deferred


class CountingWorker(worker.Worker):
    """A worker that counts its running builds.

    Buildbot's own `max_builds` looks at every builder of the worker each time it is asked, which
    at thousands of builders costs more than the builds.
    """

    _running = 0

    @async_to_deferred
    async def attached(self, conn: Any) -> None:
        """Begin to count anew: Buildbot tells a worker that was lost nothing of its builds' end."""
        self._running = 0
        await super().attached(conn)

    def buildStarted(self, wfb: Any) -> None:
        """Count one more."""
        self._running += 1
        super().buildStarted(wfb)

    def buildFinished(self, wfb: Any) -> Any:
        """Count one less."""
        self._running -= 1
        return super().buildFinished(wfb)

    def canStartBuild(self) -> bool:
        """As the base class says, with the counted number."""
        if self._graceful or self._paused or self.quarantine_timer:
            return False
        if self.max_builds and self._running >= self.max_builds:
            return False
        return self.locksAvailable()
