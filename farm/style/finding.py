"""What a check finds, and what a mechanical repair would change: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding costs; both make a check fail. The words are SARIF's."""

    ERROR = "error"
    """The stack cannot build, package or distribute the component as it is."""
    WARNING = "warning"
    """It can, and people will have a harder time than they need to."""


@dataclass(frozen=True)
class Rule:
    """One rule of docs/style-guide.md, which gives its reason."""

    id: str
    title: str
    """What is so in a component that keeps the rule."""
    level: Level


@dataclass(frozen=True)
class Write:
    """Make a file that is not there."""

    path: str
    text: str


@dataclass(frozen=True)
class Append:
    """Add lines at the end of a file, or make it of them; the rest of it stays as it is."""

    path: str
    text: str


@dataclass(frozen=True)
class MakeExecutable:
    """Give a file the right to be run, here and in git's index."""

    path: str


@dataclass(frozen=True)
class Untrack:
    """Take files out of git's index; they stay where they are."""

    paths: tuple[str, ...]


Change = Write | Append | MakeExecutable | Untrack


@dataclass(frozen=True)
class Finding:
    """One place where a component breaks a rule."""

    rule: Rule
    message: str
    fix: str
    """What to do, for a person."""
    file: str = ""
    """Path in the component's directory, empty for the component as a whole."""
    line: int = 0
    """Counts from 1; 0 for the file as a whole."""
    changes: tuple[Change, ...] = ()
    """What ``--fix`` does; empty where somebody has to decide."""

    @property
    def place(self) -> str:
        """``README.md:12``, or the file, or a dot for the component."""
        return f"{self.file}:{self.line}" if self.line else self.file or "."
