"""One file on disk, however often it is published."""

from __future__ import annotations

from pathlib import Path

from repo_publish.files import place

CONTENT = b"content"


def test_placed_files_are_one_file_on_disk(tmp_path: Path) -> None:
    (tmp_path / "origin").write_bytes(CONTENT)

    place(tmp_path / "origin", tmp_path / "a/b/target")

    assert (tmp_path / "a/b/target").samefile(tmp_path / "origin")


def test_a_private_file_is_copied_so_that_it_can_be_served(tmp_path: Path) -> None:
    (tmp_path / "origin").write_bytes(CONTENT)
    (tmp_path / "origin").chmod(0o600)

    place(tmp_path / "origin", tmp_path / "target")

    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "origin").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "target").read_bytes() == CONTENT
