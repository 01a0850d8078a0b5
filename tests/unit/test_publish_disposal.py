"""Room that removing gives back, and what a killed removal leaves."""

from __future__ import annotations

from pathlib import Path

from repo_publish.disposal import dispose, empty, freed_bytes


def a_file(path: Path, size: int = 100_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def blocks(*paths: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in paths)


def test_a_file_counts_once_however_many_names_it_has(tmp_path: Path) -> None:
    one = a_file(tmp_path / "1/package")
    (tmp_path / "2").mkdir()
    (tmp_path / "2/package").hardlink_to(one)

    both = freed_bytes([tmp_path / "1", tmp_path / "2"])

    assert both == blocks(one, tmp_path / "1", tmp_path / "2")


def test_a_file_that_has_another_name_frees_nothing(tmp_path: Path) -> None:
    one = a_file(tmp_path / "1/package")
    (tmp_path / "kept").hardlink_to(one)

    assert freed_bytes([tmp_path / "1"]) == blocks(tmp_path / "1")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    a_file(tmp_path / "elsewhere/package")
    (tmp_path / "1").mkdir()
    (tmp_path / "1/link").symlink_to(tmp_path / "elsewhere")

    assert freed_bytes([tmp_path / "1"]) < 50_000


def test_what_is_disposed_of_is_gone(tmp_path: Path) -> None:
    a_file(tmp_path / "snapshots/1/package")

    dispose(tmp_path / "snapshots/1", tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["snapshots"]


def test_a_killed_removal_is_finished(tmp_path: Path) -> None:
    a_file(tmp_path / "trash-1/package")
    a_file(tmp_path / "1/package")

    dispose(tmp_path / "1", tmp_path)
    a_file(tmp_path / "trash-2")
    empty(tmp_path)

    assert list(tmp_path.iterdir()) == []
