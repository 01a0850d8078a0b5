"""What differs between two snapshots, and what the commits between them were."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from repo_publish.cli import register
from repo_publish.diff import PackageChange, changelog, difference
from repo_publish.errors import PublishError
from repo_publish.manifest import MANIFEST, Manifest, ManifestComponent, Rollback
from tests.manifests import a_component, a_file, a_manifest


def component(
    name: str, version: str, commit: str, reason: str = "", *, since: int = 0, changes: str = ""
) -> ManifestComponent:
    """A build that the snapshot of that time brought, with one commit per line of `changes`."""
    files = (a_file(name, version), a_file(name, version, kind="source"))
    return a_component(name, *files, version=version).model_copy(
        update={
            "commit": commit * 40,
            "reason": reason,
            "since": since,
            "changes": tuple(changes.splitlines()),
        }
    )


FIRST = a_manifest(component("lib", "1-1", "a"), component("old", "1-1", "b"), number=1)
SECOND = a_manifest(
    component("app", "1-1", "e", since=20, changes="Begin"),
    component("lib", "2-1", "c", "new commit", since=20, changes="Fix it\nBreak it"),
    number=2,
    timestamp=20,
)
THIRD = a_manifest(
    component("app", "1-1+r1", "e", "dependency lib changed", since=30),
    component("lib", "3-1", "d", "new commit", since=30, changes="Make it faster"),
    number=3,
    timestamp=30,
)


def test_packages_are_added_removed_and_changed() -> None:
    changes = difference(FIRST, SECOND)

    assert [p for p in changes.packages if p.kind == "binary"] == [
        PackageChange("app", "binary", "added", "", "1-1"),
        PackageChange("lib", "binary", "changed", "1-1", "2-1"),
        PackageChange("old", "binary", "removed", "1-1", ""),
    ]
    assert [(c.component, c.what, c.commit_after[:1]) for c in changes.components] == [
        ("app", "added", "e"),
        ("lib", "changed", "c"),
        ("old", "removed", ""),
    ]


def test_a_snapshot_does_not_differ_from_itself() -> None:
    changes = difference(SECOND, SECOND)

    assert changes.components == changes.packages == ()


def test_the_changelog_has_the_commits_of_all_snapshots_between_newest_first() -> None:
    log = changelog([FIRST, SECOND, THIRD])

    assert {one.component: one.commits for one in log.changes} == {
        "app": ("Begin",),
        "lib": ("Make it faster", "Fix it", "Break it"),
    }
    assert log.missing == ()


def test_a_rebuild_has_no_commits() -> None:
    log = changelog([SECOND, THIRD])

    assert [one.component for one in log.changes] == ["lib"]
    assert [c.component for c in log.difference.components if c.rebuilt] == ["app"]


def test_snapshots_that_are_gone_and_rollbacks_are_named() -> None:
    back = FIRST.model_copy(
        update={
            "number": 5,
            "rollback": Rollback(from_snapshot=4, to_snapshot=1, reason="lib is broken"),
        }
    )

    log = changelog([FIRST, SECOND, back])

    assert log.missing == (3, 4)
    assert log.rollbacks == ("snapshot 5 went back to 1: lib is broken",)
    assert log.difference.components == ()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for manifest in (FIRST, SECOND, THIRD):
        write(tmp_path, manifest)
    link = tmp_path / "development/bookworm"
    link.parent.mkdir()
    link.symlink_to("../snapshots/development/bookworm/3")
    return tmp_path


def write(archive: Path, manifest: Manifest) -> None:
    tree = archive / "snapshots/development/bookworm" / str(manifest.number)
    tree.mkdir(parents=True)
    (tree / MANIFEST).write_text(manifest.model_dump_json())


def run_diff(archive: Path, *arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    line = ["--line", "development/bookworm", "--archive", str(archive)]
    return CliRunner().invoke(app, ["archive", "diff", *arguments, *line])


def diff(archive: Path, *arguments: str) -> str:
    result = run_diff(archive, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_compares_with_the_live_snapshot(archive: Path) -> None:
    output = diff(archive, "1")

    assert output.startswith("development/bookworm: from snapshot 1 to 3\n")
    assert "aaaaaaaaaaaa..dddddddddddd" in output


def test_the_command_writes_a_changelog(archive: Path) -> None:
    assert diff(archive, "1", "3", "--changelog") == (
        "development/bookworm: what changed from snapshot 1 to 3\n"
        "\n"
        "app 1-1+r1\n"
        "  added\n"
        "  * Begin\n"
        "\n"
        "lib 1-1 -> 3-1\n"
        "  * Make it faster\n"
        "  * Fix it\n"
        "  * Break it\n"
        "\n"
        "old 1-1\n"
        "  removed\n"
    )


def test_the_same_backwards_says_so(archive: Path) -> None:
    output = diff(archive, "3", "2", "--changelog")

    assert "lib 2-1 -> 3-1\n  * Make it faster" in output
    assert "going back takes these changes away" in output
    assert "app 1-1 -> 1-1+r1\n  rebuilt: dependency lib changed" in output


def test_a_number_that_is_none_is_said(archive: Path) -> None:
    error = run_diff(archive, "1", "7").exception

    assert isinstance(error, PublishError)
    assert str(error) == "development/bookworm: there is no snapshot 7; the newest are 1, 2, 3"
