"""One build, by its key: what went into it, every attempt at it, and why it was made."""

from __future__ import annotations

from farm.plan.report import build_history, outcome_of, package_version
from farm.records.store import BuildRow
from www.api.answers.failures import by_chance, found_error
from www.api.answers.known import Known
from www.api.model import AttemptPage, BuildPage, UsedBuild
from www.api.problem import not_found

MANY = 5


def build_row(known: Known, key: str) -> BuildRow:
    """The build whose key begins with these digits.

    :raises Problem: there is none, or several.
    """
    records = known.farm.records
    found = [key] if key in records.builds else records.keys_like(key)
    if not found:
        raise not_found(f"there is no build whose key begins with {key}")
    if len(found) > 1:
        few = ", ".join(sorted(found)[:MANY])
        raise not_found(f"{len(found)} keys begin with {key}: give more digits ({few} …)")
    return records.builds[found[0]]


def build(known: Known, row: BuildRow, page: str | None) -> BuildPage:
    """All that is on record of a build.

    :param page: where the web UI shows it.
    """
    records = known.farm.records
    running = outcome_of(row) == "building"
    uses = {name: records.builds.get(key) for name, key in sorted(row.uses.items())}
    return BuildPage(
        key=row.key,
        component=row.component,
        distro=row.distro,
        channel=row.channel,
        generation=row.generation,
        outcome=outcome_of(row),
        version=package_version(row),
        commit=row.inputs["commit"],
        reasons=_reasons(known, row),
        phase=row.phase,
        message=row.message,
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        duration_s=None if running else row.duration_s,
        output_digest=row.output_digest,
        inputs=dict(row.inputs),
        uses=[
            UsedBuild(
                component=name,
                key=row.uses[name],
                version=package_version(used) if used else "",
            )
            for name, used in uses.items()
        ],
        attempts=[
            AttemptPage(**{k: v for k, v in vars(one).items() if k != "key"})
            for one in records.attempts_of(row.key)
        ],
        page=page,
        failure=found_error(known, row),
        passed_later=_passed_later(known, row),
    )


def _passed_later(known: Known, row: BuildRow) -> str:
    rows = known.farm.records.builds_of(row.channel, row.distro, row.component)
    found = (one.passed_key for one in by_chance(rows) if one.failed_key == row.key)
    return next(found, "")


def _reasons(known: Known, row: BuildRow) -> list[str]:
    """With what else the records know of them."""
    records = known.farm.records
    rows = records.builds_of(row.channel, row.distro, row.component)
    at = next((n for n, one in enumerate(rows) if one.key == row.key), None)
    if at is None:
        return list(row.reasons)
    forces = records.forces_of(row.channel, row.distro, row.component)
    (report, *_) = build_history(records.builds, rows[at : at + 2], "", forces)
    return list(report.reasons)
