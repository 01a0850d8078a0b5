"""Whose fault it is that an upgrade fails: found by holding components back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

Passes = Callable[[frozenset[str]], bool]
"""Whether the upgrade works when these components are held back."""


def find_guilty(
    changed: Sequence[str], suspects: Collection[str], passes: Passes, tries: int
) -> frozenset[str] | None:
    """The components that have to be held back so that the upgrade works.

    None when that takes more than so many tries. It fails when none is held back; with all of them
    held back nothing changes, and it works.

    :param changed: components that could be at fault.
    :param suspects: those that the failure names: tried first.
    """
    left = tries

    def works(held: frozenset[str]) -> bool:
        nonlocal left
        left -= 1
        return passes(held)

    if suspects and works(frozenset(suspects)):
        return frozenset(suspects)
    guilty: frozenset[str] = frozenset()
    order = list(changed)
    while True:
        # With the first `good` of them it works, with the first `bad` it does not.
        good, bad = 0, len(order)
        while bad - good > 1:
            if not left:
                return None
            middle = (good + bad) // 2
            if works(guilty | frozenset(order[middle:])):
                good = middle
            else:
                bad = middle
        guilty |= {order[bad - 1]}
        order = [*order[: bad - 1], *order[bad:]]
        if not order:
            return guilty
        if not left:
            return None
        if works(guilty):
            return guilty
