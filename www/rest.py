"""Buildbot's own REST interface with the farm's beside it, and its controls in the audit log."""

from __future__ import annotations

from typing import Any

from buildbot.www.authz import Forbidden
from buildbot.www.rest import RestRootResource, V2RootResource
from twisted.internet import defer

from www.api.resource import FarmApi
from www.api.source import Source
from www.gate import Gate, address_of
from www.permissions import FarmAuthz, action_of


class FarmRest(V2RootResource):
    """Version 2 of Buildbot's interface. It is told when the site is ready, and of every new
    configuration: then the farm's own interface takes its place next to it."""

    def reconfigResource(self, new_config: Any) -> None:
        """Take on a configuration."""
        super().reconfigResource(new_config)
        authz = new_config.www.get("authz")
        if isinstance(authz, FarmAuthz):
            api = self.master.www.root.getStaticEntity(b"api")
            api.putChild(b"farm", FarmApi(Source(self.master, authz.gate.site), authz.gate))

    @defer.inlineCallbacks
    def getEndpoint(self, request: Any, method: str, params: dict[str, Any]) -> Any:
        """As the base class; what is asked for beside looking is recorded."""
        authz = self.master.www.authz
        if request.method != b"POST" or not isinstance(authz, FarmAuthz):
            found = yield super().getEndpoint(request, method, params)
            return found
        path = "/".join(part.decode(errors="replace") for part in request.postpath)
        try:
            found = yield super().getEndpoint(request, method, params)
        except Forbidden as error:
            _record(authz.gate, request, method, path, params, error.message.decode())
            raise
        _record(authz.gate, request, method, path, params, "")
        return found


def _record(
    gate: Gate, request: Any, method: str, path: str, params: dict[str, Any], refusal: str
) -> None:
    identity = gate.of_session(request.getSession().user_info)
    details = {name: str(value)[:200] for name, value in params.items() if name != "owner"}
    gate.record(
        identity,
        address_of(request),
        action_of(path, method),
        path,
        details,
        allowed=not refusal,
        outcome=refusal,
    )


def serve_farm_api() -> None:
    """Have every master of this process serve the farm's interface beside Buildbot's."""
    RestRootResource.addApiVersion(2, FarmRest)
