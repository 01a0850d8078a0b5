"""What people want to know first: what is in trouble, what was published and pushed last."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from itertools import groupby

from farm.plan.planner import State
from farm.records.store import LineId
from www.api.answers.known import HELD_BACK, Known
from www.api.answers.lines import standings
from www.api.asked import NewsQuery, TroublesQuery
from www.api.model import Publication, Publications, Push, Pushes, Trouble, Troubles

NAMED = 5
"""Components that a publication names; the rest is counted."""
SNAPSHOTS = 20
"""Of each line, those that are looked at."""


def _channel_lines(known: Known) -> list[LineId]:
    return [line for line in known.farm.lines if line[0] in known.farm.stack.channels]


def troubles(known: Known, asked: TroublesQuery) -> Troubles:
    """What fails or is held back, the longest first."""
    found = [one for place in _channel_lines(known) for one in _troubles(known, place)]
    found.sort(key=lambda one: (one.since, one.channel, one.distro, one.component))
    page = found[asked.offset : asked.offset + asked.limit]
    return Troubles(troubles=page, found=len(found))


def _troubles(known: Known, place: LineId) -> Iterator[Trouble]:
    nodes = known.farm.line(place).plan.nodes
    snapshot = known.snapshot(place)
    held_back = snapshot.held_back if snapshot else {}
    failed = [name for name, node in nodes.items() if node.state is State.FAILED]
    since = known.farm.records.failing_since(place, failed)
    settled = [n for n in held_back if n in nodes and nodes[n].state is State.BUILT]
    for standing in standings(known, place, [*failed, *settled]):
        name = standing.component
        fails = nodes[name].state is State.FAILED
        yield Trouble(
            channel=place[0],
            distro=place[1],
            component=name,
            state=State.FAILED.value if fails else HELD_BACK,
            # Of one that another channel built and that fails here too, only that build is known.
            since=since.get(name, standing.since) if fails else standing.since,
            reason=standing.reason if fails else standing.held_back,
            key=standing.key,
            blocks=sum(
                nodes[other].state is State.BLOCKED
                for other in known.farm.graph(place[1]).all_dependents(name)
            )
            if fails
            else 0,
        )


def publications(known: Known, asked: NewsQuery) -> Publications:
    """What was published last."""
    found = [one for place in _channel_lines(known) for one in _publications(known, place)]
    newest = nlargest(asked.limit, found, key=lambda one: one.published_at)
    return Publications(publications=newest)


def _publications(known: Known, place: LineId) -> Iterator[Publication]:
    snapshot = known.snapshot(place)
    if snapshot is None:
        return
    since = max(1, snapshot.number - SNAPSHOTS + 1)
    changes = known.farm.records.published_changes(place, since=since)
    for number, brought in groupby(changes, key=lambda change: change.number):
        all_of_it = list(brought)
        yield Publication(
            channel=place[0],
            distro=place[1],
            snapshot=number,
            published_at=all_of_it[0].published_at,
            components=[change.component for change in all_of_it[:NAMED]],
            total=len(all_of_it),
            archive=known.archive(place),
        )


def pushes(known: Known, asked: NewsQuery) -> Pushes:
    """The newest commits."""
    stack = known.farm.stack
    heads = (
        (head, channel)
        for (channel, name), head in known.farm.records.heads.items()
        if channel in stack.channels and name in stack.components
    )
    newest = nlargest(asked.limit, heads, key=lambda one: one[0].timestamp)
    return Pushes(
        pushes=[
            Push(
                channel=channel,
                component=head.component,
                commit=head.commit,
                subject=head.subject,
                author=head.author,
                committed_at=head.timestamp,
            )
            for head, channel in newest
        ]
    )
