"""A component's entry in components.yml, from what its repository tells: pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.buildsystem import Kind
from farm.inspection.survey import Survey
from farm.model import Family, Stack

_DEVELOPMENT = re.compile(r"-(?:dev|devel)$")
_CAPABILITY = re.compile(r"pkgconfig\(([^)]+)\)")
_PKG_CONFIG = {Family.DEB: "pkgconf", Family.RPM: "pkgconf-pkg-config"}


@dataclass(frozen=True)
class Proposal:
    """An entry, and what a person has to look after."""

    entry: dict[str, Any]
    """The fields in the order in which they are written."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What is known of the stack and the distributions around it."""

    components: Collection[str] = ()
    provided: Mapping[str, str] | None = None
    """pkg-config module to the component that provides it, as far as checkouts show."""
    distro_package: Callable[[str], str] = lambda module: ""
    """The Debian package of a pkg-config module, empty when nobody knows."""


def propose(
    survey: Survey, git: str, known: Known, families: Iterable[Family], *, directory: str = "."
) -> Proposal:
    """The entry for a component.

    Build dependencies that components of the stack provide become ``depends``; the others become
    ``packages`` of the families for which the component brings no packaging of its own.

    :param families: those that the stack builds for.
    """
    notes: list[str] = []
    entry: dict[str, Any] = {"git": git}
    if directory != ".":
        entry["directory"] = directory
    if not survey.version:
        notes.append("version: no tag names one, so packages count from 0; tag a release")
    _describe(survey, entry, notes)
    depends = depends_of(survey, known)
    if depends:
        entry["depends"] = list(depends)
    packages = _packages(survey, known, families, notes)
    if packages:
        entry["packages"] = packages
    _judge_build(survey, notes)
    return Proposal(entry, tuple(notes))


def depends_of(survey: Survey, known: Known) -> tuple[str, ...]:
    """The components of the stack that a component is built with, sorted."""
    named = [name for names in survey.build_depends.values() for name in names]
    found = {_component(module, known) for module in survey.modules}
    found |= {_component(_module_or_stem(name), known) for name in named}
    return tuple(sorted(found - {"", survey.name}))


def _describe(survey: Survey, entry: dict[str, Any], notes: list[str]) -> None:
    said = survey.metadata
    if said.summary:
        entry["summary"] = re.sub(r"^(?:an?|the)\s+", "", said.summary, flags=re.I).rstrip(".")
        if said.source:
            notes.append(f"summary: a guess from {said.source}")
    else:
        notes.append("summary: not found; say in one line what it is")
    if said.description and not said.source:
        entry["description"] = said.description
    licence = survey.licence
    if licence.expression:
        entry["licence"] = licence.expression
        if not licence.certain:
            notes.append(f"licence: reads like {licence.expression}, and is not quite clear")
    else:
        notes.append("licence: not recognised; give its SPDX expression")
    if re.match(r"https?://\S+$", said.homepage):
        entry["homepage"] = said.homepage


def _packages(
    survey: Survey, known: Known, families: Iterable[Family], notes: list[str]
) -> dict[str, list[str]]:
    foreign = [module for module in survey.modules if not _component(module, known)]
    packages: dict[str, list[str]] = {}
    for family in families:
        if family in survey.build_depends:
            notes.append(f"{_OWN[family]}: it brings its own, with the build dependencies in it")
            continue
        found: list[str] = []
        missing: list[str] = []
        for module in foreign:
            package = (
                f"pkgconfig({module})" if family is Family.RPM else known.distro_package(module)
            )
            (found if package else missing).append(package or module)
        if missing:
            notes.append(
                f"packages.{family}: the package that brings {', '.join(missing)} (pkg-config)"
            )
        if named := _named_elsewhere(survey, known, foreign):
            notes.append(f"packages.{family}: what its other packaging calls {', '.join(named)}")
        if survey.modules:
            packages[family.value] = [_PKG_CONFIG[family], *dict.fromkeys(found)]
    return packages


def _named_elsewhere(survey: Survey, known: Known, modules: Iterable[str]) -> list[str]:
    """Build dependencies of another family's packaging that are neither components nor modules."""
    spoken_for = {re.sub(r"^lib|[-\d.]", "", module) for module in modules}
    return [
        name
        for names in survey.build_depends.values()
        for name in names
        if not _component(_module_or_stem(name), known)
        and re.sub(r"^lib|[-\d.]", "", _module_or_stem(name)) not in spoken_for
        and name not in _PKG_CONFIG.values()
    ]


def _judge_build(survey: Survey, notes: list[str]) -> None:
    if survey.system.kind is Kind.UNKNOWN:
        notes.append(
            "commands: the build system is not recognised; name configure, build, test and install"
        )
    elif not survey.system.test:
        notes.append("commands.test: no tests were found")
    if survey.submodules:
        notes.append(f"submodules are not fetched: {', '.join(survey.submodules)}")


_OWN = {Family.DEB: "debian/", Family.RPM: "spec"}


def _component(module: str, known: Known) -> str:
    """The component that provides a pkg-config module, judged by checkouts, then by its name."""
    if known.provided and module in known.provided:
        return known.provided[module]
    plain = module.lower()
    stem = re.sub(r"[-_]?\d[\d.]*$", "", plain)
    names = (plain, stem, f"lib{plain}", f"lib{stem}")
    bare = (n.removeprefix("lib") for n in (plain, stem))
    return next((name for name in (*names, *bare) if name in known.components), "")


def _module_or_stem(package: str) -> str:
    """What a build dependency stands for: ``pkgconfig(ogg)``: ogg, ``libogg-dev``: libogg."""
    capability = _CAPABILITY.match(package)
    return capability[1] if capability else _DEVELOPMENT.sub("", package)


def twin_of(stack: Stack, git: str, directory: str) -> str:
    """The component of the stack that is built from the same place, empty without one."""

    def plain(url: str) -> str:
        return url.rstrip("/").removesuffix(".git")

    return next(
        (
            component.name
            for component in stack.components.values()
            if plain(component.git) == plain(git) and component.directory == directory
        ),
        "",
    )
