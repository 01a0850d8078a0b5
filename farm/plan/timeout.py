"""How long a build may take before it counts as hanging."""

from __future__ import annotations

import math

FIRST_MINUTES = 60
"""While nobody knows how long a component takes."""
LEAST_MINUTES = 20
"""A busy worker or a mirror that is slow must not look like a component that hangs."""
MOST_MINUTES = 7 * 24 * 60
TIMES = 5
"""A build may take so many times as long as the last one did."""


def limit_minutes(given: int | None, last_s: float | None) -> int:
    """Minutes that a build may take.

    :param given: what components.yml says, which is final.
    :param last_s: seconds that the component's newest successful build on the distro took.
    """
    if given is not None:
        return given
    if last_s is None:
        return FIRST_MINUTES
    return min(MOST_MINUTES, max(LEAST_MINUTES, math.ceil(TIMES * last_s / 60)))
