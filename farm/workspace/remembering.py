"""Writing down what `farm.workspace.quick` answers from."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from farm.workspace.assessment import Assessor
from farm.workspace.entries import components_file
from farm.workspace.environment import FLAGS
from farm.workspace.files import read_json, write_json
from farm.workspace.packages import DATABASES
from farm.workspace.quick import FORMAT, context, signature_of
from farm.workspace.sweep import Sweep, digest_of
from farm.workspace.workspace import Workspace

VARIABLES = (*FLAGS, "PATH")


def remember(workspace: Workspace, assessor: Assessor, names: Collection[str], built: bool) -> None:
    """Write down what the components' being up to date depends on.

    Called when all of them are. A component whose source changed since it was looked at, or so
    short ago that a stat cannot tell, is left out: the next command looks at it properly.

    :param built: something was built, so what is known of other components may be outdated.
    """
    before = read_json(workspace.layout.quick)
    known: dict[str, Any] = {}
    general = [_relative(workspace, path) for path in _general(workspace, assessor)]
    head = {
        "format": FORMAT,
        "variables": VARIABLES,
        "context": context(workspace.environment, VARIABLES),
        "paths": general,
        "signature": _signature(workspace, general),
    }
    if not built and isinstance(before, dict) and before.get("signature") == head["signature"]:
        known = before["components"]
    for name in names:
        record, sweep = assessor.record(name), assessor.swept(name)
        if record is None or sweep is None or digest_of(sweep.files) != record.inputs.sources:
            continue
        paths = [_relative(workspace, path) for path in _paths(workspace, name, sweep)]
        prefix = workspace.settings.prefix
        installed = [_relative(workspace, f"{prefix}/{path}") for path in record.installed]
        known[name] = {
            "depends": sorted(workspace.from_source(workspace.entries[name].depends)),
            "paths": paths,
            "installed": installed,
            "signature": _signature(workspace, paths, installed),
        }
    checked_out = {n for n, place in workspace.checkouts.items() if place.exists}
    everything = sorted(workspace.from_source(checked_out))
    write_json(workspace.layout.quick, {**head, "all": everything, "components": known})


def _general(workspace: Workspace, assessor: Assessor) -> Iterator[str]:
    """What all components depend on."""
    yield str(workspace.layout.settings)
    yield str(components_file(workspace.layout, workspace.settings))
    yield from DATABASES.get(workspace.settings.family, ())
    yield f"{workspace.layout.root}/"  # a checkout that appears or goes
    yield from sorted(assessor.programs())


def _paths(workspace: Workspace, name: str, sweep: Sweep) -> Iterator[str]:
    source = workspace.source_of(name)
    yield str(workspace.layout.component(name) / "record.json")
    for path in sweep.watched:
        directory = (source / path).is_dir()
        yield os.path.normpath(os.path.join(source, path)) + ("/" if directory else "")
    for path in sweep.files:
        yield f"{source}/{path}"


def _relative(workspace: Workspace, path: str) -> str:
    """Below the workspace relative to it: the kernel then has less to look up."""
    root = f"{workspace.layout.root}/"
    return path.removeprefix(root) or "./"


def _signature(workspace: Workspace, paths: list[str], installed: list[str] | None = None) -> str:
    here = Path.cwd()
    os.chdir(workspace.layout.root)
    try:
        return signature_of(paths, installed or ())
    finally:
        os.chdir(here)
