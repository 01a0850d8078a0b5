"""What dose says of a candidate: whether its packages can be installed, its sources built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from debian.deb822 import PkgRelation
from debian.debian_support import version_compare
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from farm.errors import CommandError, FarmError
from farm.run import clean_environment, run
from repo_publish.gate.closure import Fields, paragraphs
from repo_publish.gate.packages import Broken, Build, Need, Package, Relation

_BROKEN = 1
"""dose's exit status when there are broken packages."""

Owners = Mapping[tuple[str, str], tuple[str, Package]]
"""Kind and name of a package to its component and itself."""


class DebCheck:
    """Asks dose-debcheck and dose-builddebcheck; see `repo_publish.gate.search.Check`.

    A name that the archive and the distribution both have is taken from whoever has the newer
    version, as apt does.

    :param background: the distribution's packages, one version of each.
    :param work: a directory for the questions.
    """

    def __init__(self, background: Sequence[Fields], architecture: str, work: Path):
        self._background = background
        self._architecture = architecture
        self._work = work

    def __call__(self, candidate: Mapping[str, Build]) -> list[Broken]:
        """See `repo_publish.gate.search.Check`.

        :raises FarmError: dose does not understand a package.
        """
        owners: dict[tuple[str, str], tuple[str, Package]] = {
            (p.kind, p.name): (c, p) for c, build in candidate.items() for p in build
        }
        ours = {p.name: p.version for _, p in owners.values() if p.kind == "binary"}
        own = self._write("Own", "binary", owners)
        sources = self._write("Sources", "source", owners)
        others = self._work / "Distribution"
        others.write_text(
            paragraphs(
                one
                for one in self._background
                if version_compare(one["Version"], ours.get(one["Package"], one["Version"])) > 0
                or one["Package"] not in ours
            )
        )
        questions: list[tuple[str | Path, ...]] = [("dose-debcheck", "--fg", own, "--bg", others)]
        if any(kind == "source" for kind, _ in owners):
            questions.append(("dose-builddebcheck", others, own, sources))
        with ThreadPoolExecutor(len(questions)) as both:
            answers = list(both.map(lambda question: self._dose(*question), questions))
        return broken_packages([entry for answer in answers for entry in answer], owners)

    def _write(self, name: str, kind: str, owners: Owners) -> Path:
        path = self._work / name
        records = [package.record for (of, _), (_, package) in owners.items() if of == kind]
        path.write_text(paragraphs(records))
        return path

    def _dose(self, tool: str | Path, *files: str | Path) -> list[Any]:
        options = ["--deb-native-arch", self._architecture, "--explain", "--explain-minimal"]
        argv = [tool, *options, "--failures", *files]
        try:
            said = run("check what can be installed", argv, env=clean_environment())
        except CommandError as error:
            if error.exit_status != _BROKEN or "output-version" not in error.output:
                raise
            said = error.output
        try:
            # Everything is text: the version 1.10 is no number.
            report = YAML(typ="base", pure=True).load(said)
        except YAMLError as error:
            raise FarmError(f"{tool} answered what is not YAML: {error}") from error
        return list(report.get("report") or [])


def broken_packages(report: Iterable[Mapping[str, Any]], owners: Owners) -> list[Broken]:
    """Read dose's report.

    :param owners: of the packages that were asked about.
    """
    found = []
    for entry in report:
        owner = owners[_kind(entry), entry["package"]]
        told = [_reason(owner, reason, owners) for reason in entry["reasons"]]
        # Its own fault first: what else is wrong with it may come from that.
        found.append(next((one for one in told if one.needed_by == owner), told[0]))
    return found


def _reason(owner: tuple[str, Package], reason: Mapping[str, Any], owners: Owners) -> Broken:
    component, package = owner
    if "missing" in reason:
        said = reason["missing"]["pkg"]
        needer = owners.get((_kind(said), said["package"]))
        need = _without_architecture(said["unsat-dependency"])
        why = f"{said['package']} needs {need}, which nothing offers"
        return Broken(component, package, why, _need(need), needer)
    one, other = reason["conflict"]["pkg1"], reason["conflict"]["pkg2"]
    ours = (owners.get((_kind(said), said["package"])) for said in (one, other))
    why = f"{one['package']} {one['version']} conflicts with {other['package']} {other['version']}"
    return Broken(component, package, why, involved=tuple(o[0] for o in ours if o))


def _kind(said: Mapping[str, Any]) -> str:
    return "source" if said.get("type") == "src" else "binary"


def _without_architecture(relation: str) -> str:
    """``libogg0:amd64 (>= 1)`` as the control file has it."""
    return re.sub(r"(?<=[a-z0-9+.-]):[a-z0-9-]+", "", relation)


def _need(text: str) -> Need:
    return tuple(
        Relation(one["name"], *(one.get("version") or ()))
        for group in PkgRelation.parse_relations(text)
        for one in group
    )
