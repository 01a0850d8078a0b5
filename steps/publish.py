"""The steps of a publication: the wanted content goes to the publishing host, which flips."""

from __future__ import annotations

import json
from typing import Any

from buildbot.plugins import steps, util
from buildbot.process import buildstep
from buildbot.process.results import SUCCESS
from buildbot.util.twisted import async_to_deferred

from farm.site import Site
from steps.plan_access import plan_scheduler
from steps.watched_build import WatchedFactory

PUBLICATION_FILE = "publication.json"
PUBLISH_MINUTES = 60


@util.renderer
def publication_text(props: Any) -> str:
    """What the line's archive is to hold, as the planner wrote it."""
    line = (props.getProperty("channel"), props.getProperty("distro"))
    return plan_scheduler(props.master).state.publication(line)


class PublishLine(buildstep.ShellMixin, buildstep.BuildStep):
    """Runs `farm archive publish` and takes its answer to the scheduler."""

    name = "publish"

    def __init__(self, site: Site, **kwargs: Any):
        self._site = site
        kwargs = self.setupShellMixin(kwargs, prohibitArgs=["command"])
        super().__init__(haltOnFailure=True, **kwargs)

    @async_to_deferred
    async def run(self) -> int:
        """Publish; what went live is recorded at once. Or withdraw a line that is over."""
        site = self._site
        if self.getProperty("withdraw"):
            return await self._withdraw(
                f"{self.getProperty('channel')}/{self.getProperty('distro')}"
            )
        command = await self.makeRemoteShellCommand(
            command=[
                *("setpriv", "--pdeathsig", "KILL", "farm", "archive", "publish"),
                PUBLICATION_FILE,
                *("--pool", str(site.state / "pool")),
                *("--archive", str(site.state / "archive")),
                *("--keys", str(site.state / "keys")),
                *("--url", site.archive.public_url.rstrip("/")),
                "--json",
            ],
            collectStdout=True,
            timeout=None,
            maxTime=PUBLISH_MINUTES * 60,
            logEnviron=False,
        )
        await self.runCommand(command)
        if command.results() != SUCCESS:
            return command.results()
        snapshot = json.loads(command.stdout)
        line = (self.getProperty("channel"), self.getProperty("distro"))
        held_back = snapshot["held_back"]
        plan_scheduler(self.master).published(
            line,
            self.getProperty("generation"),
            snapshot["number"],
            snapshot["content"],
            held_back,
        )
        held = f", held back: {', '.join(sorted(held_back))}" if held_back else ""
        warned = "".join(f"; {warning}" for warning in snapshot.get("warnings", ()))
        self.descriptionDone = [f"snapshot {snapshot['number']}{held}{warned}"]
        return SUCCESS

    async def _withdraw(self, line: str) -> int:
        command = await self.makeRemoteShellCommand(
            command=[
                *("setpriv", "--pdeathsig", "KILL", "farm", "archive", "withdraw", line),
                *("--archive", str(self._site.state / "archive")),
            ],
            timeout=None,
            maxTime=PUBLISH_MINUTES * 60,
            logEnviron=False,
        )
        await self.runCommand(command)
        if command.results() == SUCCESS:
            self.descriptionDone = [f"{line} is withdrawn"]
        return command.results()


def publish_factory(site: Site) -> WatchedFactory:
    """The steps that bring the archive of a line up to date."""
    return WatchedFactory(
        [
            steps.StringDownload(
                publication_text,
                workerdest=PUBLICATION_FILE,
                name="publication",
                doStepIf=lambda step: not step.getProperty("withdraw"),
                haltOnFailure=True,
                hideStepIf=True,
            ),
            PublishLine(site),
        ]
    )
