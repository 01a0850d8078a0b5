"""Components taken as packages: which packages, and how they fit into a prefix."""

import subprocess
from pathlib import Path

import pytest

from farm.workspace.binaries import (
    packages_of_source,
    relocated,
    rewritten,
    take_packages,
    unpack,
    with_uri,
)
from farm.workspace.errors import WorkspaceError
from tests.workspaces import World

AVAILABLE = """Package: libogg0
Source: libogg
Architecture: amd64
Version: 1.3.5-3

Package: libogg0
Source: libogg
Architecture: amd64
Version: 1.3.10-1

Package: libogg0
Source: libogg
Architecture: arm64
Version: 9

Package: libogg0-dbgsym
Source: libogg
Architecture: amd64
Version: 1.3.10-1

Package: libogg
Architecture: all
Version: 1.3.10-1

Package: other
Source: liboggz (1.2)
Architecture: amd64
Version: 1
"""


def test_the_newest_packages_of_a_source_for_this_machine_are_found() -> None:
    assert packages_of_source(AVAILABLE, "libogg", ("amd64", "all")) == {
        "libogg0": "1.3.10-1",
        "libogg": "1.3.10-1",
    }
    assert packages_of_source(AVAILABLE, "liboggz", ("amd64",)) == {"other": "1"}


def test_an_archive_is_read_where_it_was_found() -> None:
    text = "Types: deb\nURIs: http://127.0.0.1:8021/x/\nSuites: bookworm\n"
    assert "URIs: file:///srv/a/\n" in with_uri(text, "file:///srv/a")


def test_paths_are_those_of_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.workspace.binaries._multiarch", lambda: "x86_64-linux-gnu")
    assert relocated("usr/lib/x86_64-linux-gnu/libogg.so.0") == "lib/libogg.so.0"
    assert relocated("etc/ogg.conf") == "etc/ogg.conf"
    text = "prefix=/usr\nlibdir=${prefix}/lib/x86_64-linux-gnu\nx=/opt/usr/y -I/usr/include\n"
    assert rewritten(text, Path("/p")) == (
        "prefix=/p\nlibdir=${prefix}/lib\nx=/opt/usr/y -I/p/include\n"
    )


def test_packages_are_unpacked_into_a_staged_prefix(tmp_path: Path) -> None:
    made = tmp_path / "made"
    for path, text in (
        (
            "DEBIAN/control",
            "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: x\n",
        ),
        ("usr/share/pkgconfig/x.pc", "prefix=/usr\n"),
        ("usr/bin/x", "#!/bin/sh\necho /usr\n"),
    ):
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
    deb = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--build", made, deb], check=True, capture_output=True)
    stage = unpack([deb], tmp_path / "stage", Path("/opt/p"))
    assert (stage / "opt/p/share/pkgconfig/x.pc").read_text() == "prefix=/opt/p\n"
    assert (stage / "opt/p/bin/x").read_text() == "#!/bin/sh\necho /usr\n"


def test_what_cannot_be_taken_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.component("ogg")
    world.workspace(archive="https://farm.invalid/development/bookworm")
    workspace = world.open(offline=True)
    workspace.change_settings(family="deb")
    with pytest.raises(WorkspaceError, match="offline, and the archive is on the network"):
        take_packages(workspace, "ogg")
    workspace.change_settings(family="rpm")
    with pytest.raises(WorkspaceError, match="only packages of deb distros"):
        take_packages(workspace, "ogg")
