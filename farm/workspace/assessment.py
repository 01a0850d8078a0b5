"""How a component stands: what it would be built from now, and what it was built from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from farm.buildsystem import RECIPES, STEPS, BuildSystem, Kind, decides, recognise
from farm.workspace.entries import with_dependencies
from farm.workspace.environment import deciding, tool_identities
from farm.workspace.errors import WorkspaceError
from farm.workspace.files import read_json, write_json
from farm.workspace.packages import package_versions
from farm.workspace.prefix import is_damaged
from farm.workspace.records import (
    ComponentFiles,
    Inputs,
    Record,
    load_record,
    observable,
)
from farm.workspace.redo import compare
from farm.workspace.staleness import reasons
from farm.workspace.sweep import Sweep, digest_of, look, sweep_from_json
from farm.workspace.workspace import Workspace

COMPILERS = ("cc", "c++", "ld", "ar", "make", "pkg-config")
"""Tools that any build may use without naming them."""
SYSTEM_PACKAGES = ("libc6-dev", "glibc-devel")
"""Packages that any build uses without naming them."""


@dataclass(frozen=True)
class Assessment:
    """One component, at one moment."""

    name: str
    reasons: tuple[str, ...]
    """Why it is stale; empty when it is up to date."""
    inputs: Inputs
    sweep: Sweep
    system: BuildSystem
    record: Record | None
    outputs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What its dependencies have in the prefix."""


class NotBuilt(WorkspaceError):
    """A dependency is not built, so nothing can be said of the component."""

    def __init__(self, name: str, dependency: str):
        self.dependency = dependency
        super().__init__(f"{name} is built with {dependency}, which is not built yet")


class Assessor:
    """Assesses the components of a workspace; keeps what does not change while a command runs."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._records: dict[str, Record | None] = {}
        self._sweeps: dict[str, Sweep] = {}
        self._tools: dict[str, str] = {}
        self._packages: dict[str, str] | None = None
        settings = workspace.settings
        self._deciding = deciding(settings.prefix_path, workspace.environment, settings.created)

    def files(self, name: str) -> ComponentFiles:
        """Where the component's state is."""
        return ComponentFiles(self._workspace.layout.component(name))

    def record(self, name: str) -> Record | None:
        """The component's last successful build."""
        if name not in self._records:
            self._records[name] = load_record(self.files(name))
        return self._records[name]

    def swept(self, name: str) -> Sweep | None:
        """The component's source as its stats can be trusted to tell a change; None otherwise.

        What was saved a moment before it was read is read again here.
        """
        sweep = self._sweeps.get(name)
        if sweep is not None and not sweep.is_settled:
            sweep = look(self._workspace.source_of(name), sweep)
        return sweep if sweep is not None and sweep.is_settled else None

    def programs(self) -> set[str]:
        """Where the programs are that builds may use."""
        return {identity.split(" ")[0] for identity in self._tools.values()} - {"missing"}

    def built(self, name: str, record: Record | None) -> None:
        """Take note of a new record."""
        self._records[name] = record

    def assess(self, name: str) -> Assessment:
        """Look at a component whose dependencies are built.

        :raises NotBuilt: one of them is not.
        :raises WorkspaceError: it is not checked out, or how it is built cannot be told.
        """
        workspace, files = self._workspace, self.files(name)
        dependencies, outputs = self._dependencies(name)
        source = workspace.source_of(name)
        if not workspace.checkouts[name].exists:
            raise WorkspaceError(f"{name} is not checked out: farm clone {name}")
        kept = read_json(files.sweep) or {}
        before = sweep_from_json(kept.get("sweep"))
        sweep = look(source, before)
        self._sweeps[name] = sweep
        digest = digest_of(sweep.files)
        system = self._system(name, sweep, kept.get("system"))
        if before is None or vars(before) != vars(sweep) or kept["system"]["key"] != system[1]:
            write_json(files.sweep, {"sweep": sweep.to_json(), "system": _to_json(*system)})
        record = self.record(name)
        inputs = Inputs(
            digest,
            {step: getattr(system[0], step) for step in STEPS},
            self._deciding,
            self._machine(system[0], self._workspace.entries[name].packages),
            dependencies,
        )
        changed: tuple[str, ...] = ()
        if record is not None and record.inputs.sources != digest:
            changed = self._changed(files, sweep)
        damaged = record is not None and is_damaged(workspace.settings.prefix_path, record)
        found = reasons(record, inputs, damaged=damaged, changed=changed)
        return Assessment(name, found, inputs, sweep, system[0], record, outputs)

    def _dependencies(self, name: str) -> tuple[dict[str, str], dict[str, dict[str, list[str]]]]:
        digests: dict[str, str] = {}
        outputs: dict[str, dict[str, list[str]]] = {}
        for needed in sorted(with_dependencies(self._workspace.entries, [name]) - {name}):
            record = self.record(needed)
            if record is None:
                raise NotBuilt(name, needed)
            digests[needed] = record.output
            outputs[needed] = observable(record.installed)
        return digests, outputs

    def _system(self, name: str, sweep: Sweep, kept: Any) -> tuple[BuildSystem, str]:
        """The build system, and what it was recognised from."""
        entry = self._workspace.entries[name]
        key = digest_of(
            {
                "recipes": str(RECIPES),
                "source": digest_of({p: what for p, what in sweep.files.items() if decides(p)}),
                "commands": str(sorted(entry.commands.items())),
                "arguments": str(entry.configure_arguments),
            }
        )
        if isinstance(kept, dict) and kept.get("key") == key:
            return _from_json(kept), key
        found = recognise(self._workspace.source_of(name), entry.configure_arguments)
        system = found.with_lines(entry.commands)
        if system.kind is Kind.UNKNOWN and not (system.build or system.install):
            raise WorkspaceError(
                f"{name}: nothing says how it is built (no configure, Makefile, CMakeLists.txt, "
                "meson.build, dune-project, Cargo.toml or pyproject.toml): give it commands in "
                "components.yml"
            )
        return system, key

    def _machine(self, system: BuildSystem, packages: Iterable[str]) -> dict[str, str]:
        names = dict.fromkeys((*COMPILERS, *system.tools))
        unknown = [name for name in names if name not in self._tools]
        self._tools |= tool_identities(unknown, self._workspace.environment)
        if self._packages is None:
            wanted = {p for entry in self._workspace.entries.values() for p in entry.packages}
            self._packages = package_versions(
                self._workspace.layout, self._workspace.settings.family, wanted | {*SYSTEM_PACKAGES}
            )
        installed = {
            name: self._packages[name]
            for name in (*SYSTEM_PACKAGES, *packages)
            if name in self._packages
        }
        return {**{name: self._tools[name] for name in names}, **installed}

    def _changed(self, files: ComponentFiles, sweep: Sweep) -> tuple[str, ...]:
        from farm.workspace.records import load_evidence

        evidence = load_evidence(files)
        return tuple(sorted(compare(evidence.files, sweep.files))) if evidence else ()


def _to_json(system: BuildSystem, key: str) -> dict[str, Any]:
    return {**vars(system), "kind": system.kind.value, "key": key}


def _from_json(kept: dict[str, Any]) -> BuildSystem:
    lines = {step: kept[step] for step in STEPS}
    return BuildSystem(Kind(kept["kind"]), **lines, tools=tuple(kept["tools"]))
