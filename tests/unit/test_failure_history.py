"""Since when a component fails, and which of its builds failed by chance."""

from __future__ import annotations

from typing import Any

from farm.failure.history import breakage, wavering
from farm.records.rows import BUILT, FAILED, RUNNING, BuildRow
from tests.records_data import build


def row(number: int, outcome: str, commit: str = "", **inputs: Any) -> BuildRow:
    found = {"commit": commit or f"c{number}", "dependencies": {}, "forced": 0, **inputs}
    return build(number, outcome=outcome, inputs=found)


def test_it_broke_between_the_last_good_and_the_first_bad_build() -> None:
    rows = [row(5, RUNNING), row(4, FAILED), row(3, FAILED), row(2, BUILT), row(1, FAILED)]
    found = breakage(rows)
    assert found is not None
    assert (found.commits, found.failed, found.own) == (("c2", "c3"), 2, True)


def test_what_builds_is_not_broken() -> None:
    assert breakage([row(2, BUILT), row(1, FAILED)]) is None
    assert breakage([]) is None
    assert breakage([row(1, RUNNING)]) is None


def test_what_never_built_has_no_good_commit() -> None:
    found = breakage([row(2, FAILED), row(1, FAILED)])
    assert found is not None
    assert (found.good, found.commits, found.own) == (None, ("", "c1"), False)


def test_a_commit_that_built_before_was_broken_by_something_else() -> None:
    found = breakage([row(2, FAILED, "c", dependencies={"a": "2"}), row(1, BUILT, "c")])
    assert found is not None and not found.own


def test_what_failed_and_then_passed_with_the_same_inputs_wavers() -> None:
    rows = [row(3, BUILT, "c", forced=2), row(2, FAILED, "c", forced=1), row(1, FAILED, "b")]
    assert [(one.failed, one.passed) for one in wavering(rows)] == [(rows[1], rows[0])]


def test_other_inputs_explain_another_outcome() -> None:
    rows = [row(2, BUILT, "c", dependencies={"a": "2"}), row(1, FAILED, "c")]
    assert list(wavering(rows)) == []


def test_what_passed_before_it_failed_is_broken_and_does_not_waver() -> None:
    assert list(wavering([row(2, FAILED, "c", forced=1), row(1, BUILT, "c")])) == []
