"""Removing the snapshots that nothing needs any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from repo_publish.disposal import dispose
from repo_publish.failures import explained
from repo_publish.files import sync_file
from repo_publish.line import Line, lines
from repo_publish.live import Kept, kept
from repo_publish.names import remember_names
from repo_publish.overview import write_overview
from repo_publish.releases import releases
from repo_publish.retention import Age, References, Rules, kept_because, references


@dataclass(frozen=True)
class LinePlan:
    """What is to become of a line's snapshots."""

    line: Line
    stay: Mapping[int, str]
    """Number -> why."""
    go: tuple[Kept, ...]


@dataclass(frozen=True)
class Archive:
    """Everything that an archive has, read at once."""

    directory: Path
    snapshots: Mapping[Line, Sequence[Kept]]
    releases: Sequence[Kept]

    @property
    def everything(self) -> list[Kept]:
        """All snapshots and releases."""
        return [one for several in self.snapshots.values() for one in several] + [*self.releases]


def read_archive(directory: Path) -> Archive:
    """Read every manifest of an archive.

    :raises PublishError: one is damaged: then nobody can tell what it refers to.
    """
    directory = directory.absolute()
    snapshots = {
        line: [kept(line, number) for number in line.numbers()] for line in lines(directory)
    }
    released = [Kept(one.manifest, one.tree) for one in releases(directory)]
    return Archive(directory, snapshots, released)


def plan_lines(
    archive: Archive, rules: Rules, protected: References, now: float
) -> tuple[LinePlan, ...]:
    """Decide which snapshots go.

    :param protected: snapshots that something outside the archive refers to.
    """
    live = {(line.channel, line.distro): line.live() or 0 for line in archive.snapshots}
    found = {**references((one.manifest for one in archive.everything), live), **protected}
    plans = []
    for line, snapshots in archive.snapshots.items():
        ages = [Age(one.manifest.number, one.manifest.timestamp) for one in snapshots]
        name = (line.channel, line.distro)
        referred = {number: what for (*of, number), what in found.items() if tuple(of) == name}
        stay = kept_because(ages, line.live(), rules, referred, now)
        go = tuple(one for one in snapshots if one.manifest.number not in stay)
        plans.append(LinePlan(line, stay, go))
    return tuple(plans)


def prune_line(plan: LinePlan, log: TextIO) -> None:
    """Remove what `plan` says, the oldest snapshot first; waits for a publisher of the line.

    The names of their files stay known, so that none is ever used again for other bytes. A killed
    run leaves whole snapshots, and nothing that the next publication does not sweep away.

    :raises InfrastructureError: the archive cannot be written.
    """
    line = plan.line
    with explained(line), line.lock(log):
        line.sweep()
        for snapshot in plan.go:
            number = snapshot.manifest.number
            if number == line.live() or not snapshot.tree.is_dir():
                continue
            remember_names(line, snapshot.manifest.files().values())
            dispose(snapshot.tree, line.state)
            sync_file(line.snapshots)
            print(f"{line}: snapshot {number} is removed", file=log, flush=True)
        if plan.go:
            write_overview(line)
