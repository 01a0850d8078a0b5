"""Since when something is held back."""

from __future__ import annotations

from pathlib import Path

from repo_publish.held_back import HeldBack, held_back, remember, since
from repo_publish.line import Line
from repo_publish.model import Published

WANTED = [Published(component="libogg", key="a" * 64, commit="c" * 40)]


def test_what_stays_held_back_keeps_its_time() -> None:
    first = since([], {"libogg": "one reason"}, WANTED, 100)
    other_build = [Published(component="libogg", key="b" * 64, commit="d" * 40)]

    second = since(first, {"libogg": "another reason", "gone": "needed"}, other_build, 200)

    assert second == (
        HeldBack(component="gone", reason="needed", since=200),
        HeldBack(
            component="libogg",
            key="b" * 64,
            commit="d" * 40,
            reason="another reason",
            since=100,
        ),
    )


def test_what_was_published_in_between_begins_anew() -> None:
    first = since([], {"libogg": "a reason"}, WANTED, 100)
    free = since(first, {}, WANTED, 200)

    [again] = since(free, {"libogg": "a reason"}, WANTED, 300)

    assert again.since == 300


def test_a_line_remembers(tmp_path: Path) -> None:
    line = Line(tmp_path, "development", "bookworm")
    line.state.mkdir(parents=True)
    now = since([], {"libogg": "a reason"}, WANTED, 100)

    assert held_back(line) == ()
    remember(line, now)
    assert held_back(line) == now
    remember(line, ())
    assert held_back(line) == ()
