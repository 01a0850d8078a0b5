"""The pages beside the snapshots: they repeat what the directories say."""

from __future__ import annotations

import io
from pathlib import Path

from repo_publish.held_back import HeldBack, remember
from repo_publish.line import line_of
from repo_publish.manifest import Origin, Rollback
from repo_publish.overview import (
    archives_page,
    releases_of,
    snapshots_page,
    surroundings_of,
    write_overview,
)
from repo_publish.summary import SUMMARY, newest_summaries, read_summary, summary_of
from tests.manifests import a_component, a_file, a_line, a_manifest

HOSTILE = "<script>alert(1)</script>"


def test_a_summary_counts_what_is_new() -> None:
    old = a_component("old", a_file("old")).model_copy(update={"since": 1})
    new = a_component("new", a_file("new"), a_file("new", kind="source"))
    new = new.model_copy(update={"since": 1_700_000_000})
    before = a_manifest(old, a_component("gone"), number=6)

    summary = summary_of(a_manifest(old, new), before)

    assert (summary.components, summary.packages) == (2, 2)
    assert (summary.changed, summary.removed) == (("new",), 1)


def test_a_snapshot_without_a_summary_is_read_whole(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest(a_component("app"), number=1), a_manifest(number=2))
    fresh = summary_of(a_manifest(number=2), None).model_copy(update={"components": 5})
    (line.snapshot(2) / SUMMARY).write_text(fresh.model_dump_json())

    assert [one.number for one in newest_summaries(line, 10)] == [2, 1]
    assert read_summary(line.snapshot(1)).components == 1
    assert read_summary(line.snapshot(2)).components == 5


def test_all_archives_and_all_snapshots_are_listed(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest(number=1), a_manifest(number=2, title="Stack"))
    a_line(tmp_path, a_manifest(channel="testing", distro="el9", family="rpm", title="Stack"))

    write_overview(line)

    root = (tmp_path / "index.html").read_text()
    assert 'href="development/bookworm/"' in root
    assert 'href="testing/el9/"' in root
    assert "<h1>Stack: archives</h1>" in root
    history = (line.snapshots / "index.html").read_text()
    assert history.index('<a href="2/">2</a> <span class="quiet">live') < history.index('"1/"')


def test_what_is_up_to_date_is_not_written_again(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest())
    write_overview(line)
    before = (tmp_path / "index.html").stat()
    (tmp_path / ".index.html.new").write_text("half of a pa")

    write_overview(line)

    assert (tmp_path / "index.html").stat().st_mtime_ns == before.st_mtime_ns
    assert not (tmp_path / ".index.html.new").exists()


def test_a_damaged_line_does_not_keep_others_from_being_listed(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/bookworm").symlink_to("/nowhere")

    write_overview(line)

    assert 'href="development/bookworm/"' in (tmp_path / "index.html").read_text()


def test_pages_that_cannot_be_written_are_told_of_and_nothing_else(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest())
    (tmp_path / "index.html").mkdir()
    log = io.StringIO()

    write_overview(line, log)

    assert log.getvalue().startswith("warning: the pages of all archives are not up to date")


def test_the_history_says_what_each_snapshot_did() -> None:
    manifests = [
        a_manifest(number=9, rollback=Rollback(from_snapshot=8, to_snapshot=7, reason=HOSTILE)),
        a_manifest(number=8, origin=Origin(channel="development", distro="bookworm", snapshot=41)),
    ]
    page = snapshots_page(
        "testing/bookworm", 9, [summary_of(one, None) for one in manifests], [], {}
    )

    assert "went back to 7: &lt;script&gt;" in page
    assert "made from development 41" in page
    assert "<script" not in page


def test_what_is_held_back_now_is_shown_with_the_snapshots(tmp_path: Path) -> None:
    line = a_line(tmp_path, a_manifest())
    remember(line, [HeldBack(component="app", reason=HOSTILE, since=1_700_000_000)])

    write_overview(line)

    history = (line.snapshots / "index.html").read_text()
    assert "2023-11-14 22:13" in history
    assert "&lt;script&gt;" in history
    assert (
        'href="snapshots/development/bookworm/#held-back">1<'
        in (tmp_path / "index.html").read_text()
    )


def test_archives_of_one_farm_bear_its_title_escaped() -> None:
    page = archives_page([summary_of(a_manifest(title=HOSTILE), None)], {}, {})

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: archives" in page


def test_releases_are_found_and_listed(tmp_path: Path) -> None:
    for name in ("1.2/bookworm", "1.10/bookworm", "1.2/el9", ".new/bookworm"):
        (tmp_path / "releases" / name).mkdir(parents=True)

    releases = releases_of(tmp_path)

    assert releases == {"1.10": ["bookworm"], "1.2": ["bookworm", "el9"]}
    assert surroundings_of(line_of(tmp_path, "development", "el9")).releases == ["1.2"]
    assert 'href="releases/1.2/el9/"' in archives_page([], releases, {})
