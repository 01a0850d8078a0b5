"""What belongs into git, and what of a real directory the checks see."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.style.finding import Append, Finding, MakeExecutable, Untrack
from farm.style.project import Project, newest_version, read_project
from farm.style.repository import LARGE_BYTES, check_repository
from tests.repositories import Repository


def found(**facts: object) -> list[Finding]:
    project = Project("x", **facts)  # type: ignore[arg-type]  # any field
    return list(check_repository(project))


def test_sources_are_nothing_to_speak_of() -> None:
    files = ("Makefile", "configure.ac", "src/x.c", "src/x.h", "docs/x.1", "data/lib.apt")
    assert found(files=files) == []


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("src/x.o", "*.o"),
        ("src/.libs/x.lo", "*.o"),
        ("tool/__pycache__/x.cpython-311.pyc", "__pycache__/"),
        ("autom4te.cache/requests", "autom4te.cache/"),
        ("config.status", "config.status"),
        ("src/x.c~", "*~"),
        ("lib/x.cmx", "*.cm[aiotx]*"),
    ],
)
def test_what_tools_make_is_taken_out_of_git_and_ignored(path: str, pattern: str) -> None:
    (finding, *_) = found(files=(path,))
    assert finding.rule.id == "generated"
    assert finding.changes == (Untrack((path,)), Append(".gitignore", f"{pattern}\n"))


def test_one_finding_stands_for_all_files_of_a_kind() -> None:
    (finding,) = found(files=("a.o", "b.o"), texts={".gitignore": "*.o\n"})
    assert "and 1 more" in finding.message
    assert finding.changes == (Untrack(("a.o", "b.o")),)


def test_a_makefile_that_configure_makes_is_not_committed() -> None:
    assert [f.file for f in found(files=("Makefile", "Makefile.in"))] == []
    committed = found(files=("Makefile", "Makefile.in", "configure"), executables={"configure"})
    assert [f.file for f in committed] == ["Makefile"]


def test_configure_must_be_executable() -> None:
    (finding,) = found(files=("configure",))
    assert (finding.rule.id, finding.changes) == (
        "configure-executable",
        (MakeExecutable("configure"),),
    )
    assert found(files=("configure",), executables=frozenset({"configure"})) == []


def test_large_files_and_submodules_are_named() -> None:
    big, part = found(sizes={"movie": LARGE_BYTES + 1, "x": 1}, submodules=("vendor/y",))[::-1]
    assert (big.rule.id, big.file) == ("large-file", "movie")
    assert (part.rule.id, part.file) == ("submodules", "vendor/y")


def test_a_repository_is_read_as_git_has_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "x")
    repository.commit(README="hello\n", src__x__c="/* SPDX */", tag="v1.2")
    repository.git("remote", "add", "origin", "https://me:secret@git.example.org/x.git")
    (tmp_path / "x/untracked").write_text("")

    project = read_project(tmp_path / "x", "x")

    assert project.files == ("README", "src/x/c")
    assert project.texts == {"README": "hello\n"}
    assert project.version == "1.2"
    assert project.origin == "https://git.example.org/x.git"
    assert project.in_git


def test_a_directory_without_git_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "COPYING").write_text("free")
    (tmp_path / "x.c").write_text("/* Licence: free */")
    project = read_project(tmp_path, "x")
    assert project.licences == {"COPYING": "free"}
    assert project.notices == ("/* Licence: free */",)
    assert not project.in_git


def test_the_newest_version_is_the_highest() -> None:
    assert newest_version(["v1.9", "v1.10", "v1.10-rc1", "nightly", "other-2.0"], "libx") == "1.10"
    assert newest_version(["x-3.0"], "libx") == "3.0"
    assert newest_version([], "x") == ""
