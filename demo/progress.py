"""Following the farm's work in the terminal until it is done, fails, or stands still."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.errors import DemoError
from demo.status import (
    ComponentStatus,
    Expected,
    Status,
    changes,
    describe,
    describe_line,
    failures,
    fingerprint,
    is_complete,
    is_stuck,
)

POLL_S = 0.5
STALL_MINUTES = 20

_STYLES = {
    "waiting": "dim",
    "ready": "cyan",
    "building": "yellow",
    "built": "green",
    "published": "bold green",
    "failed": "bold red",
    "blocked": "magenta",
}


class View(Protocol):
    """Shows the status as it changes."""

    def show(self, before: Status | None, status: Status) -> None:
        """Show `status`; `before` is what was shown last."""
        ...


@dataclass(frozen=True)
class Patience:
    """When to stop waiting, and what to tell whoever waited."""

    dead: Callable[[], str]
    """Names what has ended that should run, with the end of its log; empty while all is well."""
    where: Callable[[str, str], str]
    """Where a person sees why a component failed on a line."""
    stall_s: float = STALL_MINUTES * 60.0


def follow(
    read: Callable[[], Status | None],
    expected: Expected,
    view: View,
    patience: Patience,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Status:
    """Return when everything expected is published.

    :param read: gives the master's status, None while there is none.
    :raises DemoError: something failed and nothing runs any more; the master or a worker ended;
        or nothing changed for too long.
    """
    shown: Status | None = None
    changed_at = clock()
    while True:
        status = read()
        if status is not None:
            if fingerprint(status) != fingerprint(shown):
                changed_at = clock()
            view.show(shown, status)
            shown = status
            if is_complete(status, expected):
                return status
            if is_stuck(status):
                raise DemoError(*_failure_message(status, patience.where))
        if trouble := patience.dead():
            raise DemoError(trouble, "Start it again: make demo")
        if clock() - changed_at > patience.stall_s:
            raise DemoError(*_stall_message(shown, patience.stall_s))
        sleep(POLL_S)


def _failure_message(status: Status, where: Callable[[str, str], str]) -> tuple[str, str]:
    lines, places = [], []
    for failure in failures(status):
        why = f": {failure.reason.strip()}" if failure.reason.strip() else ""
        lines.append(f"{failure.component} on {failure.line} {failure.state}{why}")
        if failure.state == "failed":
            places.append(where(failure.line, failure.component))
    advice = ["Push a correction, or force the build in the web UI; then make demo again.", *places]
    return "\n".join(lines), "\n".join(advice)


def _stall_message(status: Status | None, stall_s: float) -> tuple[str, str]:
    waiting = [
        f"  {component} on {name}: {describe(entry)}"
        for name, line in sorted((status.lines if status else {}).items())
        for component, entry in line.components.items()
        if entry.state != "published"
    ]
    message = f"nothing has changed for {stall_s / 60:.0f} minutes"
    if not waiting:
        return message, "The master has not planned anything: look at the end of its twistd.log."
    return (
        "\n".join([message, *waiting]),
        "Look at the builds that run in the web UI, and at the workers' twistd.log.",
    )


def duration(seconds: float) -> str:
    """``0:07``, ``12:34``, ``1:02:03``."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def table(status: Status, title: str, now: float) -> Table:
    """Components down, lines across, the state of the line below.

    :param now: seconds since 1970, for how long each build has been running.
    """
    lines = sorted(status.lines)
    result = Table(title=title, title_justify="left", show_footer=True)
    result.add_column("component", footer="archive", no_wrap=True)
    for name in lines:
        result.add_column(_heading(name, lines), footer=describe_line(status.lines[name]))
    components = dict.fromkeys(c for name in lines for c in status.lines[name].components)
    for component in components:
        cells = (status.lines[name].components.get(component) for name in lines)
        result.add_row(component, *(_cell(entry, now) for entry in cells))
    return result


def _heading(line: str, lines: Sequence[str]) -> str:
    """The line's name, without its channel when all have the same."""
    channels = {name.partition("/")[0] for name in lines}
    return line.partition("/")[2] if len(channels) == 1 else line


def _cell(entry: ComponentStatus | None, now: float) -> Text:
    if entry is None:
        return Text("-", style="dim")
    text = describe(entry)
    if entry.state == "building" and entry.since:
        text += f" {duration(now - entry.since)}"
    return Text(text, style=_STYLES.get(entry.state, ""))


class LiveTable:
    """The table, redrawn in place on a terminal."""

    def __init__(self, console: Console):
        self._live = Live(console=console, auto_refresh=False, transient=False)
        self._start = time.monotonic()

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, before: Status | None, status: Status) -> None:
        """Redraw, for the elapsed times also when nothing changed."""
        elapsed = duration(time.monotonic() - self._start)
        self._live.update(table(status, f"elapsed {elapsed}", time.time()), refresh=True)


class Lines:
    """One line of text per change, where the table could not be redrawn (a log, a pipe)."""

    def __init__(self, write: Callable[[str], None]):
        self._write = write
        self._start = time.monotonic()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, before: Status | None, status: Status) -> None:
        """Write what changed."""
        elapsed = duration(time.monotonic() - self._start)
        for change in changes(before, status):
            name = f"{change.component} " if change.component else "archive "
            self._write(f"{elapsed:>7} {change.line}: {name}{change.text}")


def view_for(console: Console) -> LiveTable | Lines:
    """The table on a terminal, else lines."""
    if console.is_terminal:
        return LiveTable(console)
    return Lines(lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True))
