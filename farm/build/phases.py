"""The phases of a build: marks in its log, wall seconds, one time limit, whose fault a failure is.

A log marks each phase with a line of its own::

    ==> configure
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from farm.build.stream import TimeLimitExceeded
from farm.errors import BuildFailure, CommandError, FarmError, InfrastructureError

MARK = "==> "

# The machine's trouble that shows as the component's failure.
_INFRASTRUCTURE = re.compile(
    r"No space left on device|Killed signal terminated program|Input/output error"
)


class Phases:
    """Follows one build through its phases.

    :param log: where the marks, and the lines given to `line`, go.
    :param timeout_s: limit of the whole build from now on.
    """

    def __init__(self, log: TextIO, timeout_s: float, clock: Callable[[], float] = time.monotonic):
        self._log = log
        self._timeout_s = timeout_s
        self._clock = clock
        self._began = self._entered = clock()
        self.current = ""
        self._seconds: dict[str, float] = {}

    def enter(self, phase: str) -> None:
        """Begin a phase: the one before it ends. Entering the current one again does nothing."""
        if phase == self.current:
            return
        self._count()
        self.current = phase
        self._log.write(f"{MARK}{phase}\n")
        self._log.flush()

    def start_limit(self) -> None:
        """Count the time limit from now on: making roots and downloads have limits of their own."""
        self._began = self._clock()

    def line(self, text: str) -> None:
        """Pass one line of a program's output to the log."""
        self._log.write(text)

    def seconds(self) -> dict[str, float]:
        """Wall seconds per phase up to now, in the order they were first entered."""
        self._count()
        return {phase: round(spent, 3) for phase, spent in self._seconds.items()}

    def remaining_s(self) -> float:
        """What is left of the time limit (never below 0)."""
        return max(self._timeout_s - (self._clock() - self._began), 0.0)

    @contextmanager
    def verdict(self, is_full: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Turn a failed program inside into the verdict on the component.

        :param is_full: whether the disk or memory of the build is full (`Overlay.is_full`).
        :raises BuildFailure: in the current phase; also after the time limit.
        :raises InfrastructureError: when the machine's trouble made the program fail.
        """
        try:
            yield
        except TimeLimitExceeded as error:
            minutes = self._timeout_s / 60
            raise BuildFailure(self.current, f"ran longer than {minutes:g} minutes") from error
        except CommandError as error:
            trouble = _INFRASTRUCTURE.search(error.output)
            if trouble or is_full():
                why = trouble[0] if trouble else "no space left for the build"
                raise InfrastructureError(f"{self.current}: {why}: {error}") from error
            raise BuildFailure(self.current, str(error)) from error

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn every error that is no verdict on the component into the machine's trouble.

        :raises InfrastructureError: for any other `FarmError`, and for what the system refuses.
        """
        try:
            yield
        except (BuildFailure, InfrastructureError):
            raise
        except (FarmError, OSError) as error:
            raise InfrastructureError(f"{self.current}: {error}") from error

    def _count(self) -> None:
        now = self._clock()
        if self.current:
            spent = now - self._entered
            self._seconds[self.current] = self._seconds.get(self.current, 0.0) + spent
        self._entered = now
