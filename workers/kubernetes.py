"""Workers in pods of Kubernetes."""

from __future__ import annotations

from typing import Any

from buildbot.util.kubeclientservice import KubeCtlProxyConfigLoader, KubeInClusterConfigLoader
from buildbot.worker.kubernetes import KubeLatentWorker
from twisted.internet import defer

from farm.growing.kinds import Kubernetes
from workers.kinds import Invited, Kind, Start


class KubernetesWorker(Invited, KubeLatentWorker):
    """A pod that joins the farm each time it is started."""

    def createEnvironment(self, build: Any = None) -> dict[str, str]:
        """What the pod sees: how to join. Its password it gets over TLS."""
        return self.start.environment()

    def getBuildContainerResources(self, build: Any) -> dict[str, Any]:
        """What it asks of the cluster."""
        settings: Kubernetes = self.start.settings
        wanted = {"cpu": settings.cpu, "memory": settings.memory}
        return {"requests": wanted, "limits": {"memory": settings.memory}}

    def get_node_selector(self, build: Any) -> dict[str, str]:
        """Where it may run."""
        return dict(self.start.settings.node_selector)

    @defer.inlineCallbacks
    def getPodSpec(self, build: Any) -> Any:
        """As Buildbot's; builds mount overlays and make namespaces."""
        spec = yield super().getPodSpec(build)
        context = {"privileged": self.start.settings.privileged}
        spec["spec"]["containers"][0]["securityContext"] = context
        return spec


def _make(start: Start) -> KubernetesWorker:
    settings: Kubernetes = start.settings
    if settings.access == "in-cluster":
        access = KubeInClusterConfigLoader()
    else:
        access = KubeCtlProxyConfigLoader(namespace=settings.namespace)
    arguments = start.arguments
    del arguments["password"]  # Buildbot asks getRandomPass
    return KubernetesWorker(
        start.name,
        **arguments,
        start=start,
        image=settings.image,
        namespace=settings.namespace,
        masterFQDN=start.site.remote.host,
        kube_config=access,
    )


KUBERNETES = Kind(_make)
