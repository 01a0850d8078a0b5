"""How the builds of a component went: durations, phases and tests over time."""

from __future__ import annotations

from collections.abc import Mapping

from farm.failure.history import wavering
from farm.failure.model import Kind
from farm.job.model import BuildResult
from farm.plan.report import BUILDING, outcome_of, package_version
from farm.records.store import BUILT, FAILED, BuildRow, LineId
from www.api.answers.failures import found_error
from www.api.answers.known import Known
from www.api.model.history import BuildRun, ComponentRuns

TEST = "test"


def rows_of(known: Known, name: str, place: LineId, most: int) -> list[BuildRow]:
    """The last builds of a component on a line, the newest first."""
    return known.farm.records.builds_of(*place, name)[:most]


def runs(
    known: Known,
    name: str,
    place: LineId,
    rows: list[BuildRow],
    results: Mapping[str, BuildResult],
) -> ComponentRuns:
    """How those builds went.

    :param results: what the pool says of them, by key.
    """
    chance = {one.failed.key for one in wavering(rows)}
    return ComponentRuns(
        component=name,
        channel=place[0],
        distro=place[1],
        runs=[_run(known, row, results.get(row.key), by_chance=row.key in chance) for row in rows],
    )


def _run(known: Known, row: BuildRow, result: BuildResult | None, *, by_chance: bool) -> BuildRun:
    found = found_error(known, row)
    tests = result.tests if result and row.outcome == BUILT else ""
    if row.outcome == FAILED and (row.phase == TEST or (found and found.kind == Kind.TEST)):
        tests = "failed"
    return BuildRun(
        key=row.key,
        generation=row.generation,
        version=package_version(row),
        at=row.started_at or row.requested_at,
        outcome=outcome_of(row),
        duration_s=None if outcome_of(row) == BUILDING else row.duration_s,
        phases=dict(result.phases) if result else {},
        tests=tests,
        failed_tests=found.tests if found else [],
        by_chance=by_chance,
    )
