"""Failed builds: their first errors, since when they fail, and what failed by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.failure.history import breakage, wavering
from farm.failure.model import KeptFailure, LogPlace
from farm.records.store import FAILED, BuildRow
from www.api.answers.known import Known
from www.api.model.history import Broken, ByChance, FoundError


def found_error(known: Known, row: BuildRow) -> FoundError | None:
    """What was found in the log of a build that failed; None where it did not, or long ago."""
    if row.outcome != FAILED:
        return None
    kept = known.farm.records.failures_of(row.key)
    newest = _newest(kept)
    if newest is None:
        return None
    attempt, found = newest
    failure = found.failure
    return FoundError(
        kind=failure.kind,
        message=failure.message,
        line=failure.line,
        context=list(failure.context),
        context_line=failure.context_line,
        hint=failure.hint,
        tests=list(failure.tests),
        attempt=attempt,
        log=log_page(known, found.place) if found.place else None,
    )


def _newest(kept: Mapping[int, KeptFailure]) -> tuple[int, KeptFailure] | None:
    return max(kept.items(), key=lambda one: one[0]) if kept else None


def log_place(known: Known, row: BuildRow) -> LogPlace | None:
    """Where Buildbot has the log of a build that failed."""
    newest = _newest(known.farm.records.failures_of(row.key))
    return newest[1].place if newest else None


def log_page(known: Known, place: LogPlace) -> str:
    """Buildbot's page of a log."""
    www = known.site.www.public_url
    build = f"{www}#/builders/{place.builder}/builds/{place.build}"
    return f"{build}/steps/{place.step}/logs/stdio"


def broken(rows: Sequence[BuildRow]) -> Broken | None:
    """Since when a component fails on a line.

    :param rows: its builds there, the one asked for last first.
    """
    found = breakage(rows)
    if found is None:
        return None
    good, bad = found.commits
    return Broken(
        good_key=found.good.key if found.good else "",
        good_commit=good,
        bad_key=found.bad.key,
        bad_commit=bad,
        own=found.own,
        failed=found.failed,
        since=found.bad.finished_at,
        reasons=list(found.bad.reasons),
    )


def by_chance(rows: Sequence[BuildRow]) -> list[ByChance]:
    """The builds that failed though a later one of the same inputs did not."""
    return [
        ByChance(
            failed_key=one.failed.key,
            passed_key=one.passed.key,
            at=one.failed.finished_at,
            message=one.failed.message.partition("\n")[0],
        )
        for one in wavering(rows)
    ]
