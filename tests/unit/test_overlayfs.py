"""Mount options of an overlay, and where it keeps its changes."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from farm.build.overlayfs import overlay_options, room_on_disk
from farm.errors import FarmError


def options(*lower: str, volatile: bool = True) -> str:
    paths = [Path(p) for p in lower]
    return overlay_options(paths, Path("/w/upper"), Path("/w/work"), volatile=volatile)


def test_later_layers_cover_earlier_ones() -> None:
    assert options("/root", "/layer").startswith("lowerdir=/layer:/root,")


def test_only_a_throw_away_overlay_does_without_syncing() -> None:
    assert options("/root").endswith(",volatile")
    assert "volatile" not in options("/root", volatile=False)


@pytest.mark.parametrize("path", ["/a,b", "/a:b", "/a\\b"])
def test_a_path_that_mount_would_misread_is_refused(path: str) -> None:
    with pytest.raises(FarmError, match="comma, colon or backslash"):
        options(path)


def test_room_on_disk_is_removed_in_the_end(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        room = room_on_disk(tmp_path / "disk", stack)
        assert (room / "upper").is_dir()

    assert list((tmp_path / "disk").iterdir()) == []


def test_room_of_a_killed_process_is_cleared_and_one_in_use_is_not(tmp_path: Path) -> None:
    (tmp_path / "disk/left-behind/upper").mkdir(parents=True)

    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        one = room_on_disk(tmp_path / "disk", first)
        other = room_on_disk(tmp_path / "disk", second)

        assert set((tmp_path / "disk").iterdir()) == {one, other}
