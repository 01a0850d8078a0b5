"""Following the master's status until the demo is done, fails or stands still."""

import io
import json

import pytest
from rich.console import Console

from demo.errors import DemoError
from demo.progress import Lines, Patience, duration, follow, table, view_for
from demo.status import Status, changes, failures, is_complete, is_stuck, read_status

LINE = "development/bookworm"
EXPECTED = {LINE: frozenset({"libogg", "libvorbis"})}


def component(state, **more):
    return {"state": state, **more}


def status(libogg, libvorbis, *, state="building", snapshot=None, held_back=None, updated=100.0):
    """One line with two components, the second of which needs the first."""
    line = {
        "generation": 1,
        "state": state,
        "snapshot": snapshot,
        "held_back": held_back or {},
        "components": {"libogg": libogg, "libvorbis": libvorbis},
    }
    return Status.model_validate({"updated": updated, "lines": {LINE: line}})


WAITS = component("waiting", waits_for=["libogg"])
DONE = component("published", version="1.3.5")
START = status(component("building", since=90.0), WAITS)
MIDDLE = status(component("built", version="1.3.5"), component("building"))
END = status(DONE, DONE, state="idle", snapshot=1)
BROKEN = status(
    component("failed", reason="test: 2 of 3 tests failed"),
    component("blocked", waits_for=["libogg"]),
    state="idle",
)
UNREAD = status(component("blocked"), component("blocked"), state="idle")


def test_complete_means_all_published_and_nothing_running():
    assert is_complete(END, EXPECTED)
    assert not is_complete(status(DONE, DONE, state="publishing"), EXPECTED)
    assert not is_complete(MIDDLE, EXPECTED)


def test_complete_needs_every_expected_line_and_component():
    assert not is_complete(END, {**EXPECTED, "development/trixie": frozenset()})
    assert not is_complete(END, {LINE: frozenset({"libogg", "libvorbis", "speex"})})


def test_a_failure_is_final_only_when_nothing_else_runs():
    assert is_stuck(BROKEN)
    assert not is_stuck(status(component("failed"), component("building")))
    assert not is_stuck(status(component("failed"), component("ready")))


def test_components_whose_repository_was_not_read_yet_are_no_failure():
    assert not is_stuck(UNREAD)


def test_a_repository_that_vanished_is_a_failure():
    gone = component("blocked", reason="git: repository not found")
    assert is_stuck(status(gone, component("blocked", waits_for=["libogg"]), state="idle"))


def test_what_the_gate_held_back_is_a_failure():
    held = status(DONE, component("built"), state="idle", held_back={"libvorbis": "needs libogg1"})
    assert is_stuck(held)
    assert [(f.component, f.state, f.reason) for f in failures(held)] == [
        ("libvorbis", "held back", "needs libogg1")
    ]


def test_causes_come_before_what_they_blocked():
    assert [(f.component, f.state, f.reason) for f in failures(BROKEN)] == [
        ("libogg", "failed", "test: 2 of 3 tests failed"),
        ("libvorbis", "blocked", "by libogg"),
    ]


def test_only_differences_are_changes():
    assert [(c.component, c.text) for c in changes(START, MIDDLE)] == [
        ("libogg", "built 1.3.5"),
        ("libvorbis", "building"),
    ]
    assert changes(END, END) == []


def test_the_first_status_is_all_change():
    assert [(c.component, c.text) for c in changes(None, START)] == [
        ("libogg", "building"),
        ("libvorbis", "waits for libogg"),
        ("", "building"),
    ]


def test_a_status_from_before_the_start_does_not_count(tmp_path):
    path = tmp_path / "status.json"
    assert read_status(path) is None
    path.write_text(END.model_dump_json())
    assert read_status(path) == END
    assert read_status(path, not_before=101.0) is None


def test_a_newer_masters_status_is_understood(tmp_path):
    path = tmp_path / "status.json"
    path.write_text(json.dumps({**END.model_dump(), "news": 1}))
    assert read_status(path) == END


def test_a_status_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "status.json"
    path.write_text('{"lines": 1}')
    with pytest.raises(DemoError, match=r"status\.json"):
        read_status(path)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def watch(*statuses, dead=lambda: "", stall_s=60.0):
    """Follow these statuses, one a look, the last for ever; return what was written."""
    left = list(statuses)
    written = []
    clock = Time()
    patience = Patience(dead, lambda line, name: f"log of {name} on {line}", stall_s)
    follow(
        lambda: left.pop(0) if len(left) > 1 else left[0],
        EXPECTED,
        Lines(written.append),
        patience,
        clock=clock,
        sleep=clock.sleep,
    )
    return [line.strip().partition(" ")[2] for line in written]


def test_it_ends_when_everything_is_published():
    assert watch(None, START, START, MIDDLE, END)[-3:] == [
        f"{LINE}: libogg published 1.3.5",
        f"{LINE}: libvorbis published 1.3.5",
        f"{LINE}: archive idle, snapshot 1",
    ]


def test_a_failure_names_component_distro_and_log():
    with pytest.raises(DemoError) as caught:
        watch(START, BROKEN)
    assert str(caught.value).splitlines() == [
        f"libogg on {LINE} failed: test: 2 of 3 tests failed",
        f"libvorbis on {LINE} blocked: by libogg",
    ]
    assert f"log of libogg on {LINE}" in caught.value.advice


def test_a_stall_says_what_it_waits_for():
    with pytest.raises(DemoError, match="nothing has changed for 1 minutes") as caught:
        watch(START)
    assert f"libvorbis on {LINE}: waits for libogg" in str(caught.value)


def test_a_master_that_never_plans_is_a_stall():
    with pytest.raises(DemoError) as caught:
        watch(None)
    assert "master" in caught.value.advice


def test_rewriting_the_same_status_is_no_progress():
    later = START.model_copy(update={"updated": 200.0})
    with pytest.raises(DemoError, match="nothing has changed"):
        watch(START, later)


def test_a_dead_master_is_noticed():
    with pytest.raises(DemoError, match="the master has ended"):
        watch(START, dead=lambda: "the master has ended")


def test_the_table_has_components_down_and_distros_across():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(START, "elapsed 1:05", now=100.0))
    text = console.export_text()
    assert "elapsed 1:05" in text
    assert "bookworm" in text
    assert "development/" not in text
    assert "building 0:10" in text
    assert "waits for libogg" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


def test_a_pipe_gets_lines_of_text():
    assert isinstance(view_for(Console(force_terminal=False)), Lines)
    assert not isinstance(view_for(Console(force_terminal=True)), Lines)
