"""What the workspace's commands print."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli.show import counted, plain, print_json, span

if TYPE_CHECKING:
    from farm.workspace.running import Result
    from farm.workspace.workspace import Workspace

_GREEN, _YELLOW, _RED = 32, 33, 31
_COLOURS = {
    "failed": _RED,
    "left alone": _YELLOW,
    "cloned": _GREEN,
    "fast-forwarded": _GREEN,
    "new": _GREEN,
}
"""ECMA-48's numbers of colours."""


def open_here(*, offline: bool = False) -> Workspace:
    """The workspace of the current directory."""
    from farm.workspace.workspace import open_workspace

    return open_workspace(current_directory(), os.environ, offline=offline)


def current_directory() -> Path:
    """The directory that the command was called in."""
    # As the user sees it: through links, which os.getcwd would resolve.
    shown = Path(os.environ.get("PWD", "/nonexistent"))
    try:
        return shown if shown.samefile(".") else Path.cwd()
    except OSError:
        return Path.cwd()


class Progress:
    """One line for each component or repository that is done."""

    def __init__(self, *, quiet: bool = False):
        self._quiet = quiet
        self._unsaid = 0

    def line(self, name: str, outcome: str, detail: str = "", *, dull: bool = False) -> None:
        """Say what became of something; dull lines are counted, not printed."""
        if self._quiet or dull:
            self._unsaid += dull
            return
        colour = _COLOURS.get(outcome) if sys.stdout.isatty() else None
        said = f"\033[{colour}m{outcome}\033[0m" if colour else outcome
        print(plain(f"{name}: ") + said + (plain(f": {detail}") if detail else ""), flush=True)

    @property
    def unsaid(self) -> int:
        """How many dull lines there were."""
        return self._unsaid


def finish(results: Sequence[tuple[str, str, str]], bad: str, *, as_json: bool) -> None:
    """Print a summary (or JSON), and end with exit status 1 when anything is `bad`."""
    counts: dict[str, int] = {}
    for _name, outcome, _detail in results:
        counts[outcome] = counts.get(outcome, 0) + 1
    if as_json:
        rows = [{"name": n, "outcome": o, "detail": d} for n, o, d in results]
        print_json(rows)
    else:
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        print(summary or "nothing to do")
    if counts.get(bad):
        sys.exit(1)


def say_gone(workspace: Workspace) -> None:
    """Name the checkouts of components that are gone from the components file."""
    from farm.workspace.checkouts import gone_checkouts

    for name, place in gone_checkouts(workspace.layout, workspace.entries).items():
        print(
            f"{name}: gone from the components file; its checkout {place} is kept",
            file=sys.stderr,
        )


class BuildProgress:
    """What is being built, and what became of it."""

    def __init__(self, *, quiet: bool = False):
        self._quiet = quiet
        self._guard = threading.Lock()

    def begin(self, name: str, reasons: tuple[str, ...]) -> None:
        """A component starts."""
        self._print(f"{name}: building ({'; '.join(reasons)})")

    def report(self, result: Result) -> None:
        """A component is done; one that was up to date is not spoken of."""
        if result.outcome == "up to date":
            return
        if result.outcome == "failed":
            self._print(result.message, error=True)
            return
        if result.outcome in ("blocked", "removed"):
            self._print(f"{result.name}: {result.outcome} ({'; '.join(result.reasons)})")
            return
        tests = {"passed": "tests passed", "none": "no tests"}.get(result.tests, "not tested")
        files = "no installed file changed"
        if result.changed:
            files = f"{counted(result.changed, 'installed file')} changed"
        facts = [tests] if result.outcome == "tested" else [tests, files]
        self._print(
            f"{result.name}: {result.outcome} in {span(result.seconds)}, {', '.join(facts)}"
        )
        if result.submodules:
            named = ", ".join(result.submodules)
            self._print(f"{result.name}: submodules are empty in builds: {named}", error=True)
        if result.outside:
            more = f" and {len(result.outside) - 1} more" if len(result.outside) > 1 else ""
            self._print(
                f"{result.name}: outside the prefix, so not installed: {result.outside[0]}{more}",
                error=True,
            )

    def summary(self, results: Sequence[Result]) -> None:
        """One line that counts outcomes."""
        counts: dict[str, int] = {}
        for one in results:
            counts[one.outcome.value] = counts.get(one.outcome.value, 0) + 1
        if set(counts) <= {"up to date"}:
            from farm.workspace.quick import nothing_to_do

            print(nothing_to_do(len(results)))
            return
        print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))

    def _print(self, text: str, *, error: bool = False) -> None:
        if self._quiet and not error:
            return
        with self._guard:
            print(plain(text), file=sys.stderr if error else sys.stdout, flush=True)
