"""Builds that the records know and the pool no longer has: pruned, or lost with a disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from farm.decisions import Publish, Step
from farm.generations import Farm
from farm.records.store import LineId

REASON = "the pool no longer has its build"


def lost_components(
    step: Step, live: Mapping[str, str], has: Callable[[str], bool]
) -> frozenset[str]:
    """Components whose builds a step counts on, though they are gone.

    :param live: content of the line's live snapshot: what is in it needs no pool.
    :param has: whether the pool has a build key.
    """
    wanted = dict(step.publish.content) if step.publish else {}
    pairs = {(name, key) for name, key in wanted.items() if live.get(name) != key}
    pairs |= {(name, key) for start in step.starts for name, key in start.sees.items()}
    return frozenset(name for name, key in pairs if not has(key))


def without(publish: Publish, lost: Collection[str], live: Mapping[str, str]) -> Publish:
    """The same publication, in which the `lost` stay as they are published."""
    content = {name: key for name, key in publish.content.items() if name not in lost}
    content |= {name: live[name] for name in lost if name in live}
    return replace(publish, content=content)


def build_again(farm: Farm, line: LineId, lost: Collection[str]) -> None:
    """Have the lost builds made again, each once: under a new key, since old names stay used."""
    channel, distro = line
    names = [name for name in sorted(lost) if name not in farm.line(line).late]
    if names:
        farm.force(names, distro, channel, REASON, "the farm")
