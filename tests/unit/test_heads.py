from __future__ import annotations

from pathlib import Path

import pytest

from farm.git import Mirror, MissingBranch, MissingDirectory
from farm.heads import MAX_CHANGES, Head, changes_since, read_head
from farm.model import Component
from tests.repositories import Repository


class Watched:
    """A component, its repository, and the head that was read last."""

    def __init__(self, tmp_path: Path, name: str = "libogg", **fields: str):
        self.repository = Repository(tmp_path / "repo")
        self.component = Component(name=name, git=self.repository.url, **fields)
        self.mirror = Mirror(tmp_path / "repo.git", self.repository.url)
        self.head: Head | None = None

    def read(self, branch: str | None = None) -> Head:
        self.mirror.update()
        self.head = read_head(self.mirror, self.component, branch, self.head)
        return self.head

    def version(self, branch: str | None = None) -> str:
        return self.read(branch).upstream_version


def test_a_head_says_what_a_person_and_a_build_want_to_know(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    commit = watched.repository.commit("Fix  the\tbug\n\nAt length.", tag="v1.3.5")
    head = watched.read()
    assert head == Head(
        component="libogg",
        branch="main",
        commit=commit,
        tree=watched.repository.git("rev-parse", "HEAD^{tree}"),
        upstream_version="1.3.5",
        timestamp=watched.repository.time,
        subject="Fix the bug",
        author="Tester <tester@example.invalid>",
    )


def test_commits_are_counted_from_the_nearest_tag(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit(tag="v1.3.4")
    watched.repository.commit(tag="libogg-1.3.5")
    watched.repository.commit(tag="not-a-version")
    commit = watched.repository.commit()
    assert watched.version() == f"1.3.5+git2.g{commit[:7]}"


def test_without_a_tag_all_commits_are_counted(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit()
    commit = watched.repository.commit()
    assert watched.version() == f"0+git2.g{commit[:7]}"


def test_without_a_tag_the_component_may_say_where_to_count_from(tmp_path: Path) -> None:
    watched = Watched(tmp_path, version="2.1")
    commit = watched.repository.commit()
    assert watched.version() == f"2.1+git1.g{commit[:7]}"


def test_of_two_tags_on_one_commit_the_higher_version_counts(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit(tag="v1.4")
    watched.repository.git("tag", "-a", "-m", "candidate", "v1.4-rc2")
    watched.repository.git("tag", "v1.4-rc10")
    assert watched.version() == "1.4"


def test_tags_of_other_branches_do_not_count(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit(tag="v1.0")
    watched.repository.git("checkout", "-q", "-b", "next")
    watched.repository.commit(tag="v2.0")
    assert watched.version("main") == "1.0"


def test_a_rewritten_branch_never_goes_down(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit(tag="v1.0")
    for _ in range(3):
        watched.repository.commit()
    assert watched.version().startswith("1.0+git3.")
    watched.repository.git("reset", "-q", "--hard", "v1.0")
    commit = watched.repository.commit("Rewritten")
    assert watched.version() == f"1.0+git4.g{commit[:7]}"
    assert watched.version() == f"1.0+git4.g{commit[:7]}", "nor does it move while nothing happens"
    commit = watched.repository.commit()
    assert watched.version() == f"1.0+git5.g{commit[:7]}"
    watched.repository.commit(tag="v1.1")
    assert watched.version() == "1.1"


def test_a_deleted_tag_keeps_the_base(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit(tag="v1.0")
    assert watched.version() == "1.0"
    watched.repository.git("tag", "-d", "v1.0")
    assert watched.version() == "1.0"
    commit = watched.repository.commit()
    assert watched.version() == f"1.0+git1.g{commit[:7]}"


def test_only_changes_below_its_directory_concern_a_component(tmp_path: Path) -> None:
    watched = Watched(tmp_path, directory="libs/ogg")
    watched.repository.commit(tag="v1.0", README="all")
    first = watched.repository.commit(libs__ogg__a="1")
    before = watched.read()
    assert before.commit == first
    assert before.upstream_version == f"1.0+git1.g{first[:7]}"

    watched.repository.commit(libs__vorbis__a="1")
    watched.repository.commit(tag="v2.0", README="new")
    assert watched.read() == before

    second = watched.repository.commit(libs__ogg__a="2")
    after = watched.read()
    assert (after.commit, after.tree != before.tree) == (second, True)
    assert after.upstream_version == f"2.0+git1.g{second[:7]}"


def test_in_a_shared_repository_a_components_own_tags_count_first(tmp_path: Path) -> None:
    watched = Watched(tmp_path, directory="ogg")
    watched.repository.commit(tag="v7", ogg__a="1")
    touched = watched.repository.commit(ogg__a="2")
    watched.repository.commit(tag="libogg-1.3.5", NEWS="libogg 1.3.5")
    watched.repository.commit(tag="libvorbis-9.9", NEWS="libvorbis 9.9")
    head = watched.read()
    assert (head.commit, head.upstream_version) == (touched, "1.3.5")

    commit = watched.repository.commit(ogg__a="3")
    assert watched.version() == f"1.3.5+git1.g{commit[:7]}"


def test_a_directory_that_is_gone_is_named(tmp_path: Path) -> None:
    watched = Watched(tmp_path, directory="ogg")
    watched.repository.commit(other="x")
    with pytest.raises(MissingDirectory, match="has no directory ogg at"):
        watched.read()


def test_a_branch_that_is_gone_is_named(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.repository.commit()
    with pytest.raises(MissingBranch, match="has no branch stable; it has main"):
        watched.read("stable")


def test_changes_are_the_subjects_since_the_old_commit(tmp_path: Path) -> None:
    watched = Watched(tmp_path, directory="ogg")
    old = watched.repository.commit("Begin", ogg__a="1")
    watched.repository.commit("First", ogg__a="2")
    watched.repository.commit("Elsewhere", vorbis__a="1")
    new = watched.repository.commit("Second", ogg__a="3")
    watched.mirror.update()
    assert changes_since(watched.mirror, watched.component, old, new) == ("Second", "First")
    assert changes_since(watched.mirror, watched.component, None, new) == ("Second",)
    assert changes_since(watched.mirror, watched.component, new, new) == ("Second",)
    assert changes_since(watched.mirror, watched.component, "1" * 40, new) == ("Second",)


def test_many_changes_are_cut_and_counted(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    old = watched.repository.commit()
    for number in range(MAX_CHANGES + 3):
        new = watched.repository.commit(f"Change {number}")
    watched.mirror.update()
    changes = changes_since(watched.mirror, watched.component, old, new)
    assert len(changes) == MAX_CHANGES + 1
    assert changes[-1] == "… and 3 more"
