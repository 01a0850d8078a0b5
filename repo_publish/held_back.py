"""What a line holds back, and since when: kept in its state, also while nothing is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from repo_publish.files import write_durably
from repo_publish.line import Line
from repo_publish.model import Published

FILE = "held-back.json"


class HeldBack(BaseModel):
    """A component whose wanted packages are not published."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    key: str = ""
    """Build key of what is held back; empty when the component was to be taken away."""
    commit: str = ""
    reason: str
    since: int
    """When it was held back first, without a publication in between that did not; seconds since
    1970. Other builds may have been wanted meanwhile."""


_list = TypeAdapter(tuple[HeldBack, ...])


def held_back(line: Line) -> tuple[HeldBack, ...]:
    """What the line holds back now."""
    try:
        return _list.validate_json(_path(line).read_bytes())
    except (FileNotFoundError, ValidationError):
        return ()


def since(
    before: Iterable[HeldBack],
    reasons: Mapping[str, str],
    wanted: Iterable[Published],
    now: int,
) -> tuple[HeldBack, ...]:
    """What is held back now, for `reasons`; what was so before keeps its time."""
    times = {one.component: one.since for one in before}
    builds = {published.component: published for published in wanted}
    found = []
    for component, reason in sorted(reasons.items()):
        build = builds.get(component)
        found.append(
            HeldBack(
                component=component,
                key=build.key if build else "",
                commit=build.commit if build else "",
                reason=reason,
                since=times.get(component, now),
            )
        )
    return tuple(found)


def remember(line: Line, now: Iterable[HeldBack]) -> None:
    """Keep what is held back for the next publication. Needs the line's lock."""
    wanted = tuple(now)
    if wanted != held_back(line):
        write_durably(_path(line), _list.dump_json(wanted, indent=1).decode())


def _path(line: Line) -> Path:
    return line.state / FILE
