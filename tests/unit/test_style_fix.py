"""Repairs, and nothing but repairs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import FarmError
from farm.style.finding import Append, Change, Finding, MakeExecutable, Untrack, Write
from farm.style.fix import appended, apply
from farm.style.rules import GENERATED
from tests.repositories import Repository


def repair(directory: Path, *changes: Change) -> tuple[str, ...]:
    return apply(directory, [Finding(GENERATED, "", "", changes=changes)])


def test_lines_are_added_and_the_rest_stays_byte_for_byte(tmp_path: Path) -> None:
    before = b"# \xff kept \r\n\n*.o"
    (tmp_path / ".gitignore").write_bytes(before)
    assert repair(tmp_path, Append(".gitignore", "*.o\n*.a\n")) == ("added to .gitignore",)
    assert (tmp_path / ".gitignore").read_bytes() == before + b"\n*.a\n"


def test_a_repair_that_was_made_is_not_made_again(tmp_path: Path) -> None:
    changes = (Write("README.md", "# x\n"), Append("NEWS", "\nSection\n\nText\n"))
    assert len(repair(tmp_path, *changes)) == 2
    assert repair(tmp_path, *changes) == ()


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert repair(tmp_path, Write("README.md", "theirs")) == ()
    assert (tmp_path / "README.md").read_text() == "mine"


def test_files_are_taken_out_of_git_and_stay_where_they_are(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(x="source", **{"x.o": "object", "y o": "object"})
    assert repair(tmp_path, Untrack(("x.o", "y o"))) == ("took 2 out of git: x.o …",)
    assert repository.git("ls-files") == "x"
    assert (tmp_path / "x.o").read_text() == "object"


def test_the_executable_bit_is_set_here_and_in_git(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(configure="#!/bin/sh\n")
    repair(tmp_path, MakeExecutable("configure"))
    assert (tmp_path / "configure").stat().st_mode & 0o111 == 0o111
    assert repository.git("ls-files", "--stage").startswith("100755 ")


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "README").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FarmError, match="symbolic link"):
        repair(tmp_path, Append("README", "\nmore\n"))


@given(
    st.text(),
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp", "Cs"]), min_size=1)),
)
def test_adding_lines_twice_is_adding_them_once(text: str, lines: list[str]) -> None:
    addition = "".join(f"{line}\n" for line in lines)
    once = appended(text, addition)
    assert once.startswith(text)
    assert appended(once, addition) == once
