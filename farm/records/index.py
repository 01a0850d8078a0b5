"""What the planner asks of all builds after every build, kept up to date instead of searched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field

from farm.plan.planner import BuildFact
from farm.records.rows import BUILT, FAILED, RUNNING, BuildRow, LineId, PlaceId


@dataclass
class _Started:
    """The components started in the newest generation of a line."""

    generation: int = 0
    components: set[str] = field(default_factory=set)


class Builds(MutableMapping[str, BuildRow]):
    """Builds by key, with indexes that every assignment renews.

    Nothing is ever deleted: the records keep every build.
    """

    def __init__(self) -> None:
        self._rows: dict[str, BuildRow] = {}
        self.unfinished: dict[str, BuildRow] = {}
        """The rows whose outcome is `RUNNING`."""
        self.facts: dict[str, dict[str, BuildFact]] = defaultdict(dict)
        """Distro to its finished builds by key."""
        self.durations: dict[str, dict[str, float]] = defaultdict(dict)
        """Distro to the seconds that each component's newest successful build took."""
        self.newest: dict[PlaceId, BuildRow] = {}
        """The build asked for last of each component on each line."""
        self._timed: dict[tuple[str, str], float] = {}
        self._started: dict[LineId, _Started] = defaultdict(_Started)
        self._rebuilds: dict[tuple[str, str, str], int] = {}

    def __getitem__(self, key: str) -> BuildRow:
        return self._rows[key]

    def __setitem__(self, key: str, row: BuildRow) -> None:
        self._rows[key] = row
        if row.outcome == RUNNING:
            self.unfinished[key] = row
        else:
            self.unfinished.pop(key, None)
        if row.outcome in (BUILT, FAILED):
            self.facts[row.distro][key] = row.fact
        else:
            self.facts[row.distro].pop(key, None)
        if row.outcome == BUILT:
            self._time(row)
        newest = self.newest.get(row.place)
        if newest is None or _asked(newest) <= _asked(row) or newest.key == key:
            self.newest[row.place] = row
        started = self._started[row.channel, row.distro]
        if row.generation > started.generation:
            started.generation, started.components = row.generation, set()
        if row.generation == started.generation:
            started.components.add(row.component)
        source = (row.component, row.distro, row.upstream_version)
        self._rebuilds[source] = max(self._rebuilds.get(source, -1), row.rebuild)

    def _time(self, row: BuildRow) -> None:
        place = (row.distro, row.component)
        if self._timed.get(place, float("-inf")) <= row.finished_at:
            self._timed[place] = row.finished_at
            self.durations[row.distro][row.component] = row.duration_s

    def __delitem__(self, key: str) -> None:
        raise TypeError("builds stay on record")

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def next_rebuild(self, build: BuildRow) -> int:
        """The rebuild number that no build of the same version on the same distro has."""
        return self._rebuilds.get((build.component, build.distro, build.upstream_version), -1) + 1

    def started_in(self, line: LineId, generation: int) -> frozenset[str]:
        """The components started in a generation; cheap for the newest of the line."""
        started = self._started[line]
        if generation == started.generation:
            return frozenset(started.components)
        wanted = (*line, generation)
        return frozenset(
            row.component
            for row in self._rows.values()
            if (row.channel, row.distro, row.generation) == wanted
        )


def _asked(row: BuildRow) -> tuple[float, str]:
    return row.requested_at, row.key
