"""The time of a snapshot only moves on."""

from __future__ import annotations

import pytest

from farm.errors import InfrastructureError
from repo_publish.publisher import next_timestamp


def test_two_snapshots_never_have_the_same_second() -> None:
    now = iter([100.2, 100.3, 100.9, 101.1, 101.2])
    slept: list[float] = []

    assert next_timestamp(100, clock=lambda: next(now), sleep=slept.append) == 101
    assert len(slept) == 2


def test_a_clock_that_was_set_back_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="the clock is 900 s behind the live snapshot"):
        next_timestamp(1000, clock=lambda: 100.0)
