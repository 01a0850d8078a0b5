"""What is on record of a build when it is asked for: its inputs, its reasons, what it may see."""

from __future__ import annotations

from collections.abc import Iterator

from farm.decisions import Start
from farm.line_state import LineState
from farm.plan.key import View, differences
from farm.plan.planner import seen_by
from farm.plan.timeout import limit_minutes
from farm.records.store import RUNNING, BuildRow, Generation, Records
from farm.wishes import Wishes


def prepared(
    wishes: Wishes, state: LineState, generation: Generation, name: str
) -> tuple[BuildRow, Start]:
    """Make the record of a build that can start now, whose `new_views` are on record."""
    records = wishes.records
    nodes, direct = state.plan.nodes, state.graph.depends[name]
    key = nodes[name].key
    channel, distro = state.line
    wish = wishes.wish(state.line, generation.admitted[name], generation.forced.get(name, 0))
    inputs = {
        **wishes.inputs(state.line, name, wish),
        "dependencies": {one: nodes[one].view for one in direct},
    }
    seen = seen_by(name, direct, nodes)
    last = records.last_build(channel, distro, name)
    if last is not None and last.key == key:
        reasons = list(last.reasons)
    else:
        reasons = list(differences(last.inputs if last else None, inputs, records.views))
    build = BuildRow(
        key=key,
        component=name,
        distro=distro,
        channel=channel,
        generation=generation.number,
        outcome=RUNNING,
        source=wish.source,
        rebuild=0,
        upstream_version=wish.upstream_version,
        inputs=inputs,
        uses={one: nodes[one].uses for one in direct},
        reasons=reasons,
    )
    given = wishes.stack.components[name].timeout_minutes
    start = Start(
        build=build,
        priority=round(state.plan.remaining_s[name]),
        timeout_minutes=limit_minutes(given, state.plan.facts.durations.get(name)),
        sees={one: nodes[one].uses for one in seen},
    )
    return build, start


def new_views(records: Records, state: LineState, name: str) -> Iterator[View]:
    """What a build of a component may see, as far as it is not on record yet."""
    nodes, builds = state.plan.nodes, state.plan.facts.builds
    for one in seen_by(name, state.graph.depends[name], nodes):
        node = nodes[one]
        if node.view not in records.views:
            sees = {other: nodes[other].view for other in node.sees}
            yield View(node.view, one, builds[node.key].output_digest, sees)
