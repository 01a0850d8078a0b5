"""Copying out of a root takes files, and nothing that only looks like one."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from farm.build.copying import copy_regular_file, pack
from farm.errors import FarmError


def test_a_file_is_copied_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    os.utime(tmp_path / "a", (1000, 1000))

    copy_regular_file(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == b"content"
    assert (tmp_path / "b").stat().st_mtime == 1000


def test_a_link_that_a_build_left_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/etc/passwd")

    with pytest.raises(FarmError, match=r"^a: "):
        copy_regular_file(tmp_path / "a", tmp_path / "b")


def test_a_pipe_does_not_hang_the_farm(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")

    with pytest.raises(FarmError, match="a is not a regular file"):
        copy_regular_file(tmp_path / "a", tmp_path / "b")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FarmError, match=r"x\.deb: No such file"):
        copy_regular_file(tmp_path / "x.deb", tmp_path / "b")


def test_packed_scripts_are_executable_and_text_is_not() -> None:
    archive = pack({"rules": "#!/usr/bin/make -f\n", "control": "Source: x\n", "b": b"\0"}, 5)

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {member.name: (member.mode, member.mtime) for member in tar}
    assert found == {"rules": (0o755, 5), "control": (0o644, 5), "b": (0o644, 5)}
