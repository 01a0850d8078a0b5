"""The hand-off to systems under test, as a process beside the master: it waits for other hosts, and
promotions need the signing key, which the master does not have."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from buildbot.util.service import BuildbotService
from buildbot.util.twisted import async_to_deferred
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from farm.site import Site

RESTART_AFTER_S = 10

_log = Logger()


class HandOffService(BuildbotService):
    """Runs ``farm qa hand-off --watch`` for as long as the master runs."""

    compare_attrs: ClassVar[tuple[str, ...]] = (*BuildbotService.compare_attrs, "site")

    def __init__(self, site: Site, **kwargs: Any):
        self.site = site
        self._process: Any = None
        self._restart: Any = None
        self._running = False
        super().__init__(name="hand-off", site=site, **kwargs)

    def checkConfig(self, site: Site) -> None:
        """Buildbot's check of the arguments."""

    @async_to_deferred
    async def reconfigService(self, site: Site) -> None:
        """Go on with the settings as they are now."""
        await self._stop()
        self.site = site
        self._running = True
        self._start()

    @async_to_deferred
    async def stopService(self) -> None:
        """End the process; it loses nothing."""
        await self._stop()
        await super().stopService()

    def _start(self) -> None:
        self._restart = None
        farm = str(Path(sys.executable).with_name("farm"))
        # The kernel ends it should the master be killed.
        command = ["setpriv", "--pdeathsig", "KILL", farm, "qa", "hand-off", "--watch"]
        self._process = _Watcher(self._ended)
        self.master.reactor.spawnProcess(self._process, command[0], command, env=None)

    def _ended(self, why: str) -> None:
        self._process = None
        if self._running:
            _log.error("the hand-off ended and is started again: {why}", why=why)
            self._restart = self.master.reactor.callLater(RESTART_AFTER_S, self._start)

    async def _stop(self) -> None:
        self._running = False
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        if self._process is not None:
            await self._process.stop()
            self._process = None


class _Watcher(ProcessProtocol):
    """The process; what it prints goes to the master's log."""

    def __init__(self, ended: Any):
        self._ended = ended
        self._done: Deferred[None] = Deferred()

    def errReceived(self, data: bytes) -> None:
        """Log what it says."""
        for line in data.decode(errors="replace").splitlines():
            _log.info("hand-off: {line}", line=line)

    outReceived = errReceived

    def processEnded(self, reason: Failure) -> None:
        """Tell the service."""
        self._ended(reason.getErrorMessage())
        if not self._done.called:
            self._done.callback(None)

    def stop(self) -> Deferred[None]:
        """End the process; fires when it has."""
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")
        return self._done


def hand_off_services(site: Site) -> list[HandOffService]:
    """None where the site has nobody to tell and nothing to promote."""
    if site.qa is None or not (site.qa.webhooks or site.qa.promotions):
        return []
    return [HandOffService(site)]
