"""What is said of a failed build."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What went wrong."""

    COMPILER = "compiler"
    LINKER = "linker"
    CONFIGURE = "configure"
    PACKAGING = "packaging"
    DEPENDENCY = "dependency"
    """A build dependency cannot be installed."""
    TEST = "test"
    TOOL = "tool"
    """A program or file that the build needs is missing."""
    DISK = "disk"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    NETWORK = "network"
    COMMAND = "command"
    """A command failed, and nothing tells why."""


MOST_MESSAGE = 300
"""Characters."""
MOST_CONTEXT = 16
"""Lines."""
MOST_LINE = 500
"""Characters of a line of context."""
MOST_TESTS = 50
"""Failed tests that are named."""


class Failure(BaseModel):
    """The first error of a build's log that matters."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    kind: Kind
    message: str = Field(max_length=MOST_MESSAGE)
    """One line."""
    line: int = Field(ge=0)
    """Number in the log, from 1; 0: the log is empty."""
    context: tuple[str, ...] = Field(default=(), max_length=MOST_CONTEXT)
    """Lines of the log around it."""
    context_line: int = Field(default=1, ge=0)
    """Number of the first of them."""
    hint: str = Field(default="", max_length=1000)
    """What to do about it; empty: nothing is known."""
    tests: tuple[str, ...] = Field(default=(), max_length=MOST_TESTS)
    """Names of the tests that failed, where the log has them."""

    @property
    def text(self) -> str:
        """All of it for a terminal: message, lines around it with their numbers, hint."""
        lines = [f"{self.message} ({self.kind}, line {self.line} of the log)"]
        for number, line in enumerate(self.context, self.context_line):
            mark = ">" if number == self.line else " "
            lines.append(f"  {mark} {number:>6}  {line}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


FAILURE_FILE = "failure.json"
"""Beside a job's directories on a worker."""


class LogPlace(BaseModel):
    """Where Buildbot has the log of a build."""

    model_config = ConfigDict(frozen=True)

    builder: int
    build: int
    """Number on the builder."""
    step: int
    before: int = 0
    """Lines that are in Buildbot's log before the first of the build's own."""


class KeptFailure(BaseModel):
    """What the records keep of a failed attempt at a build."""

    model_config = ConfigDict(frozen=True)

    failure: Failure
    place: LogPlace | None = None


class FoundFailure(BaseModel):
    """What a worker hands to the master: `FAILURE_FILE`."""

    model_config = ConfigDict(frozen=True)

    key: str
    failure: Failure
