"""The gate's decision on a publication: what is held back, and what it was checked with."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm.model import Distro, Family
from repo_publish.content import Content
from repo_publish.gate import deb_packages, rpm_packages
from repo_publish.gate.closure import needed_names
from repo_publish.gate.deb import DebCheck
from repo_publish.gate.deb_background import deb_background
from repo_publish.gate.indices import Indices
from repo_publish.gate.own import names_of, own_relations
from repo_publish.gate.packages import Broken, Build, Package
from repo_publish.gate.reading import Reader
from repo_publish.gate.record import GateRecord
from repo_publish.gate.rpm import RpmCheck
from repo_publish.gate.rpm_background import rpm_background
from repo_publish.gate.search import Check, Verdict, hold_back
from repo_publish.live import Kept
from repo_publish.upgrade.run import UpgradeTest

_SHOWN = 10

COMPARE = {Family.DEB: deb_packages.compare, Family.RPM: rpm_packages.compare}


@dataclass(frozen=True)
class Decision:
    """What the gate says of a publication."""

    held_back: dict[str, str]
    """Component to the reason."""
    record: GateRecord


class Gate:
    """The gate of one publication.

    :param distribution: whose packages are there beside the farm's own; None: unknown, and only
        relations among the farm's own packages are looked at.
    :param cache: where the distribution's indices are kept.
    :param upgrade: tries to upgrade from the live content.
    :param work: an empty directory.
    """

    def __init__(
        self,
        family: Family,
        architecture: str,
        distribution: Distro | None,
        cache: Path,
        upgrade: UpgradeTest,
        work: Path,
        log: TextIO,
    ):
        self._family = family
        self._architecture = architecture
        self._distribution = distribution
        self._cache = cache
        self._upgrade = upgrade
        self._work = work
        self._log = log

    def decide(
        self,
        wanted: Sequence[Content],
        live: Iterable[Content],
        snapshots: Iterable[Kept],
    ) -> Decision:
        """Say what of `wanted` cannot be published.

        :param live: the content of the live snapshot.
        :param snapshots: where contents may come from, beside the pool.
        :raises PublishError: a package cannot be read, or upgrading to it fails.
        :raises InfrastructureError: nothing can be found out of the distribution's packages.
        """
        reader = Reader(self._family, [kept.tree for kept in snapshots], self._log)
        before = reader.builds(live)
        builds = {
            name: before[name] if before.get(name) == build else build
            for name, build in reader.builds(wanted).items()
        }
        began = time.monotonic()
        check, record = self._check(builds, before)

        def consistent(given: Mapping[str, str]) -> Verdict:
            return hold_back(builds, before, check, COMPARE[self._family], given)

        verdict = consistent({})
        took = time.monotonic() - began
        count = sum(map(len, builds.values()))
        self._say(
            f"gate: {count} packages checked {verdict.questions} times in {took:.1f} s; "
            f"{len(verdict.held_back)} components held back"
        )
        self._tell_broken(verdict.broken)
        verdict, upgrade = self._upgrade.run(
            verdict, builds, before, reader.files, consistent, self._work / "upgrade", self._log
        )
        broken = tuple(f"{one.package} of {one.component}: {one.why}" for one in verdict.broken)
        found = {"broken": broken, "upgrade": upgrade}
        return Decision(verdict.held_back, record.model_copy(update=found))

    def _check(
        self, wanted: Mapping[str, Build], live: Mapping[str, Build]
    ) -> tuple[Check, GateRecord]:
        distribution, note = self._distribution, ""
        if distribution is None:
            note = "the publication names no distribution"
        elif distribution.root.mock:
            note = f"the mock configuration {distribution.root.mock} is the workers' to read"
        if distribution is None or note:
            self._say(f"warning: the gate looks at the farm's own packages alone: {note}")
            check = own_relations(names_of(wanted, live), COMPARE[self._family])
            return check, GateRecord(note=note)
        packages = [p for side in (wanted, live) for build in side.values() for p in build]
        ask = self._deb if self._family is Family.DEB else self._rpm
        check, indices = ask(distribution, packages)
        return check, GateRecord(
            distribution=distribution,
            note=indices.trouble,
            indices=indices.digest,
            indices_time=indices.fetched,
        )

    def _deb(self, distribution: Distro, packages: list[Package]) -> tuple[Check, Indices]:
        names = {name for package in packages for name in needed_names(package.record)}
        background, indices = deb_background(distribution, names, self._cache, self._log)
        return DebCheck(background, self._architecture, self._work), indices

    def _rpm(self, distribution: Distro, packages: list[Package]) -> tuple[Check, Indices]:
        background, indices = rpm_background(distribution, self._cache, self._work, self._log)
        return RpmCheck(packages, background, self._architecture, self._work), indices

    def _tell_broken(self, broken: tuple[Broken, ...]) -> None:
        if not broken:
            return
        self._say("warning: published before, and not installable now:")
        for one in broken[:_SHOWN]:
            self._say(f"  {one.package} of {one.component}: {one.why}")
        if len(broken) > _SHOWN:
            self._say(f"  and {len(broken) - _SHOWN} more")

    def _say(self, message: str) -> None:
        print(message, file=self._log, flush=True)
