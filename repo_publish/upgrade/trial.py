"""Upgrades from what is live to one candidate or another, until one has nothing wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from farm.build.stream import TimeLimitExceeded
from farm.model import Family
from repo_publish.content import Placed
from repo_publish.errors import PublishError
from repo_publish.gate.closure import needed_names, provided_names
from repo_publish.gate.packages import Build, Package
from repo_publish.gate.search import Verdict
from repo_publish.upgrade.guilty import find_guilty
from repo_publish.upgrade.machine import (
    FOLLOWING,
    LIVE,
    TIMEOUT_S,
    Failure,
    LiveBroken,
    Machines,
)
from repo_publish.upgrade.selection import Names, Selection, select

MAX_TRIES = 10
"""So many upgrades are tried to find out who is at fault."""
MAX_BROKEN = 3
"""So many live packages may be unfit for a clean machine before the test is given up."""
_NAMES: dict[Family, tuple[Names, Names]] = {
    Family.DEB: (
        lambda package: needed_names(package.record),
        lambda package: [package.name, *provided_names(package.record)],
    ),
    Family.RPM: (
        lambda package: [r.name for need in package.relations.requires for r in need],
        lambda package: [name for name, _ in package.relations.provides],
    ),
}
"""What a package needs, and what it offers."""

Consistent = Callable[[Mapping[str, str]], Verdict]
"""The gate's verdict when these components are held back in any case, with the reasons."""


@dataclass
class Trial:
    """Upgrades of one line, from what is live to one candidate or another.

    :param files: every package's file.
    :param work: an empty directory.
    """

    machines: Machines
    live: Mapping[str, Build]
    files: Mapping[Package, Placed]
    work: Path
    runs: int = 0
    _unfit: list[Package] = field(default_factory=list)

    def attempt(self, following: Mapping[str, Build]) -> Failure | None:
        """Try to upgrade to a candidate; None when users would have nothing to complain of.

        :raises FarmError: it cannot be tried.
        """
        while True:
            selection = self.selection(following)
            if not selection.newer:
                return None
            self.runs += 1
            self._write(FOLLOWING, following)
            if not (self.work / LIVE).exists():
                self._write(LIVE, self.live)
            try:
                return self._upgrade(selection)
            except LiveBroken as error:
                unfit = [p for p in selection.packages if p.name == error.failure.package]
                if not unfit or len(self._unfit) >= MAX_BROKEN:
                    raise
                self._unfit += unfit

    def selection(self, following: Mapping[str, Build]) -> Selection:
        """What an upgrade to a candidate is tried with."""
        return select(self.live, following, *_NAMES[self.machines.family], self._unfit)

    @property
    def unfit(self) -> list[str]:
        """Live packages that cannot be installed on a clean machine, and were left out."""
        return sorted(package.name for package in self._unfit)

    def _upgrade(self, selection: Selection) -> Failure | None:
        with self.machines.machine(self.work) as machine:
            there = {package.name for package in machine.install(selection.packages)}
            newer = {name: new for name, new in selection.newer.items() if name in there}
            if not newer:
                return None
            try:
                return machine.upgrade(newer, selection.dropped)
            except TimeLimitExceeded:
                return Failure(f"it takes longer than {TIMEOUT_S} s")

    def _write(self, name: str, content: Mapping[str, Build]) -> None:
        directory = self.work / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        packages = (p for build in content.values() for p in build if p.kind == "binary")
        self.machines.write_repository(directory, {p: self.files[p] for p in packages})


def content_of(
    verdict: Verdict, wanted: Mapping[str, Build], live: Mapping[str, Build]
) -> dict[str, Build]:
    """What is published by a verdict."""
    found = {}
    for name in sorted(wanted.keys() | live.keys()):
        side = live if name in verdict.held_back else wanted
        if name in side:
            found[name] = side[name]
    return found


def through_upgrades(
    trial: Trial,
    verdict: Verdict,
    wanted: Mapping[str, Build],
    consistent: Consistent,
    log: TextIO,
) -> Verdict:
    """The gate's verdict on a wanted content, without those whose upgrade fails.

    :raises PublishError: it fails, and nobody can be told to be at fault.
    """
    failure = trial.attempt(content_of(verdict, wanted, trial.live))
    if failure is None:
        return verdict
    print(f"the upgrade from the live snapshot fails: {failure.why}", file=log, flush=True)
    content = content_of(verdict, wanted, trial.live)
    changed = [
        name for name, build in content.items() if name in trial.live and build != trial.live[name]
    ]
    changed += [name for name in content if name not in trial.live]
    tried: dict[frozenset[str], Failure | None] = {frozenset(verdict.held_back): failure}

    def passes(held: frozenset[str]) -> bool:
        narrower = consistent(dict.fromkeys(held, "?"))
        key = frozenset(narrower.held_back)
        if key not in tried:
            tried[key] = trial.attempt(content_of(narrower, wanted, trial.live))
        return tried[key] is None

    suspects = [n for n in changed for p in content[n] if p.name == failure.package]
    guilty = find_guilty(changed, suspects, passes, MAX_TRIES)
    if guilty is None:
        raise PublishError(
            f"upgrading from the live snapshot fails, and it cannot be told whose fault it is: "
            f"{failure.why}"
        )
    why = f"upgrading from the live packages fails: {failure.why}"
    return consistent(dict.fromkeys(guilty, why))
