"""Workers in containers: Docker, or Podman behind the same interface."""

from __future__ import annotations

from typing import Any

from buildbot.worker.docker import DockerLatentWorker

from farm.growing.kinds import Docker
from workers.kinds import Invited, Kind, Start


class DockerWorker(Invited, DockerLatentWorker):
    """A container that joins the farm each time it is started."""

    def createEnvironment(self, build: Any = None) -> dict[str, str]:
        """What the container sees: how to join. Its password it gets over TLS."""
        return self.start.environment()


def _make(start: Start) -> DockerWorker:
    settings: Docker = start.settings
    host: dict[str, Any] = {"privileged": settings.privileged, "init": True}
    if settings.network:
        host["network_mode"] = settings.network
    return DockerWorker(
        start.name,
        **start.arguments,
        start=start,
        docker_host=settings.host,
        image=settings.image,
        volumes=list(settings.volumes),
        hostconfig=host,
        autopull=settings.pull,
        masterFQDN=start.site.remote.host,
    )


DOCKER = Kind(_make, {"docker": "docker"})
