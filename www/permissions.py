"""Which of the farm's permissions each control of Buildbot's own interface needs."""

from __future__ import annotations

from typing import Any

from buildbot.plugins import util
from buildbot.www.authz import Authz, Forbidden
from buildbot.www.authz.endpointmatchers import (
    EndpointMatcherBase,
    Match,
    StopBuildEndpointMatcher,
)
from buildbot.www.authz.roles import RolesFromBase
from twisted.internet import defer

from farm.access.roles import PERMISSIONS, Permission
from www.gate import Gate


class _Cancel(StopBuildEndpointMatcher):
    """Stopping builds and taking back requests, which Buildbot calls "cancel" now."""

    @defer.inlineCallbacks
    def match_BuildRequestEndpoint_cancel(self, endpoint: Any, given: Any, options: Any) -> Any:
        match = yield self.match_BuildRequestEndpoint_stop(endpoint, given, options)
        return match


class _WorkerControl(EndpointMatcherBase):
    """Everything that is done to a worker."""

    def match(self, ep: Any, action: str = "get", options: Any = None) -> Any:
        if str(action).lower() == "get" or not ep or ep[0] != "workers":
            return defer.succeed(None)
        return defer.succeed(Match(self.master))


class _Permissions(RolesFromBase):
    """What Buildbot calls the roles of a person: the names of what they may do."""

    def __init__(self, gate: Gate):
        super().__init__()
        self._gate = gate

    def getRolesFromUser(self, userDetails: dict[str, Any]) -> list[str]:
        role = self._gate.of_session(userDetails).role
        return [permission.value for permission in PERMISSIONS[role]]


def _rules() -> list[EndpointMatcherBase]:
    return [
        util.ForceBuildEndpointMatcher(role=Permission.FORCE.value),
        util.RebuildBuildEndpointMatcher(role=Permission.FORCE.value),
        _Cancel(role=Permission.CANCEL.value),
        _WorkerControl(role=Permission.WORKER.value),
        # Without a rule that matches, Buildbot allows: this one matches every control.
        util.AnyControlEndpointMatcher(role=Permission.ADMINISTER.value),
    ]


class FarmAuthz(Authz):
    """Buildbot's authorisation by the farm's roles.

    :param gate: knows people and what they may do.
    """

    def __init__(self, gate: Gate):
        self.gate = gate
        super().__init__(allowRules=_rules(), roleMatchers=[_Permissions(gate)])

    @defer.inlineCallbacks
    def assertUserAllowed(
        self, ep: Any, action: str, options: dict[str, Any], userDetails: dict[str, Any]
    ) -> Any:
        """As the base class; who is refused is told what is missing and where to log in."""
        try:
            yield super().assertUserAllowed(ep, action, options, userDetails)
        except Forbidden:
            identity = self.gate.of_session(userDetails)
            permission = permission_of("/".join(map(str, ep)), action)
            raise Forbidden(self.gate.refusal(identity, permission).encode()) from None


_ACTIONS = {
    "force": Permission.FORCE,
    "rebuild": Permission.FORCE,
    "stop": Permission.CANCEL,
    "cancel": Permission.CANCEL,
}


def permission_of(path: str, method: str) -> Permission:
    """What a control of Buildbot's interface needs.

    :param path: of the endpoint, such as ``builds/7``.
    """
    if path.startswith("workers/"):
        return Permission.WORKER
    return _ACTIONS.get(method, Permission.ADMINISTER)


def action_of(path: str, method: str) -> str:
    """How the audit log calls a control of Buildbot's interface."""
    return f"{method} {path.split('/', maxsplit=1)[0]}"
