"""The upgrade test of one publication: whether it can be made, its log, and what came of it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from farm.errors import FarmError, InfrastructureError
from farm.model import Distro, Family
from farm.run import CLEAN_PATH
from repo_publish.content import Placed
from repo_publish.errors import PublishError
from repo_publish.gate.packages import Build, Package
from repo_publish.gate.search import Verdict
from repo_publish.upgrade.machine import Machines
from repo_publish.upgrade.record import UpgradeRecord
from repo_publish.upgrade.trial import Consistent, Trial, content_of, through_upgrades

KEPT_LOGS = 20
_TAIL_LINES = 20
_TOOLS = {Family.DEB: ("bwrap", "mmdebstrap"), Family.RPM: ("bwrap", "dnf", "rpm")}

Policy = Literal["auto", "always", "never"]
"""When upgrades are tried: where this machine can; always, or nothing is published; never."""


@dataclass(frozen=True)
class UpgradeTest:
    """The upgrade test of one line, if there is to be one."""

    policy: Policy
    distribution: Distro | None
    roots: Path | None
    """Cache of clean roots; None: there is none."""
    logs: Path
    """Directory where logs are kept."""

    def obstacle(self, user: int | None = None) -> str:
        """Why upgrades cannot be tried; empty when they can."""
        distribution = self.distribution
        if distribution is None:
            return "the publication names no distribution"
        if distribution.root.mock:
            return f"the mock configuration {distribution.root.mock} is the workers' to read"
        if self.roots is None:
            return "there is no cache for clean roots (--cache)"
        if (os.geteuid() if user is None else user) != 0:
            return "only root can make roots and enter them"
        tools = _TOOLS[distribution.family]
        missing = [tool for tool in tools if not shutil.which(tool, path=CLEAN_PATH)]
        return f"{' and '.join(missing)}: not installed" if missing else ""

    def run(
        self,
        verdict: Verdict,
        wanted: Mapping[str, Build],
        live: Mapping[str, Build],
        files: Mapping[Package, Placed],
        consistent: Consistent,
        work: Path,
        log: TextIO,
    ) -> tuple[Verdict, UpgradeRecord]:
        """The gate's verdict, without those whose upgrade fails; and what was done to find out.

        :param verdict: the gate's, before.
        :param files: every package's file.
        :param work: a directory that is not there yet.
        :raises PublishError: an upgrade fails, and nobody can be told to be at fault.
        :raises InfrastructureError: it cannot be tried, but has to be.
        """
        why = "it is switched off" if self.policy == "never" else self.obstacle()
        if not why and live:
            began = time.monotonic()
            self.logs.mkdir(parents=True, exist_ok=True)
            path = self.logs / f"{int(time.time())}.log"
            with path.open("w") as told:
                work.mkdir()
                try:
                    trial = Trial(self._machines(told), live, files, work)
                    upgraded = through_upgrades(trial, verdict, wanted, consistent, log)
                except PublishError as error:
                    told.flush()
                    raise PublishError(f"{error} ({path})", _tail(path)) from error
                except FarmError as error:
                    print(error, file=told)
                    why = f"it could not be tried: {str(error).splitlines()[0]}"
                else:
                    seconds = round(time.monotonic() - began, 1)
                    content = content_of(upgraded, wanted, live)
                    record = _record(trial, content, path.name, seconds)
                    print(f"upgrade: {_told(record)}", file=log, flush=True)
                    return upgraded, record
                finally:
                    self._forget_old_logs()
        if why and self.policy == "always":
            raise InfrastructureError(f"the upgrade has to be tried before publishing, but {why}")
        why = why or "nothing was published before"
        record = UpgradeRecord(outcome="skipped", why=why)
        print(f"upgrade: {_told(record)}", file=log, flush=True)
        return verdict, record

    def _machines(self, log: TextIO) -> Machines:
        if self.distribution is None or self.roots is None:
            raise InfrastructureError(self.obstacle())
        # Only the modules of the one family are loaded.
        if self.distribution.family is Family.DEB:
            from repo_publish.upgrade.deb import DebMachines

            return DebMachines(self.distribution, self.roots, log)
        from repo_publish.upgrade.rpm import RpmMachines

        return RpmMachines(self.distribution, self.roots, log)

    def _forget_old_logs(self) -> None:
        for old in sorted(self.logs.glob("*.log"))[:-KEPT_LOGS]:
            old.unlink()


def _told(record: UpgradeRecord) -> str:
    if record.outcome == "skipped":
        return f"not tried: {record.why}"
    runs = "once" if record.runs == 1 else f"{record.runs} times"
    return (
        f"{len(record.packages)} packages with {record.others} that depend on them, tried "
        f"{runs} in {record.seconds:.1f} s"
    )


def _record(trial: Trial, content: Mapping[str, Build], log: str, seconds: float) -> UpgradeRecord:
    if not trial.runs:
        return UpgradeRecord(outcome="skipped", why="nothing that was published before changes")
    selection = trial.selection(content)
    before = {package.name: package.version for package in selection.packages}
    packages = tuple(
        f"{name} {before[name]} → {version}"
        for name, version in sorted(selection.newer.items())
        if name in before
    )
    notes = []
    if trial.unfit:
        notes.append(f"cannot be installed on a clean machine: {', '.join(trial.unfit)}")
    if selection.left_out:
        notes.append(f"{selection.left_out} dependents were left out")
    return UpgradeRecord(
        outcome="passed",
        why="; ".join(notes),
        packages=packages,
        others=len(selection.packages) - len(packages),
        runs=trial.runs,
        seconds=seconds,
        log=log,
    )


def _tail(path: Path) -> list[str]:
    return path.read_text().splitlines()[-_TAIL_LINES:]
