"""A pass of the hand-off: what is wrong in one place keeps nothing else waiting."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from farm.errors import FarmError
from farm.qa import Qa
from repo_publish.errors import PublishError
from repo_publish.keys import Keyring
from repo_publish.publisher import Stores
from repo_publish.qa import hand_off
from repo_publish.qa.hand_off import HandOff
from repo_publish.qa.reports import checked_report, record
from tests.manifests import URL, a_line, a_manifest

RULE = {"from": "development", "to": "testing", "passed": ["smoke"]}


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def a_hand_off(archive: Path, clock: Clock) -> HandOff:
    return HandOff(
        archive,
        Qa.model_validate({"promotions": [RULE]}),
        lambda hook: "secret",
        Stores(None, Keyring(archive / "keys"), URL),
        io.StringIO(),
        clock,
    )


def test_a_damaged_line_is_told_once_and_left_out(tmp_path: Path) -> None:
    a_line(tmp_path, a_manifest())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/bookworm").symlink_to("/nowhere")
    one = a_hand_off(tmp_path, Clock())

    errors = [one.one_pass() for _ in range(3)]

    assert [len(found) for found in errors] == [1, 1, 1]
    assert isinstance(one.log, io.StringIO)
    assert one.log.getvalue().count("broken/bookworm is left out") == 1


def test_a_promotion_that_fails_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(tmp_path, a_manifest(number=7))
    record(line, checked_report(snapshot=7, by="smoke", result="pass"))
    tried: list[float] = []
    clock = Clock()

    def promote(*arguments: object) -> None:
        tried.append(clock.now)
        if len(tried) < 3:
            raise PublishError("not now")

    monkeypatch.setattr(hand_off, "promote", promote)
    one = a_hand_off(tmp_path, clock)
    found: list[FarmError] = []
    for _ in range(30):
        found += one.one_pass()
        clock.now += 1

    assert [int(moment - tried[0]) for moment in tried] == [0, 5, 15]
    assert [str(error) for error in found] == ["not now", "not now"]


def test_without_an_archive_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert a_hand_off(tmp_path / "none", Clock()).one_pass() == []
