"""Which directory of a workspace holds which components."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.workspace.entries import Entries, Entry
from farm.workspace.files import read_json, write_json
from farm.workspace.layout import STATE, Layout


@dataclass(frozen=True)
class Checkout:
    """One clone of a repository; several components may share it."""

    path: Path
    git: str
    branch: str
    """The branch that the components file names; empty for the repository's default."""
    components: tuple[str, ...]

    @property
    def name(self) -> str:
        """How messages call it: the directory in the workspace."""
        return self.path.name

    @property
    def exists(self) -> bool:
        """Whether anything is at its path."""
        return self.path.exists()


def assign(
    entries: Entries, recorded: Mapping[str, str], reserved: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """The directory name of every checkout, and the components in it.

    A component keeps the directory it was cloned into, also when its repository moves. A new
    checkout is named after its component, or after the repository when several share it.

    :param recorded: component to directory, from earlier clones.
    :param reserved: names in the workspace that are not for checkouts.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for name in sorted(entries):
        groups.setdefault(entries[name].repository, []).append(entries[name])
    result: dict[str, tuple[str, ...]] = {}
    unnamed: list[tuple[str, tuple[str, ...]]] = []
    for (git, _branch), members in groups.items():
        names = tuple(entry.name for entry in members)
        earlier = Counter(recorded[name] for name in names if name in recorded)
        kept = next((place for place, _ in earlier.most_common() if place not in result), None)
        if kept is not None:
            result[kept] = names
        else:
            alone = len(names) == 1 and members[0].directory == "."
            unnamed.append((names[0] if alone else _stem(git, names[0]), names))
    # Of two equal names the alphabetically first component has the plain one.
    taken = {STATE, *reserved, *result}
    for wanted, names in sorted(unnamed, key=lambda one: (one[1] != (one[0],), one)):
        free = next(name for name in _numbered(wanted) if name not in taken)
        taken.add(free)
        result[free] = names
    return result


def load_checkouts(layout: Layout, entries: Entries, prefix: Path) -> dict[str, Checkout]:
    """The checkout of every component, whether it is there yet or not."""
    recorded = read_json(layout.checkouts)
    places = assign(
        entries,
        recorded if isinstance(recorded, dict) else {},
        {prefix.name} if prefix.parent == layout.root else (),
    )
    result: dict[str, Checkout] = {}
    for place, names in places.items():
        first = entries[names[0]]
        checkout = Checkout(layout.root / place, first.git, first.branch, names)
        result.update(dict.fromkeys(names, checkout))
    return result


def record_checkouts(layout: Layout, checkouts: Mapping[str, Checkout]) -> None:
    """Remember the directories that exist, and those of components that are gone."""
    before = read_json(layout.checkouts)
    after = dict(before) if isinstance(before, dict) else {}
    after |= {name: one.name for name, one in checkouts.items() if one.exists}
    if after != before:
        write_json(layout.checkouts, after)


def gone_checkouts(layout: Layout, entries: Entries) -> dict[str, str]:
    """Components that were cloned and are not in the components file any more: name to directory.

    Directories that other components still use are not among them.
    """
    recorded = read_json(layout.checkouts)
    if not isinstance(recorded, dict):
        return {}
    used = {place for name, place in recorded.items() if name in entries}
    return {
        name: place
        for name, place in sorted(recorded.items())
        if name not in entries and place not in used and (layout.root / place).exists()
    }


def _stem(git: str, otherwise: str) -> str:
    last = re.split(r"[/:]", git.rstrip("/"))[-1].removesuffix(".git")
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", last).strip("-.") or otherwise


def _numbered(name: str) -> list[str]:
    return [name, *(f"{name}-{number}" for number in range(2, 10_000))]
