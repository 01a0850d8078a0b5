"""A channel's matrix: every component on every distro."""

from __future__ import annotations

from farm.plan.planner import State
from farm.plan.report import package_version
from farm.records.store import LineId
from www.api.answers.known import Known, shown_state
from www.api.asked import MatrixQuery
from www.api.model import Cell, Matrix, MatrixRow

KEY_DIGITS = 12
NAMED = 3
"""Components that a cell names of those it waits for."""
_WITH_KEY = {State.FAILED, State.BUILDING}


def matrix(known: Known, asked: MatrixQuery) -> Matrix:
    """A page of the components of a channel, on each of its distros.

    :raises Problem: there is no such channel.
    """
    channel = known.channel(asked.channel)
    places = [line for line in known.farm.lines if line[0] == channel]
    built = {name for _, distro in places for name in known.farm.graph(distro).position}
    names = [name for name in known.farm.stack.components if name in built]
    page = names[asked.offset : asked.offset + asked.limit]
    columns = [_column(known, place, page) for place in places]
    rows = [
        MatrixRow.model_construct(component=name, cells=[column.get(name) for column in columns])
        for name in page
    ]
    return Matrix.model_construct(
        channel=channel, distros=[distro for _, distro in places], rows=rows, found=len(names)
    )


def _column(known: Known, place: LineId, names: list[str]) -> dict[str, Cell]:
    """A line's cells; made without validation, since there are thousands of them."""
    nodes = known.farm.line(place).plan.nodes
    snapshot = known.snapshot(place)
    content = snapshot.content if snapshot else {}
    held_back = snapshot.held_back if snapshot else {}
    generation = known.farm.wishes.under_way(place)
    builds = known.farm.records.builds
    here = [name for name in names if name in nodes]
    builds.warm({key for n in here for key in (nodes[n].key, content.get(n, "")) if key})
    cells = {}
    for name in here:
        node = nodes[name]
        build = builds.get(node.key) if node.key else None
        published = content.get(name, "")
        live = builds.get(published) if published else None
        cells[name] = Cell.model_construct(
            state=shown_state(name, node, content),
            version=package_version(live) if live else "",
            since=float(round(build.finished_at or build.requested_at)) if build else 0.0,
            key=node.key[:KEY_DIGITS] if node.state in _WITH_KEY else "",
            waits_for=list(node.waits_for[:NAMED]),
            held_back=held_back.get(name, ""),
            next_generation=generation is not None
            and generation.admitted.get(name) != known.farm.wishes.newest_head(place, name),
        )
    return cells
