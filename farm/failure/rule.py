"""What a rule is: how one tool reports one kind of error."""

from __future__ import annotations

import re
from dataclasses import dataclass

from farm.failure.model import Kind


@dataclass(frozen=True)
class Rule:
    """How one tool reports one kind of error."""

    kind: Kind
    pattern: re.Pattern[str]
    hint: str = ""
    """May name groups of the pattern: ``{header}``."""
    message: str = ""
    """May name groups of the pattern; empty: the line itself."""
    after: re.Pattern[str] | None = None
    """Of the next lines, the first that matches says more; its group replaces the message, or
    follows it where `message` ends with a colon."""
    before: re.Pattern[str] | None = None
    """The first match among the last lines before is where the error is."""
    weak: bool = False
    """It tells that something failed, not what: counts where nothing else is found."""
    certain: bool = False
    """It counts whatever else is found."""


def rule(
    kind: Kind,
    pattern: str,
    hint: str = "",
    message: str = "",
    *,
    after: str = "",
    before: str = "",
    weak: bool = False,
    certain: bool = False,
) -> Rule:
    """A rule from patterns as text; the fields are those of `Rule`."""
    return Rule(
        kind,
        re.compile(pattern),
        hint,
        message,
        re.compile(after) if after else None,
        re.compile(before) if before else None,
        weak,
        certain,
    )
