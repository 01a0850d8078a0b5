"""Snapshots on disk: what is live, what a killed publisher leaves, how a new one becomes live."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish.errors import PublishError
from repo_publish.line import Line, line_of, lines


def a_line(archive: Path, *snapshots: int, live: int | None = None) -> Line:
    line = line_of(archive, "development", "bookworm")
    line.state.mkdir(parents=True)
    for number in snapshots:
        line.snapshot(number).mkdir(parents=True)
    if live is not None:
        line.link.parent.mkdir()
        line.link.symlink_to(f"../snapshots/development/bookworm/{live}")
    return line


@pytest.mark.parametrize(
    ("channel", "distro"),
    [("..", "bookworm"), ("a/b", "bookworm"), ("development", ".state"), ("", ""), ("A", "b")],
)
def test_names_become_paths_and_are_checked(channel: str, distro: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="is not a line"):
        line_of(tmp_path, channel, distro)


@pytest.mark.parametrize("channel", ["snapshots", "releases"])
def test_some_channel_names_mean_something_else(channel: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be called"):
        line_of(tmp_path, channel, "bookworm")


def test_nothing_is_live_before_the_first_publication(tmp_path: Path) -> None:
    line = line_of(tmp_path, "development", "bookworm")

    assert line.live() is None
    assert line.numbers() == []
    assert lines(tmp_path) == []


def test_the_link_says_what_is_live(tmp_path: Path) -> None:
    line = a_line(tmp_path, 9, 10, live=10)

    assert line.live() == 10
    assert line.numbers() == [9, 10]
    assert lines(tmp_path) == [line]


def test_a_link_that_leads_elsewhere_is_not_trusted(tmp_path: Path) -> None:
    line = a_line(tmp_path)
    line.link.parent.mkdir()
    line.link.symlink_to("/etc")

    with pytest.raises(PublishError, match="points to /etc"):
        line.live()


def test_a_directory_in_place_of_the_link_is_not_touched(tmp_path: Path) -> None:
    line = a_line(tmp_path)
    line.link.mkdir(parents=True)

    with pytest.raises(PublishError, match="is not a link"):
        line.live()


def test_a_flip_makes_the_tree_live_and_keeps_the_database(tmp_path: Path) -> None:
    line = a_line(tmp_path, 1, live=1)
    with line.scratch() as work:
        (work / "tree").mkdir()
        (work / "tree/new").touch()
        (work / "db").mkdir()

        line.flip(work / "tree", 2, work / "db")
    line.sweep()

    assert line.live() == 2
    assert (line.link / "new").exists()
    assert [path.name for path in line.state.iterdir()] == ["db-2"]
    assert [path.name for path in line.link.parent.iterdir()] == ["bookworm"]


def test_leftovers_of_a_killed_publisher_are_swept_away(tmp_path: Path) -> None:
    line = a_line(tmp_path, 1, 2, live=1)
    (line.state / "flipping").write_text("2\n")
    (line.state / "scratch-abc/tree").mkdir(parents=True)
    for database in ("db-1", "db-2"):
        (line.state / database).mkdir()
    (line.link.parent / ".bookworm.new").symlink_to("../snapshots/development/bookworm/2")

    line.sweep()

    assert line.numbers() == [1]
    assert [path.name for path in line.state.iterdir()] == ["db-1"]
    assert [path.name for path in line.link.parent.iterdir()] == ["bookworm"]


def test_a_publisher_killed_after_the_flip_has_published(tmp_path: Path) -> None:
    line = a_line(tmp_path, 1, 2, live=2)
    (line.state / "flipping").write_text("2\n")

    line.sweep()

    assert (line.live(), line.numbers()) == (2, [1, 2])


def test_snapshots_that_nobody_killed_are_never_removed(tmp_path: Path) -> None:
    line = a_line(tmp_path, 1, 2, 3, live=1)

    with pytest.raises(PublishError, match="the live snapshot is 1, but there is a newer one, 3"):
        line.sweep()

    assert line.numbers() == [1, 2, 3]
