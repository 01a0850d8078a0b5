"""The last versions of packages that a line has no more: should they return, then not with less."""

from __future__ import annotations

import json

from repo_publish.files import write_durably
from repo_publish.line import Line
from repo_publish.manifest import Manifest, ManifestFile

FILE = "retired.json"

Identity = tuple[str, str]
"""Kind and name of a package."""


def identity(file: ManifestFile) -> Identity:
    """Which package a file is a version of."""
    return file.kind, file.package


def retired_versions(line: Line) -> dict[Identity, str]:
    """The version that each package had which the line has no more."""
    try:
        said = json.loads((line.state / FILE).read_text())
    except FileNotFoundError:
        return {}
    return {(kind, name): version for kind, packages in said.items() for name, version in packages}


def retire(line: Line, live: Manifest, following: Manifest) -> None:
    """Write down what the following snapshot has no more. Needs the line's lock.

    To be called before it becomes the live one; if it never does, nothing wrong is said.
    """
    stays = {identity(file) for file in following.files().values()}
    before = retired_versions(line)
    leaving = {identity(f): f.version for f in live.files().values() if identity(f) not in stays}
    now = {one: version for one, version in before.items() if one not in stays} | leaving
    if now != before:
        kinds = sorted({kind for kind, _ in now})
        said = {
            kind: sorted((name, version) for (of, name), version in now.items() if of == kind)
            for kind in kinds
        }
        write_durably(line.state / FILE, json.dumps(said, indent=1))
