"""Which snapshot a rule promotes."""

from __future__ import annotations

from farm.qa import Promotion
from repo_publish.manifest import Origin, Rollback
from repo_publish.qa.promotion import snapshot_to_promote
from repo_publish.qa.reports import Report
from repo_publish.summary import Summary, summary_of
from tests.manifests import a_manifest

RULE = Promotion.model_validate(
    {"from": "development", "to": "testing", "passed": ["smoke", "upgrade"]}
)
PASSED = {by: Report(snapshot=1, by=by, result="pass") for by in ("smoke", "upgrade", "other")}
FAILED = {**PASSED, "upgrade": Report(snapshot=1, by="upgrade", result="fail")}


def source(*numbers: int, rollback: Rollback | None = None) -> list[Summary]:
    """Snapshots of development, newest first; the newest one may be a rollback."""
    return [
        summary_of(a_manifest(number=n, rollback=rollback if n == max(numbers) else None), None)
        for n in sorted(numbers, reverse=True)
    ]


def promoted(*numbers: int) -> list[Summary]:
    """Snapshots of testing made from these of development."""
    origins = [Origin(channel="development", distro="bookworm", snapshot=n) for n in numbers]
    return [summary_of(a_manifest(channel="testing", origin=origin), None) for origin in origins]


def promotes(
    snapshots: list[Summary], said: dict, target: list[Summary] | None = None
) -> int | None:
    return snapshot_to_promote(RULE, "development", snapshots, said, target or [])


def test_the_newest_that_all_have_passed_is_promoted() -> None:
    assert promotes(source(40, 41, 42), {40: PASSED, 41: PASSED}) == 41


def test_a_fail_or_a_missing_report_stops_it() -> None:
    assert promotes(source(42), {}) is None
    assert promotes(source(42), {42: FAILED}) is None
    assert promotes(source(42), {42: {"smoke": PASSED["smoke"]}}) is None


def test_it_never_goes_back_and_never_twice() -> None:
    assert promotes(source(40, 41), {40: PASSED, 41: PASSED}, promoted(41)) is None
    assert promotes(source(40, 41), {40: PASSED}, promoted(41)) is None


def test_other_channels_numbers_do_not_count() -> None:
    other = [
        summary_of(a_manifest(origin=Origin(channel="x", distro="bookworm", snapshot=99)), None)
    ]

    assert promotes(source(41), {41: PASSED}, other) == 41


def test_what_was_rolled_back_is_not_promoted_by_a_late_report() -> None:
    went_back = Rollback(from_snapshot=42, to_snapshot=40, reason="loses data")

    assert promotes(source(40, 41, 42, 43, rollback=went_back), {42: PASSED}) is None
    assert promotes(source(40, 41, 42, 43, rollback=went_back), {40: PASSED, 42: PASSED}) == 40
    assert promotes(source(40, 41, 42, 43, rollback=went_back), {43: PASSED}) == 43
