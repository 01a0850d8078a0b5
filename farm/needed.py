"""Which builds of the pool the farm may ask for: what its lines want, and what is under way."""

from __future__ import annotations

from farm.generations import Farm


def needed_builds(farm: Farm) -> frozenset[str]:
    """Build keys that must stay in the pool, whatever the archives have.

    These are what every line wants and uses now, what it published last, unfinished builds and
    what they are built with.
    """
    keys: set[str] = set()
    for line in farm.lines:
        for node in farm.line(line).plan.nodes.values():
            keys |= {node.key, node.uses}
    for snapshot in farm.records.snapshots.values():
        keys |= {*snapshot.content.values(), *snapshot.wanted.values()}
    for key, build in farm.records.unfinished.items():
        keys |= {key, *build.uses.values()}
    return frozenset(keys - {""})
