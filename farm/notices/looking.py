"""How the farm's lines stand, as those who tell it want to know it."""

from __future__ import annotations

from collections.abc import Mapping

from farm.generations import Farm
from farm.heads import Head
from farm.notices.model import Failure, Look
from farm.notices.people import authors_of
from farm.plan.planner import Node, State
from farm.records.rows import FAILED, LineId


def look_at(farm: Farm, line: LineId, told: Mapping[str, Failure]) -> Look:
    """How a line stands.

    :param told: component to the failure that was told of it.
    """
    plan = farm.line(line).plan
    nodes = plan.nodes
    failing = [name for name, node in nodes.items() if node.state is State.FAILED]
    verdicts = [name for name in failing if is_verdict(farm, nodes[name])]
    return Look(
        line=line,
        settled=plan.settled,
        failed={name: told.get(name) or failure_of(farm, line, name) for name in verdicts},
        sound=[name for name in told if name in nodes and nodes[name].state is State.BUILT],
        gone=[name for name in told if name not in nodes],
    )


def is_verdict(farm: Farm, node: Node) -> bool:
    """Whether a failed node's build failed, and not only the machinery again and again."""
    build = farm.records.builds.get(node.key)
    return build is not None and build.outcome == FAILED


def failure_of(farm: Farm, line: LineId, name: str) -> Failure:
    """What there is to say of a component that fails on a line."""
    state = farm.line(line)
    build = farm.records.builds[state.plan.nodes[name].key]
    head = admitted_head(farm, line, name)
    mine = head if head is not None and head.commit == build.inputs["commit"] else None

    def author(component: str) -> str | None:
        found = admitted_head(farm, line, component)
        return found.author if found else None

    blocked = (
        one
        for one in state.graph.all_dependents(name)
        if state.plan.nodes[one].state is State.BLOCKED
    )
    return Failure(
        channel=line[0],
        distro=line[1],
        component=name,
        key=build.key,
        phase=build.phase,
        message=build.message,
        commit=build.inputs["commit"],
        subject=mine.subject if mine else "",
        reasons=tuple(build.reasons),
        authors=authors_of(build.reasons, mine.author if mine else "", author),
        blocks=tuple(sorted(blocked, key=state.graph.position.__getitem__)),
    )


def admitted_head(farm: Farm, line: LineId, name: str) -> Head | None:
    """The commit of a component that a line builds, or would build next."""
    generation = farm.wishes.under_way(line)
    if generation is not None and name in generation.admitted:
        return generation.admitted[name]
    return farm.wishes.newest_head(line, name)
