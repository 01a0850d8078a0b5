"""How every line stands, as plain data: what the status file holds and the demo shows."""

from __future__ import annotations

import time
from typing import Any

from farm.generations import Farm
from farm.plan.planner import Node, State
from farm.records.store import BuildRow, LineId


def status_of(farm: Farm, running: frozenset[str]) -> dict[str, Any]:
    """The state of all lines, as JSON."""
    lines = {f"{c}/{d}": _line_status(farm, (c, d), running) for c, d in farm.lines}
    return {"updated": time.time(), "lines": lines}


def _line_status(farm: Farm, line: LineId, running: frozenset[str]) -> dict[str, Any]:
    generation = farm.records.generations.get(line)
    snapshot = farm.records.snapshots.get(line)
    admitted, forced = farm.current(line)
    if generation is not None and not generation.done:
        admitted, forced = generation.admitted, generation.forced
    plan, _ = farm.plan(line, admitted, forced, running)
    published = snapshot.content if snapshot else {}
    under_way = generation is not None and not generation.done
    busy = "publishing" if plan.settled else "building"
    return {
        "generation": generation.number if generation else 0,
        "state": busy if under_way else "idle",
        "snapshot": snapshot.number if snapshot else None,
        "held_back": dict(snapshot.held_back) if snapshot else {},
        "components": {
            name: _component_status(farm, name, node, published.get(name, ""))
            for name, node in plan.nodes.items()
        },
    }


def _component_status(farm: Farm, name: str, node: Node, published: str) -> dict[str, Any]:
    build = farm.records.builds.get(node.key)
    shown = farm.records.builds.get(node.uses or published) or build
    state = str(node.state)
    if node.state is State.BUILT and node.uses == published:
        state = "published"
    reason = "; ".join(build.reasons) if build else ""
    if build and build.message:
        reason = f"{build.phase}: {build.message}" if build.phase else build.message
    return {
        "state": state,
        "waits_for": list(node.waits_for),
        "version": shown.upstream_version if shown else "",
        "commit": shown.inputs["commit"] if shown else "",
        "key": node.key,
        "since": _since(build),
        "reason": farm.problems.get(name, "") if name in farm.problems else reason,
    }


def _since(build: BuildRow | None) -> float:
    if build is None:
        return 0.0
    return build.finished_at or build.started_at
