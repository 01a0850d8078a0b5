"""How long a build may take: what the component says, else what its last build took."""

from __future__ import annotations

import pytest

from farm.plan.timeout import limit_minutes


@pytest.mark.parametrize(
    ("given", "last_s", "minutes"),
    [
        (5, None, 5),
        (5, 36_000.0, 5),
        (None, None, 60),
        (None, 3.0, 20),
        (None, 600.0, 50),
        (None, 36_000.0, 3000),
        (None, 1e7, 7 * 24 * 60),
    ],
)
def test_limits(given: int | None, last_s: float | None, minutes: int) -> None:
    assert limit_minutes(given, last_s) == minutes
