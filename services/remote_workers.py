"""The ports for workers on other machines: TLS with the farm's own authority."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from buildbot.util.service import BuildbotService
from buildbot.util.twisted import async_to_deferred
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web.resource import Resource

from farm.growing.authority import AUTHORITY_WARNING_DAYS, Authority, days_left
from farm.model import Stack
from farm.site import Site
from services.joining import ForWorkers, Joining
from services.worker_certificates import WorkerGate, tls_options
from steps.build import POOL_TOKEN, UNTRUSTED_TOKEN
from steps.pool_site import Access, pool_site

DAY_S = 24 * 3600
_log = Logger()


class RemoteWorkers(BuildbotService):
    """Listens for workers, and for machines that want to become some.

    :param site: farm.site.Site with `remote`
    :param stack: farm.model.Stack
    """

    compare_attrs: ClassVar[tuple[str, ...]] = (*BuildbotService.compare_attrs, "site", "stack")

    def __init__(self, site: Site, stack: Stack, **kwargs: Any):
        self.site, self.stack = site, stack
        self._ports: list[Any] = []
        self._daily: Any = None
        super().__init__(name="remote-workers", site=site, stack=stack, **kwargs)

    def checkConfig(self, site: Site, stack: Stack) -> None:
        """Buildbot's check of the arguments."""

    @async_to_deferred
    async def reconfigService(self, site: Site, stack: Stack) -> None:
        """Listen as the settings say now; connections that are there stay."""
        await self._stop()
        self.site, self.stack = site, stack
        await self._start()
        self._daily = LoopingCall(self._look_at_certificates)
        self._daily.clock = self.master.reactor
        self._daily.start(DAY_S, now=True)

    @async_to_deferred
    async def stopService(self) -> None:
        """Stop listening."""
        await self._stop()
        await super().stopService()

    async def _start(self) -> None:
        site, remote, reactor = self.site, self.site.remote, self.master.reactor
        authority = Authority(site.state, remote)
        gate = WorkerGate(reactor, site, authority)
        listeners = (
            (remote.workers_port, gate, False),
            (remote.files_port, self._files(authority), True),
        )
        for port, factory, everybody in listeners:
            options = tls_options(authority, everybody=everybody)
            endpoint = SSL4ServerEndpoint(reactor, port, options, interface=remote.interface)
            self._ports.append(await endpoint.listen(factory))

    def _files(self, authority: Authority) -> Any:
        """The HTTPS site; its requests are the pool's, which takes large files."""
        trusted, untrusted = self.site.state / "pool", self.site.state / "pool-untrusted"
        files = pool_site(
            {
                self.site.secret(POOL_TOKEN): Access((trusted,)),
                self.site.secret(UNTRUSTED_TOKEN): Access((untrusted, trusted)),
            }
        )
        root = Resource()
        root.putChild(b"pool", ForWorkers(files.resource, self.site, authority))
        packages = self.site.state / "join"
        root.putChild(b"join", Joining(self.site, self.stack, authority, packages))
        files.resource = root
        return files

    def _look_at_certificates(self) -> Any:
        return Deferred.fromCoroutine(self._renewed()).addErrback(
            lambda failure: _log.failure("the certificates of workers", failure)
        )

    async def _renewed(self) -> None:
        """Use a new certificate where the master's own is due, and warn of the authority's end."""
        authority = Authority(self.site.state, self.site.remote)
        served = authority.folder / "server.pem"
        before = served.read_bytes()
        authority.server()
        if served.read_bytes() != before:
            await self._stop_listening()
            await self._start()
        left = days_left(authority.certificate, datetime.datetime.now(datetime.UTC))
        if left < AUTHORITY_WARNING_DAYS:
            _log.warn(
                "the authority of workers' certificates ends in {days} days: make another "
                "(docs/workers.md)",
                days=left,
            )

    async def _stop(self) -> None:
        if self._daily is not None and self._daily.running:
            self._daily.stop()
        await self._stop_listening()

    async def _stop_listening(self) -> None:
        for port in self._ports:
            await port.stopListening()
        self._ports.clear()


def remote_workers(site: Site, stack: Stack) -> list[RemoteWorkers]:
    """None where the site takes no workers from other machines."""
    return [] if site.remote is None else [RemoteWorkers(site, stack)]
