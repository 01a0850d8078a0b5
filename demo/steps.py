"""Numbered steps: each says what it does and how long it took, and how it failed if it did."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from demo.progress import duration
from farm.errors import FarmError


def write(console: Console, text: str, style: str = "") -> None:
    """Print text as it is: a path or a version is no markup, and long lines stay whole."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)


class StepFailed(Exception):
    """A step of the demo failed; everything has been said."""


class Steps:
    """Runs the steps of one command and reports them.

    :param total: how many steps there are.
    :param crash_log: where an error that nobody foresaw is kept in full.
    """

    def __init__(self, console: Console, total: int, crash_log: Path):
        self._console = console
        self._total = total
        self._crash_log = crash_log
        self._number = 0

    def say(self, text: str) -> None:
        """One line of a step's own report."""
        self._print(f"      {text}")

    @contextmanager
    def step(self, name: str, what: str) -> Iterator[None]:
        """Run one step.

        :raises StepFailed: it failed; the message and what to do were printed.
        """
        self._number += 1
        write(self._console, f"\n[{self._number}/{self._total}] {name}: {what}", style="bold")
        start = time.monotonic()
        try:
            yield
        except KeyboardInterrupt:
            self._fail(name, "interrupted", "What was started goes on: make demo, or make stop.")
        except FarmError as error:
            self._fail(name, str(error), getattr(error, "advice", ""))
        except OSError as error:
            self._fail(name, str(error), "Is the disk full, or the state directory not writable?")
        except Exception as error:
            self._crash_log.parent.mkdir(parents=True, exist_ok=True)
            self._crash_log.write_text(traceback.format_exc(), encoding="utf-8")
            self._fail(
                name,
                f"unexpected {type(error).__name__}: {error}",
                f"This is a mistake in the demo; please report it with {self._crash_log}",
            )
        self.say(f"done in {duration(time.monotonic() - start)}")

    def _fail(self, name: str, message: str, advice: str) -> None:
        write(
            self._console,
            f"\nStep {self._number} of {self._total} ({name}) failed:",
            style="bold red",
        )
        self._print(message)
        if advice:
            self._print(f"\nWhat to do:\n{advice}")
        raise StepFailed from None

    def _print(self, text: str) -> None:
        write(self._console, text)
