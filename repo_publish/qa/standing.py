"""How the hand-off of a line stands: who was told, what was reported, what promotion waits for."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from farm.qa import Qa
from repo_publish.line import Line
from repo_publish.qa.delivery import waiting
from repo_publish.qa.promotion import missing_passes
from repo_publish.qa.reports import Report, reports, verdicts
from repo_publish.rendering import minute

SHOWN = 5
"""So many snapshots without reports are shown, the newest."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tested(_Plain):
    """A snapshot, and what was reported of it last."""

    snapshot: int
    live: bool
    reports: tuple[Report, ...]
    missing: dict[str, tuple[str, ...]]
    """Channel that it could be promoted to -> who has not passed it."""


class Told(_Plain):
    """How a hook stands."""

    hook: str
    delivered: int
    waiting: tuple[int, ...]
    attempts: int
    next_try: int
    """Seconds since 1970; 0: at once."""
    error: str


class LineStanding(_Plain):
    """The hand-off of one line."""

    line: str
    snapshots: tuple[Tested, ...]
    """Newest first."""
    hooks: tuple[Told, ...]

    def text(self) -> Iterator[str]:
        """The same for people, line by line."""
        yield self.line
        for one in self.snapshots:
            said = ", ".join(_said(report) for report in one.reports) or "no reports"
            yield f"  snapshot {one.snapshot}{' (live)' if one.live else ''}: {said}"
            for channel, missing in one.missing.items():
                state = f"waits for {', '.join(missing)}" if missing else "all have passed it"
                yield f"    to {channel}: {state}"
        for told in self.hooks:
            yield f"  {told.hook}: {_told(told)}"


def line_standing(line: Line, settings: Qa | None) -> LineStanding:
    """Look at one line.

    :param settings: None where they are not known: only reports are shown then.
    """
    live = line.live() or 0
    said = verdicts(reports(line))
    newest = [number for number in line.numbers() if number <= live][-SHOWN:]
    rules = [
        rule
        for rule in (settings.promotions if settings else ())
        if rule.applies_to(line.channel, line.distro)
    ]
    hooks = waiting([line], settings.webhooks if settings else ())
    return LineStanding(
        line=str(line),
        snapshots=tuple(
            Tested(
                snapshot=number,
                live=number == live,
                reports=tuple(said.get(number, {}).values()),
                missing={
                    rule.to: tuple(missing_passes(rule, said.get(number, {}))) for rule in rules
                },
            )
            for number in sorted({*newest, *said}, reverse=True)
        ),
        hooks=tuple(
            Told(hook=one.hook.name, waiting=one.snapshots, **one.standing.model_dump())
            for one in hooks
        ),
    )


def _said(report: Report) -> str:
    details = " ".join(part for part in (report.url, report.note) if part)
    return f"{report.by} {report.result}{f' ({details})' if details else ''}"


def _told(told: Told) -> str:
    if not told.waiting:
        return f"told up to {told.delivered}"
    numbers = ", ".join(map(str, told.waiting))
    if not told.error:
        return f"to be told of {numbers}"
    return (
        f"to be told of {numbers}; {told.attempts} failed, again at {minute(told.next_try)} UTC: "
        f"{told.error}"
    )
