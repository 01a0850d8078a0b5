"""The components of a workspace: what of components.yml matters on this machine, read quickly.

Reading YAML and checking it takes a second for a large stack, so the result is kept as JSON beside
the signature of what it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.workspace.errors import UnknownComponent, WorkspaceError
from farm.workspace.files import read_json, write_json
from farm.workspace.layout import Layout
from farm.workspace.settings import Settings

if TYPE_CHECKING:
    from farm.model import Stack

FORMAT = 1
"""Raised when what is kept changes its form."""


@dataclass(frozen=True)
class Entry:
    """One component, as a workspace needs it."""

    name: str
    git: str
    directory: str = "."
    branch: str = ""
    """Empty: the repository's default branch."""
    depends: tuple[str, ...] = ()
    commands: dict[str, str] = field(default_factory=dict)
    """The commands that the components file gives, by step."""
    configure_arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    """Packages of this machine's distro that it is built with."""

    @property
    def repository(self) -> tuple[str, str]:
        """Components with the same value share a checkout."""
        return self.git, self.branch


Entries = Mapping[str, Entry]


def entries_of(stack: Stack, distro: str, family: str) -> dict[str, Entry]:
    """The entries of a stack, on a machine of that distro (or, with no distro, that family)."""
    chosen = stack.distros.get(distro)
    return {
        name: Entry(
            name=name,
            git=one.git,
            directory=one.directory,
            branch=one.branch or "",
            depends=tuple(sorted(one.depends)),
            commands=one.commands.model_dump(exclude_none=True),
            configure_arguments=one.configure_arguments,
            packages=one.packages_for(chosen) if chosen else one.packages.get(family, ()),
        )
        for name, one in sorted(stack.components.items())
    }


def components_file(layout: Layout, settings: Settings) -> Path:
    """The components file on this machine."""
    return layout.downloaded if settings.is_url else Path(settings.source)


def load_entries(layout: Layout, settings: Settings) -> dict[str, Entry]:
    """The components of a workspace.

    :raises ConfigError: the components file has mistakes.
    :raises WorkspaceError: there is no components file any more.
    """
    file = components_file(layout, settings)
    signature = _signature(file, settings)
    kept = read_json(layout.catalogue)
    if isinstance(kept, dict) and kept.get("signature") == signature:
        return {name: _entry(fields) for name, fields in kept["entries"].items()}
    from farm.model.load import load_stack

    entries = entries_of(load_stack(file, settings.variables), settings.distro, settings.family)
    write_json(
        layout.catalogue,
        {"signature": signature, "entries": {n: asdict(e) for n, e in entries.items()}},
    )
    return entries


def _signature(file: Path, settings: Settings) -> list[Any]:
    try:
        stat = file.stat()
    except OSError as error:
        raise WorkspaceError(
            f"the components file {file} cannot be read: {error.strerror}; if it moved, "
            "run `farm init NEW_PLACE` again here"
        ) from error
    return [
        FORMAT,
        str(file),
        [stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino],
        sorted(map(list, settings.variables.items())),
        settings.distro,
        settings.family,
    ]


def _entry(fields: dict[str, Any]) -> Entry:
    for name in ("depends", "configure_arguments", "packages"):
        fields[name] = tuple(fields[name])
    return Entry(**fields)


def require(entries: Entries, names: Iterable[str]) -> list[str]:
    """The names themselves, each once.

    :raises UnknownComponent: one is not in the components file; the message suggests one that is.
    """
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in entries:
            raise UnknownComponent(name, entries)
    return wanted


def with_dependencies(entries: Entries, names: Iterable[str]) -> set[str]:
    """The components and everything they are built with, directly or through others."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += entries[name].depends
    return found


def with_dependents(entries: Entries, names: Iterable[str]) -> set[str]:
    """The components and everything that is built with them, directly or through others."""
    users: dict[str, list[str]] = {}
    for entry in entries.values():
        for needed in entry.depends:
            users.setdefault(needed, []).append(entry.name)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += users.get(name, ())
    return found


def in_order(entries: Entries, names: Iterable[str]) -> list[str]:
    """The components, each after those of them that it is built with."""
    chosen = set(names)
    graph = {name: [d for d in entries[name].depends if d in chosen] for name in sorted(chosen)}
    return list(TopologicalSorter(graph).static_order())
