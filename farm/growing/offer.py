"""What the farm tells a new worker: what it builds, and where everything is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from farm.errors import FarmError
from farm.model import Distro, Stack
from farm.site import Site


class Offer(BaseModel):
    """What a worker is to be."""

    model_config = ConfigDict(frozen=True)

    worker: str
    title: str
    """Of the farm."""
    builds: int
    untrusted: bool
    distros: dict[str, Distro]
    host: str
    port: int
    """Where it connects."""
    url: str
    """The farm's address for workers: joining, and the pool."""

    @property
    def pool_url(self) -> str:
        """Where its inputs and results go."""
        return f"{self.url}/pool"


class Welcome(BaseModel):
    """What it needs besides, told once."""

    offer: Offer
    password: str
    certificate: str
    authority: str


def offer(site: Site, stack: Stack, worker: str) -> Offer:
    """What a worker of the site is to be.

    :raises FarmError: the site has no such worker, or takes none from other machines.
    """
    settings = site.workers.get(worker)
    if settings is None or site.remote is None:
        raise FarmError(f"the farm has no worker {worker} any more: ask for another invitation")
    named = settings.distros
    return Offer(
        worker=worker,
        title=site.title,
        builds=settings.builds,
        untrusted=settings.untrusted,
        distros={n: d for n, d in stack.distros.items() if not named or n in named},
        host=site.remote.host,
        port=site.remote.workers_port,
        url=site.remote.url,
    )
