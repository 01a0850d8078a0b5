from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm import pool
from farm.pool import PoolError
from tests.builds import FILES, KEY, write_build


def test_a_build_is_found_once_it_is_added(tmp_path: Path) -> None:
    incoming = pool.incoming_directory(tmp_path, KEY)
    said = write_build(incoming)
    assert pool.result(tmp_path, KEY) is None

    pool.add(tmp_path, KEY, incoming)

    assert pool.result(tmp_path, KEY) == said
    assert (tmp_path / KEY[:2] / KEY / "build.log").read_bytes() == FILES["build.log"]
    assert list(pool.keys(tmp_path)) == [KEY]
    assert not incoming.exists()


def test_files_in_the_pool_are_read_only(tmp_path: Path) -> None:
    write_build(tmp_path / "in")
    pool.add(tmp_path, KEY, tmp_path / "in")
    modes = {p.stat().st_mode & 0o777 for p in pool.directory(tmp_path, KEY).iterdir()}
    assert modes == {0o444}


def test_the_first_of_two_results_stays(tmp_path: Path) -> None:
    first = write_build(tmp_path / "a")
    write_build(tmp_path / "b", {"other.deb": b"x"})
    pool.add(tmp_path, KEY, tmp_path / "a")
    pool.add(tmp_path, KEY, tmp_path / "b")
    assert pool.result(tmp_path, KEY) == first
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("key", ["", "ab", "../" + "a" * 61, "G" * 64, "A" * 64, KEY + "\n"])
def test_a_key_is_64_hexadecimal_digits(tmp_path: Path, key: str) -> None:
    with pytest.raises(PoolError, match="not a build key"):
        pool.result(tmp_path, key)
    with pytest.raises(PoolError, match="not a build key"):
        pool.add(tmp_path, key, tmp_path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".x", "a/b", "a\\b", "a\0", "-x", "a\n", "a" * 256]
)
def test_a_file_name_has_no_separator(name: str) -> None:
    with pytest.raises(PoolError, match="not a file name"):
        pool.checked_filename(name)


@pytest.mark.parametrize(
    "name", ["a_1%3a1.0+git4.gabc-1~deb12+r2_amd64.deb", "a-1.0^x-1.el9.x86_64.rpm", "result.json"]
)
def test_package_file_names_are_fine(name: str) -> None:
    assert pool.checked_filename(name) == name


def test_a_damaged_result_is_reported_with_its_file_and_field(tmp_path: Path) -> None:
    write_build(tmp_path / "in")
    pool.add(tmp_path, KEY, tmp_path / "in")
    damaged = pool.directory(tmp_path, KEY) / "result.json"
    damaged.chmod(0o644)
    damaged.write_text("{}")
    with pytest.raises(PoolError, match=r"result\.json: key: Field required"):
        pool.result(tmp_path, KEY)


def test_a_complete_upload_is_accepted(tmp_path: Path) -> None:
    said = write_build(tmp_path / "in")
    assert pool.verify(tmp_path / "in", KEY) == said


def test_an_upload_must_be_what_its_result_says(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_build(folder)
    (folder / "build.log").write_bytes(b"gol")
    with pytest.raises(PoolError, match=r"build\.log is not the file"):
        pool.verify(folder, KEY)
    (folder / "build.log").unlink()
    with pytest.raises(PoolError, match=r"lacks files of result\.json: build\.log"):
        pool.verify(folder, KEY)
    write_build(folder)
    (folder / "more").touch()
    with pytest.raises(PoolError, match=r"not in result\.json: more"):
        pool.verify(folder, KEY)
    with pytest.raises(PoolError, match=r"result\.json is of build"):
        pool.verify(folder, "0" * 64)
    (folder / "result.json").unlink()
    with pytest.raises(PoolError, match=r"result\.json is missing"):
        pool.verify(folder, KEY)


def test_a_result_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    result = write_build(tmp_path / "in")
    evil = result.files[0].model_copy(update={"filename": "../x"})
    text = result.model_copy(update={"files": (evil,)}).model_dump_json()
    (tmp_path / "in/result.json").write_text(text)
    with pytest.raises(PoolError, match="not a file name"):
        pool.verify(tmp_path / "in", KEY)


def test_uploads_that_were_given_up_are_dropped(tmp_path: Path) -> None:
    old, new = pool.incoming_directory(tmp_path, "0" * 64), pool.incoming_directory(tmp_path, KEY)
    write_build(old)
    write_build(new)
    os.utime(old, (0, 0))
    pool.drop_stale_incoming(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)
