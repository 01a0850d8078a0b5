"""The source tarball: deterministic, complete, without Debian's packaging."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

from farm.build.source_archive import write_source_archive


def make_tree(directory: Path) -> Path:
    (directory / "src/empty").mkdir(parents=True)
    (directory / "src/main.c").write_text("int main(void) { return 0; }\n")
    (directory / "configure").write_text("#!/bin/sh\n")
    (directory / "configure").chmod(0o775)
    (directory / "README").symlink_to("src/main.c")
    (directory / "debian").mkdir()
    (directory / "debian/rules").write_text("#!/usr/bin/make -f\n")
    (directory / "src/debian").write_text("not packaging\n")
    return directory


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as tar:
        return {member.name: member for member in tar}


def write(tree: Path, archive: Path) -> Path:
    return write_source_archive(tree, archive, top="tiny-1.0", timestamp=1_700_000_000)


def test_holds_everything_but_the_top_level_debian_directory(tmp_path: Path) -> None:
    found = members(write(make_tree(tmp_path / "tree"), tmp_path / "a.tar.xz"))

    assert list(found) == [
        "tiny-1.0",
        "tiny-1.0/README",
        "tiny-1.0/configure",
        "tiny-1.0/src",
        "tiny-1.0/src/debian",
        "tiny-1.0/src/empty",
        "tiny-1.0/src/main.c",
    ]


def test_keeps_contents_links_and_executable_bits(tmp_path: Path) -> None:
    archive = write(make_tree(tmp_path / "tree"), tmp_path / "a.tar.xz")

    found = members(archive)
    assert found["tiny-1.0/README"].linkname == "src/main.c"
    assert found["tiny-1.0/configure"].mode == 0o755
    assert found["tiny-1.0/src/main.c"].mode == 0o644
    with tarfile.open(archive) as tar:
        content = tar.extractfile("tiny-1.0/src/main.c")
        assert content is not None
        assert content.read() == b"int main(void) { return 0; }\n"


def test_owners_and_times_are_fixed(tmp_path: Path) -> None:
    for member in members(write(make_tree(tmp_path / "tree"), tmp_path / "a.tar.xz")).values():
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mtime == 1_700_000_000


def test_same_tree_gives_the_same_bytes_whatever_times_and_group_bits_it_has(
    tmp_path: Path,
) -> None:
    one, other = make_tree(tmp_path / "one"), make_tree(tmp_path / "other")
    os.utime(other / "src/main.c", (1, 1))
    (other / "src/main.c").chmod(0o600)

    first, second = write(one, tmp_path / "a"), write(other, tmp_path / "b")

    assert first.read_bytes() == second.read_bytes()


def test_exclusions_can_be_chosen(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")

    archive = write_source_archive(
        tree, tmp_path / "a.tar.xz", top="t", timestamp=0, exclude=("src",)
    )

    assert "t/debian/rules" in members(archive)
    assert "t/src" not in members(archive)
