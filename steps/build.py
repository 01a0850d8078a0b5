"""The steps of a component's build: the worker fetches, builds and stores, as the job file says."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from buildbot.plugins import util
from buildbot.process import buildstep, logobserver
from buildbot.process.results import EXCEPTION, FAILURE, RETRY, SUCCESS
from buildbot.steps.worker import CompositeStepMixin
from buildbot.util.twisted import async_to_deferred
from pydantic import ValidationError
from twisted.logger import Logger

from farm.failure.model import FAILURE_FILE, FoundFailure, KeptFailure, LogPlace
from farm.records.store import RUNNING
from steps.plan_access import plan_scheduler
from steps.watched_build import WatchedFactory

JOB_FILE = "job.json"
POOL_TOKEN, UNTRUSTED_TOKEN = "pool-token", "pool-token-untrusted"
VERDICT_STATUS = 10
"""Exit status of `farm job` that says: the component's own fault."""
HANDED_OVER = "handed_over"
"""Property of a build that the planner took over."""
LOST_RUNS = 5
"""Times that Buildbot may begin one request anew before the planner takes it back."""
STORE_MINUTES = 30
IN_ORDER = ("sh", "-c", 'exec "$@" 2>&1', "sh")
"""Runs a program with one stream for all it prints: lines of two streams reach the log in any
order, and its line numbers would mean nothing."""
FIRST_PART = "fetch"
"""The part of a job that a worker begins with."""

_log = Logger()
_SUMMARY = re.compile(r"^(?P<done>(?:checked out|built|stored) [^;]*)")
_VERDICT = re.compile(r"^farm: (?P<phase>[a-z -]+) failed: (?P<message>.*)$")


class Why(CompositeStepMixin, buildstep.BuildStep):
    """Says why the build is done, gives the worker its job, and ends what is not to be built.

    Buildbot's own Rebuild button runs an old build's request again; the wish is handed to the
    planner instead. Buildbot also retries a request whose worker vanished without end: one that
    kills its worker would take one worker after the other.
    """

    name = "why"

    @async_to_deferred
    async def run(self) -> int:
        """Let the build go on, hand it over, or end it after `LOST_RUNS`."""
        plan = plan_scheduler(self.master)
        row = plan.state.farm.records.builds.get(self.getProperty("build_key"))
        if row is None or row.outcome != RUNNING:
            await plan.force(
                [self.getProperty("buildername")],
                channel=self.getProperty("channel"),
                dependents=False,
                reason="Rebuild",
                who=self.getProperty("owner", "somebody"),
            )
            self.setProperty(HANDED_OVER, True, self.name)
            self.descriptionDone = ["handed to the planner, which starts a build of its own"]
            return SUCCESS
        self.descriptionDone = ["; ".join(row.reasons)]
        request = self.build.requests[0].id
        builds = await self.master.data.get(("buildrequests", str(request), "builds"))
        if len(builds) > LOST_RUNS:
            return EXCEPTION
        job = plan.state.jobs.read(row.key)
        await self.downloadFileContentToWorker(JOB_FILE, job, abandonOnFailure=True)
        return SUCCESS


def is_wanted(step: Any) -> bool:
    """Whether the plan asks for the build that a step belongs to."""
    return not step.getProperty(HANDED_OVER)


class FarmJob(buildstep.ShellMixin, CompositeStepMixin, buildstep.BuildStep):
    """One part of `farm job` on the worker.

    :param part: ``fetch``, ``build`` or ``store``.
    :param minutes: after which the worker kills it whatever it does.
    """

    renderables: ClassVar[tuple[str, ...]] = ("minutes",)

    def __init__(self, part: str, minutes: Any, **kwargs: Any):
        self.part = part
        self.minutes = minutes
        kwargs = self.setupShellMixin(kwargs, prohibitArgs=["command", "timeout", "maxTime"])
        super().__init__(name=part, haltOnFailure=True, doStepIf=is_wanted, **kwargs)
        self._said: list[str] = []
        self._done = ""
        self._headers = 0
        self._printed = False

    @async_to_deferred
    async def run(self) -> int:
        """Run it; the component's own fault is recorded as a verdict, all else is retried."""
        if self.part == FIRST_PART:
            plan = plan_scheduler(self.master)
            plan.began(self.getProperty("build_key"), self.getProperty("workername"))
        self.addLogObserver("stdio", logobserver.LineConsumerLogObserver(self._listen))
        command = await self.makeRemoteShellCommand(
            # A worker that is killed must not leave its build behind.
            command=[
                *IN_ORDER,
                "setpriv",
                "--pdeathsig",
                "KILL",
                "farm",
                "job",
                self.part,
                JOB_FILE,
            ],
            timeout=None,
            maxTime=self.minutes * 60,
            logEnviron=False,
        )
        await self.runCommand(command)
        results = command.results()
        if results == FAILURE and command.rc == VERDICT_STATUS:
            if self.part == "build":
                await self._keep_failure()
            self._record_verdict()
            return FAILURE
        if results in (RETRY, SUCCESS):
            self.descriptionDone = [self._done or self.part]
            return results
        message = self._said[0].removeprefix("farm: ") if self._said else f"{self.part} was ended"
        plan_scheduler(self.master).trouble(self.getProperty("build_key"), message)
        self.descriptionDone = [self.part, "interrupted:", message]
        return EXCEPTION

    def _listen(self):
        while True:
            stream, line = yield
            if stream == "h" and not self._printed:
                self._headers += 1
            else:
                self._printed = True
            if match := _SUMMARY.match(line):
                self._done = match["done"]
            if line.startswith("farm: "):
                self._said = [line]
            elif self._said:
                self._said.append(line)

    async def _keep_failure(self) -> None:
        """Record what the worker found in the log; the verdict does not depend on it."""
        key = self.getProperty("build_key")
        try:
            text = await self.getFileContentFromWorker(FAILURE_FILE)
            found = FoundFailure.model_validate_json(text) if text else None
        except (ValidationError, ConnectionError) as error:
            _log.warn("what failed in build {key}: {error}", key=key, error=error)
            return
        if found and found.key == key:
            place = LogPlace(
                builder=await self.build.getBuilderId(),
                build=self.build.number,
                step=self.number,
                before=self._headers,
            )
            kept = KeptFailure(failure=found.failure, place=place)
            plan_scheduler(self.master).state.farm.records.keep_failure(key, kept)

    def _record_verdict(self) -> None:
        match = _VERDICT.match(self._said[0]) if self._said else None
        phase = match["phase"] if match else self.part
        message = match["message"] if match else "no message; see the log"
        self.descriptionDone = [phase, "failed"]
        plan_scheduler(self.master).verdict(self.getProperty("build_key"), phase, message)


@util.renderer
def build_minutes(props: Any) -> int:
    """After which a worker ends the build step if the job itself does not."""
    return int(props.getProperty("timeout_minutes")) + STORE_MINUTES


def component_factory(*, untrusted: bool = False) -> WatchedFactory:
    """The steps that build one component for one distro.

    :param untrusted: for pull requests, whose workers have another token for the pool.
    """
    environment = {"FARM_POOL_TOKEN": util.Secret(UNTRUSTED_TOKEN if untrusted else POOL_TOKEN)}
    return WatchedFactory(
        [
            Why(haltOnFailure=True),
            FarmJob(FIRST_PART, STORE_MINUTES, env=environment),
            FarmJob("build", build_minutes),
            FarmJob("store", STORE_MINUTES, env=environment),
        ]
    )
