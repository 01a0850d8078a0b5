"""Builds that come to an end whenever their worker is lost.

Buildbot 4.3 leaves a build open for ever, and its request with it, when the worker goes while the
build is being prepared, or when its request is cancelled while it is being claimed: the builder
counts it as running, nobody is told, and the master cannot be stopped.
"""

from __future__ import annotations

from typing import Any

from buildbot.process.build import Build
from buildbot.process.factory import BuildFactory
from buildbot.process.results import CANCELLED, EXCEPTION, RETRY
from buildbot.util.twisted import async_to_deferred
from twisted.internet import defer
from twisted.logger import Logger

_log = Logger()


class WatchedBuild(Build):
    """A build that ends even where Buildbot forgets it."""

    @async_to_deferred
    async def startBuild(self, workerforbuilder: Any) -> None:
        """As the base class; what goes wrong there ends the build, which is tried again."""
        try:
            await super().startBuild(workerforbuilder)
        except Exception:
            _log.failure("{build} could not be prepared", build=self)
            text, results = ["worker", "lost"], RETRY
            step = self._preparation_step
            if step is not None and step.stepid is not None:
                await self.master.data.updates.finishStep(step.stepid, EXCEPTION, False)
        else:
            # Only a request that was cancelled while it was claimed leaves before this step.
            if not self.do_build or self._preparation_step is not None:
                return
            text, results = ["cancelled"], CANCELLED
        if not self.finished:
            await self.buildFinished(text, results)

    def buildFinished(self, text: list[str], results: int) -> defer.Deferred[None]:
        """As the base class, which does not expect a lost worker after an exception."""
        if results == EXCEPTION and self.workerforbuilder.worker is None:
            results = RETRY
        finished: defer.Deferred[None] = super().buildFinished(text, results)
        return finished


class WatchedFactory(BuildFactory):
    """The steps of a `WatchedBuild`."""

    buildClass = WatchedBuild
