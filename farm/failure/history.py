"""What a component's builds on a line say together: since when it fails, and which tests waver.

Pure functions over the rows of the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from farm.records.rows import BUILT, FAILED, BuildRow


@dataclass(frozen=True)
class Breakage:
    """Between which two builds a component broke."""

    good: BuildRow | None
    """The last that built; None: of those on record, none did."""
    bad: BuildRow
    """The first that failed."""
    failed: int
    """Builds that failed since."""

    @property
    def commits(self) -> tuple[str, str]:
        """The last good commit and the first bad one; the first is empty where none is known."""
        good = self.good.inputs["commit"] if self.good else ""
        return good, self.bad.inputs["commit"]

    @property
    def own(self) -> bool:
        """Whether it broke with a commit of its own, and not with one of what it is built with."""
        return self.good is not None and self.commits[0] != self.commits[1]


@dataclass(frozen=True)
class Wavering:
    """A build that failed, and one of the same inputs that did not."""

    failed: BuildRow
    passed: BuildRow


def breakage(rows: Iterable[BuildRow]) -> Breakage | None:
    """Since when a component fails; None where it builds, or was never built.

    :param rows: its builds on a line, the one asked for last first.
    """
    bad: BuildRow | None = None
    failed = 0
    for row in rows:
        if row.outcome == BUILT:
            return Breakage(row, bad, failed) if bad else None
        if row.outcome == FAILED:
            bad, failed = row, failed + 1
    return Breakage(None, bad, failed) if bad else None


def wavering(rows: Sequence[BuildRow]) -> Iterator[Wavering]:
    """The builds that failed though a later one of the same inputs did not, the newest first.

    Whoever has a build done again gets another key, in which only the count of such wishes differs.

    :param rows: a component's builds on a line, the one asked for last first.
    """
    passed: list[tuple[dict[str, Any], BuildRow]] = []
    for row in rows:
        if row.outcome not in (BUILT, FAILED):
            continue
        inputs = {**row.inputs, "forced": 0}
        if row.outcome == BUILT:
            passed.append((inputs, row))
            continue
        same = next((other for found, other in passed if found == inputs), None)
        if same is not None:
            yield Wavering(row, same)
