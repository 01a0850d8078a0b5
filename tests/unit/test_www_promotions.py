"""Where snapshots went: channels they were promoted to, and releases made from them."""

from __future__ import annotations

import json
from pathlib import Path

from www.api.answers.promotions import promotions

SOURCE = ("development", "bookworm")
URL = "http://archive.example.org/"


def snapshot(tree: Path, channel: str, number: int, at: int, origin: int | None) -> None:
    """A snapshot on disk, as far as lists of snapshots read it."""
    tree.mkdir(parents=True)
    source = {"channel": "development", "distro": "bookworm", "snapshot": origin}
    summary = {
        "channel": channel,
        "distro": "bookworm",
        "family": "deb",
        "architecture": "amd64",
        "title": "Farm",
        "number": number,
        "timestamp": at,
        "components": 4,
        "packages": 9,
        "changed": [],
        "removed": 0,
        "refused": [],
        "rollback": None,
        "origin": source if origin else None,
    }
    (tree / "summary.json").write_text(json.dumps(summary))


def line(archive: Path, channel: str, *origins: int | None) -> None:
    """A line with a snapshot made from each of these of development; None: its own."""
    for number, origin in enumerate(origins, 1):
        tree = archive / "snapshots" / channel / "bookworm" / str(number)
        snapshot(tree, channel, number, 1000 * number, origin)
    (archive / channel).mkdir()
    target = f"../snapshots/{channel}/bookworm/{len(origins)}"
    (archive / channel / "bookworm").symlink_to(target)


def where(archive: Path, since: int) -> list[tuple[str, int | None, float]]:
    found = promotions(archive, URL, SOURCE, since)
    assert all(one.archive == f"{URL}{one.channel}/bookworm/" for one in found)
    return [(one.channel, one.snapshot, one.published_at) for one in found]


def test_the_first_snapshot_that_has_it_counts_on_each_channel(tmp_path: Path) -> None:
    line(tmp_path, "development", None, None)
    line(tmp_path, "testing", 3, 7, 9)
    line(tmp_path, "stable", 7)
    assert where(tmp_path, 5) == [("stable", 1, 1000), ("testing", 2, 2000)]
    assert where(tmp_path, 8) == [("testing", 3, 3000)]
    assert where(tmp_path, 10) == []


def test_releases_count_and_other_lines_do_not(tmp_path: Path) -> None:
    line(tmp_path, "nightly", None)
    snapshot(tmp_path / "releases" / "1.2" / "bookworm", "releases/1.2", 7, 5000, 7)
    assert where(tmp_path, 7) == [("releases/1.2", None, 5000)]


def test_a_damaged_archive_hides_nothing_of_the_others(tmp_path: Path) -> None:
    line(tmp_path, "testing", 7)
    line(tmp_path, "broken", 7)
    (tmp_path / "snapshots" / "broken" / "bookworm" / "1" / "summary.json").write_text("{")
    assert where(tmp_path, 1) == [("testing", 1, 1000)]


def test_an_archive_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert where(tmp_path / "archive", 1) == []
