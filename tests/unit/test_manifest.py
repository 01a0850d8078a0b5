"""What a staged installation is read as."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from farm.errors import FarmError
from farm.packaging.manifest import Installed, Kind, Manifest, scan
from tests.packaging_data import library


def install(staging: Path, path: str, text: str = "text\n") -> Path:
    file = staging / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_files_links_and_empty_directories_are_listed_by_path(tmp_path: Path) -> None:
    install(tmp_path, "/usr/share/x/data").chmod(0o640)
    (tmp_path / "usr/share/x/alias").symlink_to("data")
    (tmp_path / "usr/share/x/tree").symlink_to("/usr/share/other")
    (tmp_path / "var/lib/x").mkdir(parents=True)

    found = scan(tmp_path).files

    assert found == (
        Installed("/usr/share/x/alias", Kind.LINK, target="data", mode=0o777),
        Installed("/usr/share/x/data", mode=0o640, size=5),
        Installed("/usr/share/x/tree", Kind.LINK, target="/usr/share/other", mode=0o777),
        Installed("/var/lib/x", Kind.DIRECTORY, mode=0o755),
    )


def test_libtool_archives_and_the_index_of_info_pages_are_dropped() -> None:
    manifest = Manifest.of(["/usr/lib/libx.la", "/usr/share/info/dir", "/usr/share/info/x.info"])

    assert [f.path for f in manifest.files] == ["/usr/share/info/x.info"]
    assert [f.path for f in manifest.dropped] == ["/usr/lib/libx.la", "/usr/share/info/dir"]


@pytest.mark.parametrize(
    "path", ["/DEBIAN/control", "/usr/lib/debug/usr/bin/x.debug", "/usr/lib/.build-id/ab/cd"]
)
def test_files_of_the_packaging_tools_themselves_are_no_part_of_it(path: str) -> None:
    assert Manifest.of([path]) == Manifest(())


def test_a_shared_library_is_known_by_its_soname_and_what_it_needs(tmp_path: Path) -> None:
    target = install(tmp_path, "/usr/lib/libx.so.1.2")
    subprocess.run(
        ["cc", "-shared", "-nostdlib", "-Wl,-soname,libx.so.1", "-xc", "/dev/null", "-o", target],
        check=True,
    )

    (found,) = scan(tmp_path).files

    assert (found.elf, found.soname) == (True, "libx.so.1")
    assert found.in_library_directory


def test_a_broken_elf_file_is_still_one(tmp_path: Path) -> None:
    (install(tmp_path, "/usr/bin/x")).write_bytes(b"\x7fELF garbage")

    assert scan(tmp_path).files[0].elf


def test_pkgconfig_relations_are_names_without_versions_and_variables(tmp_path: Path) -> None:
    text = """\
prefix=/usr
extra=zlib
Name: X
Requires: ogg >= 1.0, vorbis ${extra}
Requires.private: libssl \\
  libcrypto = 3
"""
    install(tmp_path, "/usr/lib/pkgconfig/x-1.0.pc", text)

    (found,) = scan(tmp_path).files

    assert found.provides == "x-1.0"
    assert found.requires == ("ogg", "vorbis", "zlib")
    assert found.requires_private == ("libssl", "libcrypto")


def test_an_installation_that_ignored_destdir_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FarmError, match="DESTDIR"):
        scan(tmp_path)
    with pytest.raises(FarmError, match="no staged installation"):
        scan(tmp_path / "absent")


def test_libraries_move_to_the_directory_of_the_distribution() -> None:
    staged = Manifest.of(
        [
            *library("libx.so.1", "/usr/lib"),
            "/usr/lib/pkgconfig/x.pc",
            "/usr/lib/python3/dist-packages/x.py",
            "/usr/lib/systemd/system/x.service",
            Installed("/usr/lib/x/plugin.so", elf=True),
            "/usr/share/x/data",
        ]
    )

    paths = {f.path for f in staged.with_library_directory("/usr/lib64").files}

    assert paths == {
        "/usr/lib64/libx.so",
        "/usr/lib64/libx.so.1",
        "/usr/lib64/libx.so.1.5.2",
        "/usr/lib64/pkgconfig/x.pc",
        "/usr/lib/python3/dist-packages/x.py",
        "/usr/lib/systemd/system/x.service",
        "/usr/lib64/x/plugin.so",
        "/usr/share/x/data",
    }
