"""What of a publication gets into the archive: builds that keep its promises, and fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm.model import Family
from repo_publish import debs, rpms, rules
from repo_publish.content import Content, collect
from repo_publish.errors import ComponentsRefused, PublishError
from repo_publish.gate.decision import Decision, Gate
from repo_publish.gate.record import GateRecord
from repo_publish.line import Line
from repo_publish.live import Kept, Live
from repo_publish.manifest import Manifest, ManifestComponent
from repo_publish.model import Publication, Published
from repo_publish.upgrade.run import UpgradeTest

_COMPARE = {Family.DEB: debs.compare_versions, Family.RPM: rpms.compare_versions}


@dataclass(frozen=True)
class Supply:
    """Where builds come from, and what is asked about them."""

    pool: Path | None
    others: tuple[Kept, ...]
    """Further snapshots that builds are taken from before the pool is asked."""
    cache: Path
    """For the indices of distributions."""
    roots: Path | None
    """Cache of clean roots, for trying upgrades; None: there is none."""
    whole: bool
    """Nothing may be held back."""


class Admission:
    """One publication on its way into the archive; `publication` is what is left of it so far."""

    def __init__(
        self, publication: Publication, line: Line, live: Live | None, supply: Supply, log: TextIO
    ):
        self.publication = publication
        self.held_back: dict[str, str] = {}
        """Component to the reason why its build is not published."""
        self.refused: list[str] = []
        """What is wrong with builds that nobody should have wanted."""
        self.gate: GateRecord | None = live.manifest.gate if live else None
        self._line = line
        self._live = live
        self._supply = supply
        self._log = log

    def hold(self, held_back: Mapping[str, str]) -> None:
        """Go on with the live builds of these components, or without where there is none.

        :raises PublishError: it is all or nothing.
        """
        if self._supply.whole:
            self._refuse([f"{name} would be held back: {why}" for name, why in held_back.items()])
        for component, reason in held_back.items():
            self._say(f"{component} is held back: {reason}")
        self.held_back |= held_back
        live = self._live.manifest.components if self._live else ()
        there = {build.component: build for build in live}
        packages = [p for p in self.publication.packages if p.component not in held_back]
        packages += [_again(there[name]) for name in held_back if name in there]
        self.publication = self.publication.model_copy(update={"packages": tuple(packages)})

    def admit(self) -> list[Content]:
        """The builds that are published: what breaks a promise or an installation is held back.

        :raises PublishError: something breaks a promise, and there is nothing else to publish.
        :raises InfrastructureError: the gate knows nothing of the distribution.
        """
        contents = self._unobjectionable()
        decision = self._decide(contents)
        self.gate = decision.record
        if decision.held_back:
            self.hold(decision.held_back)
            contents = self._unobjectionable()
        return contents

    def admit_all(self) -> list[Content]:
        """Every build, as it was admitted before.

        :raises PublishError: one cannot be found, or two have the same package.
        """
        contents = self._collect()
        self._refuse(_told(rules.ownership_problems(contents, self._live_manifest())))
        return contents

    def refuse_if_idle(self) -> None:
        """When nothing is left to publish: say what is wrong instead of doing nothing quietly.

        :raises PublishError: something is.
        """
        self._refuse(self.refused)

    def _unobjectionable(self) -> list[Content]:
        """The builds, without those that break a promise: until there is none, as what is held
        back may get in the way of others."""
        while True:
            try:
                contents = self._collect()
                problems = self._objections(contents)
            except ComponentsRefused as error:
                problems = error.by_component
            if not problems:
                return contents
            self.refused += _told(problems)
            if not self._supply.whole and problems.keys() <= self._fresh():
                self.hold({name: "; ".join(these) for name, these in problems.items()})
            else:
                self._refuse(self.refused)

    def _collect(self) -> list[Content]:
        return collect(
            self.publication,
            pool=self._supply.pool,
            live=self._live,
            others=self._supply.others,
        )

    def _fresh(self) -> set[str]:
        """Components of which another build than the live one is wanted still."""
        manifest = self._live_manifest()
        live = {build.component: build.key for build in manifest.components} if manifest else {}
        return {p.component for p in self.publication.packages if live.get(p.component) != p.key}

    def _objections(self, contents: Sequence[Content]) -> rules.Problems:
        live = self._live_manifest()
        compare = _COMPARE[self.publication.family]
        return rules.merged(
            rules.source_problems(contents),
            rules.ownership_problems(contents, live),
            rules.version_problems(self._line, contents, live, compare),
            rules.reuse_problems(self._line, contents, live),
        )

    def _decide(self, contents: Sequence[Content]) -> Decision:
        publication = self.publication
        live = _live_content(self._live, contents) if self._live else []
        snapshots = [*([self._live] if self._live else []), *self._supply.others]
        with self._line.scratch() as work:
            gate = Gate(
                publication.family,
                publication.architecture,
                publication.distribution,
                self._supply.cache.absolute(),
                UpgradeTest(
                    publication.upgrade_test,
                    publication.distribution,
                    self._supply.roots,
                    self._line.state / "upgrade-tests",
                ),
                work,
                self._log,
            )
            return gate.decide(contents, live, snapshots)

    def _live_manifest(self) -> Manifest | None:
        return self._live.manifest if self._live else None

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise PublishError(f"{self._line} is not published", problems)

    def _say(self, message: str) -> None:
        print(f"{self._line}: {message}", file=self._log, flush=True)


def publication_of(manifest: Manifest) -> Publication:
    """The content of a snapshot, as something to publish."""
    return Publication(
        channel=manifest.channel,
        distro=manifest.distro,
        family=manifest.family,
        architecture=manifest.architecture,
        title=manifest.title,
        distribution=manifest.gate.distribution if manifest.gate else None,
        packages=tuple(_again(build) for build in manifest.components),
    )


def _again(build: ManifestComponent) -> Published:
    return Published(
        component=build.component, key=build.key, commit=build.commit, reason=build.reason
    )


def _live_content(live: Live, contents: Sequence[Content]) -> list[Content]:
    """The content of the live snapshot; what stays in `contents` is not collected again."""
    stays = {content.published.component: content for content in contents if not content.new}
    before = publication_of(live.manifest)
    goes = tuple(p for p in before.packages if p.component not in stays)
    rest = collect(before.model_copy(update={"packages": goes}), pool=None, live=live)
    return [*stays.values(), *rest]


def _told(problems: rules.Problems) -> list[str]:
    return [f"{name}: {problem}" for name, these in problems.items() for problem in these]
