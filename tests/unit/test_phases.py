"""The phases of a build: marks, seconds, the time limit, and whose fault a failure is."""

from __future__ import annotations

import io

import pytest

from farm.build.phases import Phases
from farm.build.stream import TimeLimitExceeded
from farm.errors import BuildFailure, CommandError, InfrastructureError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_phase_is_marked_once_and_timed() -> None:
    log, clock = io.StringIO(), Clock()
    phases = Phases(log, 600, clock)

    phases.enter("build")
    phases.enter("build")
    phases.line("cc -c a.c\n")
    clock.now += 2
    phases.enter("test")
    clock.now += 0.5
    phases.enter("build")
    clock.now += 1

    assert log.getvalue() == "==> build\ncc -c a.c\n==> test\n==> build\n"
    assert phases.seconds() == {"build": 3.0, "test": 0.5}


def test_the_time_limit_counts_from_the_start_that_was_set() -> None:
    clock = Clock()
    phases = Phases(io.StringIO(), 600, clock)
    clock.now += 100
    assert phases.remaining_s() == 500

    phases.start_limit()
    clock.now += 599
    assert phases.remaining_s() == 1

    clock.now += 10
    assert phases.remaining_s() == 0


def failing(output: str = "boom\n") -> CommandError:
    return CommandError("build", ["make"], 2, output)


def test_a_failed_program_is_the_components_fault_in_the_current_phase() -> None:
    phases = Phases(io.StringIO(), 600)
    phases.enter("test")

    with pytest.raises(BuildFailure) as caught, phases.verdict():
        raise failing()

    assert str(caught.value).startswith("test failed: build: make exited with 2\n  boom")

    assert caught.value.phase == "test"


def test_running_too_long_is_said_in_minutes() -> None:
    phases = Phases(io.StringIO(), 90)
    phases.enter("test")

    expected = r"^test failed: ran longer than 1\.5 minutes$"
    with pytest.raises(BuildFailure, match=expected), phases.verdict():
        raise TimeLimitExceeded("make", 12)


@pytest.mark.parametrize(
    "output",
    [
        "as: can't write: No space left on device\n",
        "cc: fatal error: Killed signal terminated program cc1\n",
    ],
)
def test_a_full_disk_and_a_lack_of_memory_are_the_machines_fault(output: str) -> None:
    phases = Phases(io.StringIO(), 600)
    phases.enter("build")

    with pytest.raises(InfrastructureError), phases.verdict():
        raise failing(output)


def test_a_build_that_fails_with_no_room_left_is_the_machines_fault() -> None:
    phases = Phases(io.StringIO(), 600)
    phases.enter("build")

    expected = "no space left for the build"
    with pytest.raises(InfrastructureError, match=expected), phases.verdict(lambda: True):
        raise failing()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), failing()])
def test_what_is_no_verdict_is_the_machines_fault(error: Exception) -> None:
    phases = Phases(io.StringIO(), 600)
    phases.enter("unpack")

    with pytest.raises(InfrastructureError, match=r"^unpack: "), phases.guard():
        raise error


def test_a_verdict_stays_what_it_is() -> None:
    phases = Phases(io.StringIO(), 600)

    with pytest.raises(BuildFailure), phases.guard():
        raise BuildFailure("test", "1 of 2 tests failed")
