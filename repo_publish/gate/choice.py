"""The fewest components to hold back so that every known condition holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Literal = tuple[str, bool]
"""A component, and whether its new build is published (else what is live stays)."""
Clause = frozenset[Literal]
"""A condition: one of these has to be so."""

MAX_STEPS = 20_000


def fewest_held(
    order: Sequence[str], clauses: Iterable[Clause], fixed: Iterable[str] = ()
) -> frozenset[str] | None:
    """The smallest set of components that has to be held back; None when there is none at all.

    Of several, the one whose components come first in `order`. After `MAX_STEPS` the best so far
    is taken, which then need not be the smallest.

    :param order: every component that may be held back.
    :param fixed: components that are held back in any case.
    """
    search = _Search({name: place for place, name in enumerate(order)}, tuple(clauses))
    search.extend(dict.fromkeys(fixed, False))
    return search.best


@dataclass
class _Search:
    place: Mapping[str, int]
    clauses: tuple[Clause, ...]
    best: frozenset[str] | None = None
    steps: int = 0

    def extend(self, decided: dict[str, bool]) -> None:
        """Try all that follows from what is decided; what is not decided is published."""
        todo = [decided]
        while todo and self.steps < MAX_STEPS:
            self.steps += 1
            decided = todo.pop()
            options = self._follow(decided)
            if options is None:
                continue
            held = frozenset(name for name, new in decided.items() if not new)
            if self.best is not None and len(held) + bool(options) >= len(self.best):
                continue
            if not options:
                self.best = held
                continue
            branches = []
            for index, name in enumerate(options):
                earlier = dict.fromkeys(options[:index], True)
                branches.append({**decided, **earlier, name: False})
            todo += reversed(branches)

    def _follow(self, decided: dict[str, bool]) -> list[str] | None:
        """Decide what has no choice; the shortest choice left, or None for a dead end."""
        while True:
            shortest: list[str] = []
            forced = False
            for clause in self.clauses:
                if any(decided.get(name, True) is new for name, new in clause):
                    continue
                options = [name for name, new in clause if not new and name not in decided]
                if not options:
                    return None
                if len(options) == 1:
                    decided[options[0]] = False
                    forced = True
                elif not shortest or len(options) < len(shortest):
                    shortest = options
            if not forced:
                return sorted(shortest, key=self.place.__getitem__)
