"""What a repository's files tell: modules, metadata, licence, and the entry made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.buildsystem import BuildSystem, Kind
from farm.inspection.debian_packages import chosen
from farm.inspection.entry import Known, propose
from farm.inspection.metadata import (
    Metadata,
    debian_build_depends,
    metadata_of,
    spec_build_requires,
)
from farm.inspection.requirements import modules_in, provided_modules, required_modules
from farm.inspection.survey import Survey, name_of, survey
from farm.licences import Licence
from farm.model import Family

CONTROL = """\
Source: vorbis
Build-Depends: debhelper-compat (= 13), libogg-dev (>= 1.3), pkgconf | pkg-config,
 zlib1g-dev <!nocheck>, valgrind [amd64] <foo>, libwin-dev [windows-any]
Homepage: https://xiph.example.org/vorbis/

Package: libvorbis0a
Description: decoder library for Vorbis
 No.

Package: libvorbis-dev
Description: Vorbis codec (development files)
 A free codec.
 Of good quality.
 .
 This is for developers.
"""
SPEC = """\
Summary: Vorbis codec
URL: %{forge}/vorbis
License: BSD-3-Clause
BuildRequires: gcc, make
BuildRequires: pkgconfig(ogg) >= 1.3 doxygen
BuildRequires: %{py_deps}
%description
A free codec.
%prep
"""


def write(tree: Path, **files: str) -> Path:
    """Files of a tree; ``__`` in a name is a slash, ``_`` before the ending a dot."""
    for name, text in files.items():
        path = tree / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


@pytest.mark.parametrize(
    ("language", "text", "modules"),
    [
        ("autoconf", "PKG_CHECK_MODULES([OGG], [ogg >= 1.3 zlib], [a], [b])", ("ogg", "zlib")),
        ("autoconf", "PKG_CHECK_MODULES(X, x-1.0)\ndnl PKG_CHECK_MODULES(Y, y)\n", ("x-1.0",)),
        ("autoconf", "PKG_CHECK_EXISTS([systemd], yes)", ("systemd",)),
        ("autoconf", "PKG_CHECK_MODULES([X], [$modules])", ()),
        ("meson", "d = dependency('ogg', version: '>=1')\nt = dependency('threads')", ("ogg",)),
        ("cmake", "pkg_check_modules(OGG REQUIRED IMPORTED_TARGET ogg>=1.3)", ("ogg",)),
        ("make", "LIBS = $(shell pkg-config --libs ogg vorbis)", ("ogg", "vorbis")),
        ("make", "PKG = `pkg-config --cflags ogg`\n# pkg-config --libs no\n", ("ogg",)),
    ],
)
def test_modules_are_read_from_build_files(
    language: str, text: str, modules: tuple[str, ...]
) -> None:
    assert modules_in(text, language) == modules


def test_a_tree_does_not_require_what_it_provides_or_bundles(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        **{
            "configure.ac": "PKG_CHECK_MODULES(A, [ogg vorbis])",
            "vorbis.pc.in": "",
            "tests__meson.build": "dependency('check')",
            "Makefile.am": "",
            "Makefile.in": "pkg-config --libs generated",
        },
    )
    assert required_modules(tree) == ("ogg",)
    assert provided_modules(tree) == ("vorbis",)


def test_debian_build_dependencies_are_names_that_every_build_needs() -> None:
    assert debian_build_depends(CONTROL) == ("libogg-dev", "pkgconf", "zlib1g-dev")


def test_a_specs_build_requirements_are_names_without_versions() -> None:
    assert spec_build_requires(SPEC) == ("pkgconfig(ogg)", "doxygen")


def test_packaging_says_what_a_component_is(tmp_path: Path) -> None:
    said = metadata_of(write(tmp_path, debian__control=CONTROL))
    assert said == Metadata(
        "Vorbis codec", "A free codec. Of good quality.", "https://xiph.example.org/vorbis/"
    )
    spec = metadata_of(write(tmp_path / "rpm-only", **{"x.spec": SPEC}))
    assert spec == Metadata("Vorbis codec", "A free codec.", "", "BSD-3-Clause")


def test_project_files_say_it_too(tmp_path: Path) -> None:
    python = write(
        tmp_path / "p",
        **{
            "pyproject.toml": '[project]\ndescription = "Parse it"\nlicense = "MIT"\n'
            'urls = {Homepage = "https://p.example.org"}\n'
        },
    )
    assert metadata_of(python) == Metadata("Parse it", "", "https://p.example.org", "MIT")
    cargo = write(tmp_path / "c", **{"Cargo.toml": '[package]\ndescription = "C"\nlicense = 3\n'})
    assert metadata_of(cargo) == Metadata("C")
    assert metadata_of(write(tmp_path / "bad", **{"Cargo.toml": "[["})) == Metadata()


@pytest.mark.parametrize(
    ("readme", "summary"),
    [
        ("# tini - a tiny but valid init\n\nMore.\n", "a tiny but valid init"),
        ("tini\n====\n\nTini is a tiny but valid init. It reaps.\n", "tiny but valid init"),
        ("# bash-completion\n\nPlease read the file INSTALL first.\n", ""),
        ("", ""),
    ],
)
def test_a_readme_lets_guess(tmp_path: Path, readme: str, summary: str) -> None:
    assert metadata_of(write(tmp_path, **{"README.md": readme})).summary == summary


def test_a_packages_name_is_guessed_from_those_that_there_are() -> None:
    packages = {"libogg-dev", "libglib2.0-dev", "libsystemd-dev", "x11proto-dev"}
    modules = ("ogg", "glib-2.0", "libsystemd", "x11proto", "missing")
    assert [chosen(module, packages) for module in modules] == [
        "libogg-dev",
        "libglib2.0-dev",
        "libsystemd-dev",
        "x11proto-dev",
        "",
    ]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://git.example.org/xiph/Ogg.git", "ogg"),
        ("git@example.org:vorbis-tools", "vorbis-tools"),
        ("/srv/git/my_lib.git/", "my-lib"),
    ],
)
def test_a_component_is_called_as_its_repository(url: str, name: str) -> None:
    assert name_of(url) == name


def surveyed(**facts: object) -> Survey:
    values: dict[str, object] = {
        "name": "vorbis",
        "system": BuildSystem(Kind.CONFIGURE, test="make check"),
        "metadata": Metadata("The Vorbis codec."),
        "licence": Licence("BSD-3-Clause"),
        "version": "1.3",
        **facts,
    }
    return Survey(**values)  # type: ignore[arg-type]  # any field


def test_an_entry_says_what_is_known() -> None:
    proposal = propose(surveyed(), "/g", Known(), Family)
    assert proposal.entry == {
        "git": "/g",
        "summary": "Vorbis codec",
        "licence": "BSD-3-Clause",
    }
    assert proposal.notes == ()


def test_modules_of_components_become_depends_and_others_packages() -> None:
    packages = {"zlib": "zlib1g-dev"}
    known = Known(("libogg",), {"opus": "opus-codec"}, lambda module: packages.get(module, ""))
    survey = surveyed(modules=("ogg", "opus", "zlib", "rare"))
    proposal = propose(survey, "/g", known, Family)
    assert proposal.entry["depends"] == ["libogg", "opus-codec"]
    assert proposal.entry["packages"] == {
        "deb": ["pkgconf", "zlib1g-dev"],
        "rpm": ["pkgconf-pkg-config", "pkgconfig(zlib)", "pkgconfig(rare)"],
    }
    assert proposal.notes == ("packages.deb: the package that brings rare (pkg-config)",)


def test_packaging_of_its_own_names_dependencies_and_needs_no_packages() -> None:
    survey = surveyed(build_depends={Family.DEB: ("libogg-dev", "zlib1g-dev")})
    proposal = propose(survey, "/g", Known(("libogg",)), Family)
    assert proposal.entry["depends"] == ["libogg"]
    assert "packages" not in proposal.entry
    assert proposal.notes == (
        "debian/: it brings its own, with the build dependencies in it",
        "packages.rpm: what its other packaging calls zlib1g-dev",
    )


def test_what_is_not_known_is_left_to_a_person() -> None:
    survey = surveyed(
        system=BuildSystem(Kind.UNKNOWN), metadata=Metadata(), licence=Licence(""), version=""
    )
    notes = propose(survey, "/g", Known(), Family, directory="lib/x").notes
    assert [note.split(":")[0] for note in notes] == ["version", "summary", "licence", "commands"]


def test_a_tree_is_surveyed_without_running_anything(tmp_path: Path) -> None:
    configure = "#!/bin/sh\ntouch ran\n"
    tree = write(tmp_path, configure=configure, Makefile="test:\n\ttouch ran\n", COPYING="?")
    found = survey(tree, "x", "1.0")
    assert (found.system.kind, found.version) == (Kind.CONFIGURE, "1.0")
    assert found.licence == Licence("", certain=False)
    assert not (tree / "ran").exists()
