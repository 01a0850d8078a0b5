"""Forcing a build: Buildbot's form, the planner's work."""

from __future__ import annotations

from typing import Any

from buildbot.plugins import util
from buildbot.schedulers.forcesched import ForceScheduler
from buildbot.util.twisted import async_to_deferred
from buildbot.www.rest import JSONRPC_CODES, BadJsonRpc2

from farm.builders import builder_table
from farm.errors import FarmError
from farm.model import Stack
from schedulers.plan import PlanScheduler


class PlanForce(ForceScheduler):
    """The Force button of every builder: hands the wish to the plan scheduler."""

    @async_to_deferred
    async def force(self, owner, builderNames=None, builderid=None, **kwargs):
        """As the base class, with one clear message for a builder that does not exist."""
        known = set(self.builderNames)
        unknown = sorted(set(builderNames or ()) - known)
        if builderid is not None and builderNames is None:
            builder = await self.master.data.get(("builders", str(builderid)))
            if builder is None or builder["name"] not in known:
                unknown = [f"builder {builderid}"]
        if unknown or (builderNames is None and builderid is None):
            what = ", ".join(unknown) or "no builder named"
            raise BadJsonRpc2(
                f"cannot force: {what}; expected names from `farm builders`, such as "
                f"{min(known, default='<component>-<distro>')}",
                JSONRPC_CODES["invalid_params"],
            )
        return await super().force(owner, builderNames=builderNames, builderid=builderid, **kwargs)

    @async_to_deferred
    async def addBuildsetForSourceStampsWithDefaults(
        self, reason, sourcestamps=None, waited_for=False, properties=None, builderNames=None, **_
    ):
        """Where the base class would submit builds, ask the planner instead."""
        plan: PlanScheduler = self.master.scheduler_manager.namedServices["plan"]
        try:
            return await plan.force(
                builderNames,
                channel=properties.getProperty("channel"),
                dependents=bool(properties.getProperty("dependents")),
                reason=reason,
                who=properties.getProperty("owner"),
                at=(properties.getProperty("at") or "").strip(),
            )
        except FarmError as error:
            raise BadJsonRpc2(str(error), JSONRPC_CODES["invalid_params"]) from error


def force_scheduler(stack: Stack) -> PlanForce:
    """The one force scheduler of the farm, for all builders."""
    channels = list(stack.channels)
    parameters: list[Any] = [
        util.ChoiceStringParameter(
            name="channel",
            label="Channel",
            choices=channels,
            default=channels[0],
            strict=True,
            hide=len(channels) == 1,
        ),
        util.StringParameter(
            name="at", label="Branch or commit (default: the newest of the channel)", default=""
        ),
        util.BooleanParameter(
            name="dependents", label="Build everything that depends on it again too", default=False
        ),
    ]
    return PlanForce(
        name="force",
        buttonName="Force a rebuild",
        label="Build again, whatever the pool holds",
        builderNames=[row.name for row in builder_table(stack)],
        codebases=[util.CodebaseParameter(codebase="", hide=True)],
        reason=util.StringParameter(
            name="reason", label="Reason (recorded with the build)", required=True, size=60
        ),
        # The planner knows what waits longest; nobody has to say.
        priority=util.IntParameter(name="priority", default=0, hide=True),
        properties=parameters,
    )
