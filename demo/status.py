"""What the master says about every line, and what that means for whoever waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from demo.errors import DemoError

LineState = Literal["building", "publishing", "idle"]

_BUSY = ("ready", "building")


class _Plain(BaseModel):
    # A newer master may say more than this reader knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class ComponentStatus(_Plain):
    """One component on one line."""

    state: str
    """``waiting``, ``ready``, ``building``, ``built``, ``published``, ``failed`` or ``blocked``."""
    waits_for: tuple[str, ...] = ()
    version: str = ""
    commit: str = ""
    since: float = 0.0
    """When it came into this state, in seconds since 1970; 0 when it never was in another."""
    reason: str = ""


class LineStatus(_Plain):
    """One channel on one distro."""

    generation: int
    state: LineState
    snapshot: int | None = None
    held_back: dict[str, str] = {}
    """Component to the reason why its newest build is not in the snapshot."""
    components: dict[str, ComponentStatus] = {}


class Status(_Plain):
    """The master's status file."""

    updated: float
    lines: dict[str, LineStatus] = {}


Expected = Mapping[str, frozenset[str]]
"""Line to the components that have to be published on it."""


@dataclass(frozen=True)
class Change:
    """One component or line that is now in another state."""

    line: str
    component: str
    """Empty for the line itself."""
    text: str


@dataclass(frozen=True)
class Failure:
    """One component that failed, or could not be built or published because of another."""

    line: str
    component: str
    state: str
    reason: str


def read_status(path: Path, not_before: float = 0.0) -> Status | None:
    """The status file; None while there is none, or only one from before `not_before`.

    :raises DemoError: its content is not understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        status = Status.model_validate_json(text)
    except ValidationError as error:
        raise DemoError(
            f"{path} is not what this demo understands: {error.errors()[0]['msg']}",
            "Is the master of the same version as the demo? Start anew: make stop; make demo",
        ) from error
    return status if status.updated >= not_before else None


def is_complete(status: Status, expected: Expected) -> bool:
    """Whether every expected component of every expected line is published, and nothing runs."""
    return all(
        name in status.lines
        and status.lines[name].state == "idle"
        and all(
            component in status.lines[name].components
            and status.lines[name].components[component].state == "published"
            for component in components
        )
        for name, components in expected.items()
    )


def failures(status: Status) -> list[Failure]:
    """What failed, then what was held back, then what the failures blocked."""
    found = []
    for name, line in sorted(status.lines.items()):
        for component, entry in line.components.items():
            if entry.state == "failed":
                found.append(Failure(name, component, "failed", entry.reason))
            elif entry.state == "blocked":
                found.append(Failure(name, component, "blocked", _why_blocked(entry)))
        for component, reason in line.held_back.items():
            found.append(Failure(name, component, "held back", reason))
    order = ("failed", "held back", "blocked")
    return sorted(found, key=lambda failure: order.index(failure.state))


def is_stuck(status: Status) -> bool:
    """Whether something went wrong and nothing is left that could still run.

    A component is also blocked while the master has not read its repository yet: that alone is
    nothing wrong.
    """
    busy = any(
        line.state == "publishing" or any(c.state in _BUSY for c in line.components.values())
        for line in status.lines.values()
    )
    wrong = any(
        (line.held_back and line.state == "idle")
        or any(
            c.state == "failed" or (c.state == "blocked" and c.reason and not c.waits_for)
            for c in line.components.values()
        )
        for line in status.lines.values()
    )
    return wrong and not busy


def _why_blocked(entry: ComponentStatus) -> str:
    return f"by {_waits(entry)}" if entry.waits_for else entry.reason


def fingerprint(status: Status | None) -> str:
    """Changes exactly when something happened that a person would call progress."""
    return status.model_dump_json(exclude={"updated"}) if status else ""


def changes(before: Status | None, after: Status) -> list[Change]:
    """What is different in `after`, in the order of the lines."""
    found = []
    for name, line in sorted(after.lines.items()):
        old = before.lines.get(name) if before else None
        for component, entry in line.components.items():
            was = old.components.get(component) if old else None
            if was is None or describe(was) != describe(entry):
                found.append(Change(name, component, describe(entry)))
        if old is None or describe_line(old) != describe_line(line):
            found.append(Change(name, "", describe_line(line)))
    return found


def describe(entry: ComponentStatus) -> str:
    """One component's state in a few words: ``waits for libogg, speex``."""
    if entry.state == "waiting" and entry.waits_for:
        return f"waits for {_waits(entry)}"
    if entry.state == "blocked" and entry.waits_for:
        return f"blocked by {_waits(entry)}"
    if entry.state in ("failed", "blocked") and entry.reason:
        return f"{entry.state}: {entry.reason.splitlines()[0]}"
    if entry.version and entry.state in ("built", "published"):
        return f"{entry.state} {entry.version}"
    return entry.state


def describe_line(line: LineStatus) -> str:
    """One line's state in a few words: ``idle, snapshot 2, held back: libogg``."""
    words: list[str] = [line.state]
    if line.snapshot is not None:
        words.append(f"snapshot {line.snapshot}")
    if line.held_back:
        words.append(f"held back: {', '.join(sorted(line.held_back))}")
    return ", ".join(words)


def _waits(entry: ComponentStatus) -> str:
    return ", ".join(entry.waits_for)
