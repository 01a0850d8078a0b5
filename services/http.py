"""HTTP servers in the master's process: the pool for workers, the archives for everybody."""

from __future__ import annotations

from typing import Any, ClassVar

from buildbot.util.service import BuildbotService
from buildbot.util.twisted import async_to_deferred
from twisted.internet.endpoints import serverFromString

from farm.site import Listen, Site
from repo_publish.qa.receive import QA_TOKEN, Reports
from repo_publish.serve import archive_site
from steps.build import POOL_TOKEN, UNTRUSTED_TOKEN
from steps.pool_site import Access, pool_site


class HttpService(BuildbotService):
    """A twisted.web site that starts and stops with the master.

    :param site: farm.site.Site
    :param kind: ``archive`` or ``pool``
    """

    compare_attrs: ClassVar[tuple[str, ...]] = (*BuildbotService.compare_attrs, "site", "kind")

    def __init__(self, site: Site, kind: str, **kwargs: Any):
        self.site, self.kind = site, kind
        self._port: Any = None
        super().__init__(name=f"http-{kind}", site=site, kind=kind, **kwargs)

    def checkConfig(self, site: Site, kind: str) -> None:
        """Buildbot's check of the arguments."""

    @async_to_deferred
    async def reconfigService(self, site: Site, kind: str) -> None:
        """Listen where the settings say now."""
        await self._stop()
        self.site, self.kind = site, kind
        listen: Listen = getattr(site, kind)
        if kind == "archive":
            resource = _archives(site)
        else:
            trusted, untrusted = site.state / "pool", site.state / "pool-untrusted"
            resource = pool_site(
                {
                    site.secret(POOL_TOKEN): Access((trusted,)),
                    site.secret(UNTRUSTED_TOKEN): Access((untrusted, trusted)),
                }
            )
        endpoint = serverFromString(self.master.reactor, listen.endpoint)
        self._port = await endpoint.listen(resource)

    @async_to_deferred
    async def stopService(self) -> None:
        """Stop listening."""
        await self._stop()
        await super().stopService()

    async def _stop(self) -> None:
        if self._port is not None:
            await self._port.stopListening()
            self._port = None


def _archives(site: Site) -> Any:
    """The archives for everybody; with the hand-off set up, also where reports go."""
    archive = site.state / "archive"
    if site.qa is None:
        return archive_site(archive)
    return archive_site(archive, reports=Reports(archive, site.secret(QA_TOKEN)))
