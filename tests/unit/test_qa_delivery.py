"""Delivery: in order, again later when it fails, nothing lost, nothing without a record."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.qa import Webhook
from repo_publish.line import Line
from repo_publish.qa.delivery import deliver_due, retry_after_s, waiting
from tests.manifests import a_line, a_manifest, add_snapshot

HOOK = Webhook.model_validate({"name": "lab", "url": "https://lab.example.org/farm"})


@dataclass
class Lab:
    """A system under test: answers as told, and remembers what it heard."""

    answers: list[int | OSError] = field(default_factory=list)
    """Of the next requests; then always 200."""
    heard: list[int] = field(default_factory=list)
    now: float = 1_700_000_000.0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.heard.append(json.loads(body)["snapshot"])
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, OSError):
            raise answer
        return answer

    def deliver(self, archive: Path, *hooks: Webhook) -> int:
        return deliver_due(
            archive,
            hooks or (HOOK,),
            lambda hook: "secret",
            io.StringIO(),
            post=self.post,
            clock=lambda: self.now,
        )


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return a_line(tmp_path, a_manifest(number=1), a_manifest(number=2))


def test_a_new_hook_hears_of_what_is_live_and_of_all_that_follows(line: Line) -> None:
    lab = Lab()
    assert lab.deliver(line.archive) == 1
    add_snapshot(line, 3)
    add_snapshot(line, 4)

    assert lab.deliver(line.archive) == 2
    assert lab.deliver(line.archive) == 0

    assert lab.heard == [2, 3, 4]


def test_a_line_that_is_new_is_heard_of_from_its_first_snapshot(tmp_path: Path) -> None:
    lab = Lab()
    (tmp_path / ".state").mkdir()
    lab.deliver(tmp_path)
    a_line(tmp_path, a_manifest(number=1), a_manifest(number=2))

    lab.deliver(tmp_path)

    assert lab.heard == [1, 2]


def test_what_fails_is_tried_again_later_and_later_and_the_order_stays(line: Line) -> None:
    lab = Lab([500, OSError("no route to host"), 302])
    add_snapshot(line, 3)
    lab.deliver(line.archive)
    add_snapshot(line, 4)

    waits = []
    for _ in range(3):
        (one,) = waiting([line], [HOOK])
        waits.append(one.standing.next_try - int(lab.now))
        lab.now = one.standing.next_try - 1
        assert lab.deliver(line.archive) == 0, "not yet"
        lab.now += 1
        lab.deliver(line.archive)

    assert waits == [5, 10, 20]
    assert lab.heard == [3, 3, 3, 3, 4]
    assert waiting([line], [HOOK])[0].standing.attempts == 0


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [retry_after_s(n) for n in (1, 2, 3, 10, 11, 10_000)] == [5, 10, 20, 2560, 3600, 3600]


def test_one_hook_that_is_down_does_not_keep_others_waiting(line: Line) -> None:
    down = Webhook.model_validate({"name": "down", "url": "https://down.example.org/"})
    lab = Lab([503])

    assert lab.deliver(line.archive, down, HOOK) == 1


def test_every_attempt_is_on_record_before_it_is_made(line: Line) -> None:
    record = line.archive / ".state/qa/deliveries.jsonl"

    def dying(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        assert json.loads(record.read_text())["outcome"] == "trying"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_due(line.archive, [HOOK], lambda hook: "", io.StringIO(), post=dying)

    lab = Lab()
    assert lab.deliver(line.archive) == 1, "what was interrupted is delivered again"
    outcomes = [json.loads(said)["outcome"] for said in record.read_text().splitlines()]
    assert outcomes == ["trying", "trying", "delivered"]


def test_a_snapshot_that_is_gone_is_given_up(line: Line) -> None:
    lab = Lab()
    lab.deliver(line.archive)
    add_snapshot(line, 3)
    add_snapshot(line, 4)
    (line.snapshot(3) / "manifest.json").unlink()

    lab.deliver(line.archive)

    assert lab.heard == [2, 4]


def test_lines_that_a_hook_does_not_want_are_left_out(line: Line) -> None:
    hook = Webhook.model_validate(
        {"name": "lab", "url": "https://lab.example.org/", "lines": ["testing/*"]}
    )
    lab = Lab()

    assert lab.deliver(line.archive, hook) == 0
    assert waiting([line], [hook]) == []
