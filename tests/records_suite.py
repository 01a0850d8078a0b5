"""What records must do on every kind of database: tests that a class with a `url` fixture runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from farm.failure.model import Failure, KeptFailure, Kind
from farm.plan.key import View
from farm.records.finished import Ended
from farm.records.rows import (
    BUILT,
    CANCELLED,
    FAILED,
    INTERRUPTED,
    RUNNING,
    Attempt,
    ForceRow,
)
from farm.records.store import Records
from tests.records_data import (
    LINE,
    Clock,
    build,
    contradictions,
    generation,
    key_of,
    snapshot,
    told,
    topic,
)
from tests.stacks import head

Open = Callable[[], Records]


class RecordsSuite:
    """A subclass has a fixture `url`: an empty database for each test."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def opened(self, url: str, clock: Clock) -> Iterator[Open]:
        """Opens the records anew."""
        every: list[Records] = []

        def again() -> Records:
            every.append(Records(url, clock))
            return every[-1]

        yield again
        for one in every:
            one.close()

    @pytest.fixture
    def records(self, opened: Open) -> Records:
        return opened()

    @pytest.fixture(autouse=True)
    def _agrees(self, records: Records, opened: Open) -> Iterator[None]:
        """After every test: memory says what the database says, and nothing contradicts."""
        yield
        assert told(records) == told(opened())
        assert list(contradictions(records)) == []

    def test_heads_are_kept_by_channel(self, records: Records, opened: Open) -> None:
        records.put_head("development", head("libogg", 1))
        records.put_head("stable", head("libogg", 1))
        records.put_head("development", head("libogg", 2))
        assert opened().heads == {
            ("development", "libogg"): head("libogg", 2),
            ("stable", "libogg"): head("libogg", 1),
        }

    def test_a_forced_head_stands_until_it_is_dropped(self, records: Records, opened: Open) -> None:
        records.put_forced_head(*LINE, head("libogg", 7))
        assert opened().forced_heads == {(*LINE, "libogg"): head("libogg", 7)}
        records.drop_forced_head(*LINE, "libogg")
        assert opened().forced_heads == {}

    def test_a_generation_can_be_read_as_it_was(self, records: Records, opened: Open) -> None:
        first = generation(1, head("libogg", 1), head("speex", 1))
        records.put_generation(first)
        first = replace(first, admitted={**first.admitted, "speex": head("speex", 2)}, done=True)
        records.put_generation(first)
        second = generation(2, head("libogg", 2), forced={"libogg": 3})
        records.put_generation(second)
        assert opened().generations == {LINE: second}
        assert opened().generation_at(LINE, 1) == first
        assert opened().generation_at(LINE, 2) == second
        assert records.generation_at(LINE, 3) is None

    def test_a_snapshot_can_be_read_as_it_was(self, records: Records, opened: Open) -> None:
        first = snapshot(1, {"libogg": 1, "speex": 2})
        wanted = {"libogg": key_of(3), "flac": key_of(4)}
        second = snapshot(2, {"libogg": 1}, wanted=wanted, held_back={"flac": "needs libfoo"})
        for one in (first, second):
            records.put_snapshot(one)
        assert opened().snapshots == {LINE: second}
        assert opened().snapshot_at(LINE, 1) == first
        assert opened().snapshot_at(("stable", "bookworm"), 1) is None

    def test_a_snapshot_brought_what_the_archive_had_not_before(self, records: Records) -> None:
        held = {"libogg": key_of(3), "speex": key_of(2)}
        for one in (
            snapshot(1, {"libogg": 1, "speex": 2}),
            snapshot(2, {"libogg": 1, "speex": 2}, wanted=held),
            snapshot(3, {"libogg": 3, "speex": 2}),
            snapshot(4, {"libogg": 3}),
        ):
            records.put_snapshot(one)
        brought = [(1, "libogg", key_of(1)), (1, "speex", key_of(2)), (3, "libogg", key_of(3))]
        brought.append((4, "speex", ""))
        changes = records.published_changes(LINE)
        assert [(one.number, one.component, one.key) for one in changes] == brought
        assert changes[0].published_at == 1001.0
        assert records.published_changes(LINE, "libogg", since=2) == [changes[2]]

    def test_builds_are_counted_since_they_ended(self, records: Records) -> None:
        for number in (1, 2, 3):
            records.start_build(build(number))
        records.build_began(key_of(2))
        records.build_succeeded(key_of(2), "d" * 64)
        records.build_failed(key_of(1), "build", "cc: error")
        assert records.ended_since(["bookworm", "el9"], 1004.5) == [
            Ended("bookworm", BUILT, 1005.0, 1.0),
            Ended("bookworm", FAILED, 1006.0, 5.0),
        ]
        assert len(records.ended_since(["bookworm"], 1005.0)) == 1

    def test_something_fails_since_the_first_failure_after_the_last_good_build(
        self, records: Records
    ) -> None:
        for number, good in enumerate((False, True, False, False), 1):
            key = records.start_build(build(number)).key
            if good:
                records.build_succeeded(key, "d" * 64)
            else:
                records.build_failed(key, "build", "cc: error")
        third = records.builds[key_of(3)].finished_at
        assert records.failing_since(LINE, ["libogg", "libvorbis"]) == {"libogg": third}
        assert records.failing_since(("stable", LINE[1]), ["libogg"]) == {}
        records.build_succeeded(records.start_build(build(5)).key, "d" * 64)
        assert records.failing_since(LINE, ["libogg"]) == {}

    def test_a_build_runs_from_when_a_worker_began(self, records: Records) -> None:
        asked = records.start_build(build())
        assert (asked.requested_at, asked.started_at, asked.attempt) == (1001.0, 0.0, 1)
        records.build_began(asked.key, "worker-1")
        records.build_succeeded(asked.key, "d" * 64, ("libc",))
        done = records.builds[asked.key]
        assert (done.started_at, done.finished_at, done.duration_s) == (1002.0, 1003.0, 1.0)
        assert (done.outcome, done.exposes) == (BUILT, ("libc",))
        assert records.durations("bookworm") == {"libogg": 1.0}
        assert records.attempts_of(asked.key) == [
            Attempt(asked.key, 1, 1001.0, 1002.0, 1003.0, BUILT, "worker-1")
        ]

    def test_without_word_from_a_worker_a_build_runs_from_when_it_was_asked_for(
        self, records: Records, clock: Clock
    ) -> None:
        records.start_build(build())
        clock.now += 60
        records.build_succeeded(key_of(1), "d" * 64)
        assert records.durations("bookworm") == {"libogg": 61.0}

    def test_the_worker_that_began_last_counts(self, records: Records) -> None:
        records.start_build(build())
        records.build_began(key_of(1), "lost")
        records.build_began(key_of(1), "second")
        records.build_succeeded(key_of(1), "d" * 64)
        assert records.builds[key_of(1)].started_at == 1003.0
        assert records.attempts_of(key_of(1))[0].worker == "second"

    def test_a_worker_that_begins_too_late_changes_nothing(self, records: Records) -> None:
        records.start_build(build())
        records.build_failed(key_of(1), "build", "cc: error")
        failed = records.builds[key_of(1)]
        records.build_began(key_of(1), "late")
        assert records.builds[key_of(1)] == failed

    def test_durations_are_those_of_the_newest_success(self, records: Records) -> None:
        durations = records.durations("bookworm")
        for number in (1, 2, 3):
            records.start_build(build(number))
            records.build_began(key_of(number))
        records.build_succeeded(key_of(2), "d" * 64)
        records.build_succeeded(key_of(1), "d" * 64)
        assert durations == {"libogg": 1008.0 - 1002.0}
        records.build_failed(key_of(3), "build", "cc: error")
        assert durations == {"libogg": 1008.0 - 1002.0}
        assert records.durations("el9") == {}

    def test_every_attempt_is_kept(self, records: Records) -> None:
        records.start_build(build())
        records.build_began(key_of(1), "w1")
        assert records.build_interrupted(key_of(1), "the worker was lost") == 1
        records.start_build(build())
        assert records.builds[key_of(1)].started_at == 0.0
        assert records.build_interrupted(key_of(1), "the disk was full") == 2
        records.start_build(build())
        records.build_failed(key_of(1), "test", "3 of 4 tests failed")
        attempts = records.attempts_of(key_of(1))
        assert [one.outcome for one in attempts] == [INTERRUPTED, INTERRUPTED, FAILED]
        assert [one.worker for one in attempts] == ["w1", "", ""]
        assert attempts[0].message == "the worker was lost"
        assert records.builds[key_of(1)].attempts == 2

    def test_an_attempt_that_never_ended_is_interrupted_by_the_next(self, records: Records) -> None:
        records.start_build(build())
        records.start_build(build())
        assert [one.outcome for one in records.attempts_of(key_of(1))] == [INTERRUPTED, RUNNING]

    def test_what_was_found_after_all_replaces_the_interruption(self, records: Records) -> None:
        records.start_build(build())
        records.build_interrupted(key_of(1), "the master was lost")
        records.build_succeeded(key_of(1), "d" * 64)
        assert [one.outcome for one in records.attempts_of(key_of(1))] == [BUILT]

    def test_what_was_found_of_a_failure_is_kept_by_attempt(self, records: Records) -> None:
        found = {
            line: KeptFailure(failure=Failure(kind=Kind.TEST, message="FAIL: ☃", line=line))
            for line in (3, 5)
        }
        records.start_build(build())
        records.keep_failure(key_of(1), found[3])
        records.keep_failure(key_of(1), found[5])
        assert records.failures_of(key_of(1)) == {1: found[5]}
        records.start_build(build(generation=2))
        records.keep_failure(key_of(1), found[3])
        assert records.failures_of(key_of(1)) == {1: found[5], 2: found[3]}
        assert records.failures_of(key_of(2)) == {}

    def test_finished_builds_are_one_live_mapping(self, records: Records) -> None:
        facts = records.line_builds("bookworm")
        records.start_build(build(1))
        assert facts.get(key_of(1)) is None
        assert key_of(1) not in facts
        records.build_succeeded(key_of(1), "d" * 64, ("libc",))
        assert facts[key_of(1)] == records.builds[key_of(1)].fact
        assert records.line_builds("bookworm") is facts
        assert records.line_builds("el9").get(key_of(1)) is None
        assert (list(facts), len(facts)) == ([key_of(1)], 1)

    def test_a_build_that_was_cancelled_is_no_verdict(self, records: Records) -> None:
        facts = records.line_builds("bookworm")
        records.start_build(build())
        assert set(records.unfinished) == {key_of(1)}
        records.build_cancelled(key_of(1))
        assert (records.unfinished, facts.get(key_of(1))) == ({}, None)
        assert records.builds[key_of(1)].outcome == CANCELLED
        again = records.start_build(build(generation=2))
        assert (again.outcome, again.attempt, again.attempts) == (RUNNING, 2, 0)

    def test_the_last_build_is_the_one_asked_for_last(self, records: Records) -> None:
        place = (*LINE, "libogg")
        assert records.last_build(*place) is None
        records.start_build(build(1))
        records.start_build(build(2, generation=2))
        records.build_succeeded(key_of(1), "d" * 64)
        assert records.last_build(*place) == records.builds[key_of(2)]
        records.start_build(build(1, generation=3))
        assert records.last_build(*place) == records.builds[key_of(1)]
        assert [row.key for row in records.builds_of(*place)] == [key_of(1), key_of(2)]

    def test_a_build_asked_for_by_another_channel_is_that_channels(self, records: Records) -> None:
        records.start_build(build(1))
        assert records.generation_builds(LINE, 1) == {"libogg"}
        records.build_interrupted(key_of(1), "lost")
        records.start_build(build(1, channel="stable"))
        assert records.last_build(*LINE, "libogg") is None
        assert records.last_build("stable", "bookworm", "libogg") == records.builds[key_of(1)]
        assert records.generation_builds(LINE, 1) == frozenset()

    def test_a_generation_has_the_builds_that_were_asked_for_in_it(self, records: Records) -> None:
        records.start_build(build(1, "libogg"))
        assert records.generation_builds(LINE, 1) == {"libogg"}
        records.start_build(build(2, "speex"))
        assert records.generation_builds(LINE, 1) == {"libogg", "speex"}
        records.start_build(build(3, "flac", generation=2))
        assert records.generation_builds(LINE, 2) == {"flac"}
        assert records.generation_builds(LINE, 1) == {"libogg", "speex"}
        assert records.generation_builds(("stable", "bookworm"), 1) == frozenset()

    def test_no_version_is_used_twice_on_a_distro(self, records: Records) -> None:
        def rebuild(number: int, **fields: str) -> int:
            return records.start_build(build(number, **fields)).rebuild

        assert [rebuild(1), rebuild(2), rebuild(3, channel="stable")] == [0, 1, 2]
        assert rebuild(2) == 1
        assert [rebuild(4, upstream_version="1.1"), rebuild(5, distro="el9")] == [0, 0]

    def test_keys_are_found_by_their_first_digits(self, records: Records) -> None:
        records.start_build(build(1))
        records.start_build(build(2, key="ab" * 32))
        assert records.keys_like("abab") == ["ab" * 32]
        assert records.keys_like("a%") == []

    def test_every_force_is_on_record(self, records: Records, opened: Open) -> None:
        assert records.force(*LINE, "libogg", "bad disk", "ann") == 1
        count = records.force(*LINE, "libogg", "try it", "bob", commit="c" * 40, branch="fix")
        assert (count, records.forces) == (2, {(*LINE, "libogg"): 2})
        assert opened().forces_of(*LINE, "libogg") == [
            ForceRow(*LINE, "libogg", 2, "try it", "bob", "fix", "c" * 40, 1002.0),
            ForceRow(*LINE, "libogg", 1, "bad disk", "ann", None, None, 1001.0),
        ]
        assert records.forces_of(*LINE, "speex") == []

    def test_views_are_written_once(self, records: Records, opened: Open) -> None:
        ogg = View("a" * 64, "libogg", "b" * 64, {})
        vorbis = View("c" * 64, "libvorbis", "d" * 64, {"libogg": ogg.digest})
        records.put_views([ogg])
        records.put_views([ogg, vorbis])
        assert dict(opened().views) == {ogg.digest: ogg, vorbis.digest: vorbis}

    def test_a_topic_lives_until_it_is_deleted(self, records: Records, opened: Open) -> None:
        records.put_topic(topic())
        records.put_topic(topic("pr-libogg-12", kind="pull", component="libogg", number=12))
        records.put_topic(topic(refreshed_at=9.0))
        assert opened().topics["topic-migrate"] == topic(refreshed_at=9.0)
        records.delete_topic("topic-migrate", 10.0)
        assert set(opened().topics) == {"pr-libogg-12"}
        records.put_topic(topic())
        assert opened().topics["topic-migrate"] == topic()

    def test_a_topic_made_anew_has_only_its_new_heads(self, records: Records, opened: Open) -> None:
        records.put_topic(topic(), [head("libogg", 1), head("speex", 1)])
        records.put_head("development", head("libogg", 1))
        records.put_topic(topic(), [head("libogg", 2)])
        assert opened().heads == {
            ("topic-migrate", "libogg"): head("libogg", 2),
            ("development", "libogg"): head("libogg", 1),
        }

    @pytest.mark.parametrize("message", ["", "a\0b", "é" * 5000, "many\nlines\n", "100 % 'x'"])
    def test_any_message_can_be_recorded(self, records: Records, message: str) -> None:
        records.start_build(build())
        records.build_failed(key_of(1), "a phase with a name that is long " * 9, message)
        assert records.builds[key_of(1)].message == message.replace("\0", "")
