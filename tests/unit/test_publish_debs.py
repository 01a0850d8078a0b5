"""What the publisher takes for a proper Debian source package with its binaries."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repo_publish import debs
from repo_publish.errors import PublishError
from repo_publish.manifest import ManifestFile
from tests.packages import build_deb


def read(files: list[Path], architecture: str = "amd64") -> list[ManifestFile]:
    sources = [path for path in files if path.suffix != ".deb"]
    binaries = [path for path in files if path.suffix == ".deb"]
    digests = {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in files
    }
    return debs.read_packages(sources, binaries, digests, architecture)


def problems_of(files: list[Path], architecture: str = "amd64") -> str:
    with pytest.raises(PublishError) as caught:
        read(files, architecture)
    return str(caught.value)


def test_files_get_the_path_that_debian_gives_them(tmp_path: Path) -> None:
    files = read(build_deb(tmp_path, "liba", "1:1.0-1", binaries=["liba1", "liba-dev"]))

    assert [file.path for file in files] == [
        "pool/main/liba/liba/liba_1.0-1.debian.tar.xz",
        "pool/main/liba/liba/liba_1.0-1.dsc",
        "pool/main/liba/liba/liba_1.0.orig.tar.gz",
        "pool/main/liba/liba/liba-dev_1.0-1_all.deb",
        "pool/main/liba/liba/liba1_1.0-1_all.deb",
    ]
    assert {(file.kind, file.architecture) for file in files} == {
        ("source", "source"),
        ("binary", "all"),
    }
    assert {file.version for file in files} == {"1:1.0-1"}


def test_binaries_need_their_source(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1")

    assert "expected one .dsc, found 0" in problems_of(files[1:])
    assert "app_1.0-1.dsc needs app_1.0.orig.tar.gz" in problems_of(
        [path for path in files if "orig" not in path.name]
    )


def test_a_tarball_must_be_the_one_that_the_dsc_names(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1")
    next(path for path in files if "orig" in path.name).write_bytes(b"another")

    assert "app_1.0.orig.tar.gz is not the file that app_1.0-1.dsc names" in problems_of(files)


def test_a_package_may_not_claim_another_source(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1")
    foreign = build_deb(tmp_path / "other", "other", "1.0-1")[-1]

    assert "other_1.0-1_all.deb claims to be built from 'other (1.0-1)', not from app (1.0-1)" in (
        problems_of([*files, foreign])
    )


def test_a_package_is_of_the_version_of_its_source(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1", binaries=["app"])
    rebuilt = build_deb(tmp_path / "nmu", "app", "1.0-1+b1", fields="Source: app (1.0-1)")[-1]
    stray = build_deb(tmp_path / "stray", "app", "1.0-2")[-1]

    assert [file.version for file in read([*files[:-1], rebuilt]) if file.kind == "binary"] == [
        "1.0-1+b1"
    ]
    assert "claims to be built from 'app (1.0-2)', not from app (1.0-1)" in problems_of(
        [*files[:-1], stray]
    )


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("Filename: ../../etc/shadow", "Filename is for indices to say"),
        ("SHA256: 0", "SHA256 is for indices to say"),
        ("Maintainer: A\x1b[2J", r"Maintainer has the character '\x1b'"),
        ("Homepage: http://a\u202eb", r"Homepage has the character '\u202e'"),
        ("Section: misc\n more", "Section has more than one line"),
        ("Depends: " + "a, " * 100_000 + "b", "Depends is 300001 characters long"),
    ],
)
def test_fields_hold_what_they_may_hold(tmp_path: Path, field: str, problem: str) -> None:
    name, _, value = field.partition(": ")
    files = build_deb(tmp_path, "app", "1.0-1", control={name: value})

    assert problem in problems_of(files)


def test_a_source_says_everything_once(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1", source_fields="Version: 2.0-1")

    assert "app_1.0-1.dsc has the field 'version' twice" in problems_of(files)


@pytest.mark.parametrize("name", ["../app", "app/../../x", "app\nVersion: 9", "a" * 200, "APP"])
def test_a_name_is_a_name(tmp_path: Path, name: str) -> None:
    *sources, _ = build_deb(tmp_path, "app", "1.0-1")
    deb = build_deb(tmp_path / "odd", "app", "1.0-1", control={"Package": name})[-1]

    found = problems_of([*sources, deb])

    assert any(said in found for said in ("bad name or version", "not a Debian package", "twice"))
    assert len(found) < 300


def test_a_package_has_the_name_of_its_fields(tmp_path: Path) -> None:
    *sources, deb = build_deb(tmp_path, "app", "1.0-1")
    renamed = deb.rename(tmp_path / "app_9.9-1_all.deb")

    assert "should be called app_1.0-1_all.deb" in problems_of([*sources, renamed])


def test_a_package_is_for_the_archives_architecture(tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1", architecture="arm64")

    assert "is for arm64, the archive is for amd64" in problems_of(files)


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    *sources, deb = build_deb(tmp_path, "app", "1.0-1")
    deb.write_bytes(b"not a package")

    assert "app_1.0-1_all.deb is not a Debian package" in problems_of([*sources, deb])


@pytest.mark.parametrize("name", ["../app", "App", "a/b", "a b"])
def test_fields_with_path_tricks_are_refused(name: str, tmp_path: Path) -> None:
    files = build_deb(tmp_path, "app", "1.0-1")
    files[0].write_text(files[0].read_text().replace("Source: app", f"Source: {name}"))

    assert "bad name or version" in problems_of(files)


def test_versions_are_ordered_as_dpkg_orders_them() -> None:
    older_to_newer = ["1.0~rc1-1", "1.0-1~deb12", "1.0-1~deb13", "1.0-1", "1.0+git3-1", "1:0.1-1"]
    pairs = list(itertools.pairwise(older_to_newer))

    assert debs.compare_versions(pairs) == [-1] * len(pairs)
    assert debs.compare_versions([(b, a) for a, b in pairs]) == [1] * len(pairs)
    assert debs.compare_versions([("1.0-1", "1.0-1")]) == [0]


@given(st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,20}", fullmatch=True))
def test_a_source_has_one_directory_below_a_short_prefix(source: str) -> None:
    pool, main, prefix, name = debs.pool_directory(source).split("/")

    assert (pool, main, name) == ("pool", "main", source)
    assert source.startswith(prefix)
    assert len(prefix) == (4 if source.startswith("lib") and len(source) > 3 else 1)
