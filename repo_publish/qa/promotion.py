"""Promotion: a snapshot that has passed becomes another channel's next one, without building."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TextIO

from farm.qa import Promotion
from repo_publish.errors import PublishError
from repo_publish.line import Line, line_of
from repo_publish.live import Kept, kept
from repo_publish.model import Snapshot
from repo_publish.publisher import Stores
from repo_publish.qa.reports import Report, reports, verdicts
from repo_publish.releases import publish_from
from repo_publish.summary import Summary, newest_summaries


@dataclass(frozen=True)
class Due:
    """A snapshot that a rule promotes now."""

    source: Line
    snapshot: int
    target: Line


def promote(source: Line, snapshot: int, channel: str, stores: Stores, log: TextIO) -> Snapshot:
    """Publish the content of a snapshot as the next one of `channel`, on the same distro.

    All of it or nothing: what the gate would hold back there stops the promotion.

    :raises PublishError: there is no such snapshot; the target would go back; it is the same line.
    """
    target = line_of(source.archive, channel, source.distro)
    if target == source:
        raise PublishError(f"{source} cannot be promoted to itself")
    return publish_from(published(source, snapshot), target, stores, log)


def published(line: Line, number: int) -> Kept:
    """A snapshot that clients have seen.

    :raises PublishError: there is no such snapshot.
    """
    if number not in line.numbers() or number > (line.live() or 0):
        raise PublishError(f"{line} has no snapshot {number}")
    return kept(line, number)


def due_promotions(among: Iterable[Line], rules: Iterable[Promotion]) -> list[Due]:
    """What the rules promote now of these lines' snapshots.

    :raises PublishError: a snapshot is damaged.
    """
    among = list(among)
    found = []
    for rule in rules:
        for source in among:
            if not rule.applies_to(source.channel, source.distro):
                continue
            target = line_of(source.archive, rule.to, source.distro)
            number = snapshot_to_promote(
                rule,
                source.channel,
                _summaries(source),
                verdicts(reports(source)),
                _summaries(target),
            )
            if number is not None:
                found.append(Due(source, number, target))
    return found


def snapshot_to_promote(
    rule: Promotion,
    channel: str,
    source: Iterable[Summary],
    said: Mapping[int, Mapping[str, Report]],
    target: Iterable[Summary],
) -> int | None:
    """The newest snapshot of `source` that all whom the rule names have passed; None when there
    is none, or the target has had it or a newer one.

    What was rolled back since is never promoted, whatever is reported of it.

    :param channel: of the source.
    :param said: as `repo_publish.qa.reports.verdicts`.
    """
    source = list(source)
    had = [s.origin.snapshot for s in target if s.origin and s.origin.channel == channel]
    rollbacks = [s.rollback for s in source if s.rollback]
    for one in sorted(source, key=lambda s: s.number, reverse=True):
        number = one.number
        if number <= max(had, default=0):
            return None
        if any(r.to_snapshot < number <= r.from_snapshot for r in rollbacks):
            continue
        if not missing_passes(rule, said.get(number, {})):
            return number
    return None


def missing_passes(rule: Promotion, said: Mapping[str, Report]) -> list[str]:
    """Who has not passed a snapshot, of those whom the rule names."""
    return [by for by in rule.passed if by not in said or said[by].result != "pass"]


def _summaries(line: Line) -> list[Summary]:
    live = line.live() or 0
    return [s for s in newest_summaries(line, len(line.numbers())) if s.number <= live]
