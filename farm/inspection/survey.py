"""Everything that a checked-out repository tells about a component, before any stack is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from farm.buildsystem import BuildSystem, recognise
from farm.inspection.metadata import (
    Metadata,
    control_text,
    debian_build_depends,
    metadata_of,
    own_spec,
    spec_build_requires,
)
from farm.inspection.requirements import provided_modules, required_modules
from farm.licences import Licence, declared, identify, is_expression
from farm.model import Family
from farm.style.project import Project, read_project


@dataclass(frozen=True)
class Survey:
    """What is known of a component from its own files."""

    name: str
    system: BuildSystem
    metadata: Metadata
    licence: Licence
    modules: tuple[str, ...] = ()
    """pkg-config modules that it asks for."""
    provides: tuple[str, ...] = ()
    build_depends: dict[Family, tuple[str, ...]] = field(default_factory=dict)
    """What its own packaging names, by family; no entry where it has none."""
    version: str = ""
    """Of its newest version tag."""
    submodules: tuple[str, ...] = ()


def survey(tree: Path, name: str, version: str | None = None) -> Survey:
    """Read a component's directory.

    :param version: its newest version, where the directory's git does not know (a shallow clone).
    :raises FarmError: it cannot be read.
    """
    project = read_project(tree, name)
    metadata = metadata_of(tree)
    control, spec = control_text(tree), own_spec(tree)
    depends = {}
    if control:
        depends[Family.DEB] = debian_build_depends(control)
    if spec:
        depends[Family.RPM] = spec_build_requires(spec)
    return Survey(
        name=name,
        system=recognise(tree),
        metadata=metadata,
        licence=licence_of(project, metadata.licence),
        modules=required_modules(tree),
        provides=provided_modules(tree),
        build_depends=depends,
        version=project.version if version is None else version,
        submodules=project.submodules,
    )


def licence_of(project: Project, said: str = "") -> Licence:
    """The licence of a component: as it states it, as its metadata does, else as its texts read.

    :param said: the licence in its packaging or project file, if it is an SPDX expression.
    """
    readme = project.texts.get(project.readme, "")
    stated = next((d for text in (readme, *project.licences.values()) if (d := declared(text))), "")
    if stated:
        return Licence(stated)
    if is_expression(said):
        return Licence(said)
    found = identify(project.licences, (readme, *project.notices))
    if found.expression:
        return found
    in_sources = {declared(notice) for notice in project.notices} - {""}
    return Licence(" AND ".join(sorted(in_sources)), certain=False)


def name_of(url: str) -> str:
    """A component's name from its clone URL: ``https://…/Ogg.git`` → ``ogg``."""
    last = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    return re.sub(r"[^a-z0-9+.-]+", "-", last.lower()).strip("-.+")
