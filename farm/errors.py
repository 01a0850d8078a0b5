"""The exceptions of the farm: each one prints as the message its user needs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

TAIL_LINES = 20


class FarmError(Exception):
    """Something a person has to know about; ``str()`` is the whole message.

    Commands print it without a traceback and exit with `exit_code`.
    """

    exit_code = 1


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a configuration file.

    `line` and `column` count from 1; 0 means the file as a whole. `field` is the dotted path of
    the offending value (``components.xapi.depends[2]``), empty for the whole file.
    """

    file: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )


class ConfigError(FarmError):
    """All the mistakes of one configuration, in the order of their lines."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CommandError(FarmError):
    """A program the farm ran failed.

    `what` says what the farm wanted of it; `output` is what it printed (only the end is shown).
    """

    def __init__(self, what: str, argv: Sequence[str], exit_status: int, output: str = ""):
        self.what = what
        self.argv = tuple(argv)
        self.exit_status = exit_status
        self.output = output
        tail = "\n".join(f"  {line}" for line in output.splitlines()[-TAIL_LINES:])
        message = f"{what}: {shlex.join(self.argv)} exited with {exit_status}"
        super().__init__(f"{message}\n{tail}" if tail else message)


class InfrastructureError(FarmError):
    """The farm's own machinery failed (mirror down, full disk): retried, never a verdict.

    Exit status 75 is ``EX_TEMPFAIL`` of sysexits.h.
    """

    exit_code = 75


class BuildFailure(FarmError):
    """The component does not build: the verdict of a build that ran as it should.

    `phase` is where it failed (``configure``, ``build``, ``test``, ``install``, ``package`` …).
    """

    exit_code = 10

    def __init__(self, phase: str, message: str):
        self.phase = phase
        super().__init__(f"{phase} failed: {message}")
