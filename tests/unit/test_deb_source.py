"""The Debian source package: names, versions, and a component's own changelog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.build.deb.source import (
    generated_source,
    listed_files,
    outcome_of,
    own_changelog,
    own_source,
    read_packaging,
)
from farm.errors import BuildFailure
from farm.model import Commands
from farm.packaging.info import PackagingInfo
from farm.version import SourceVersion

INFO = PackagingInfo(
    name="tiny",
    version=SourceVersion("1.1+git2.gabc1234"),
    version_suffix="~deb12",
    summary="Tiny",
    description="",
    licence="MIT",
    homepage="",
    vcs="https://git.example/tiny",
    commit="a" * 40,
    maintainer="Build farm <farm@example.invalid>",
    timestamp=1_700_000_000,
    changes=("Do more.", "Fix it."),
    build_depends=("gettext", "libogg-dev"),
    commands=Commands(),
    configure_arguments=(),
    has_configure=True,
    test_target="check",
)

CONTROL = """\
Source: tinysource
Build-Depends: debhelper-compat (= 13), libogg-dev
Build-Depends-Indep: doxygen

Package: tiny
Architecture: any
"""

CHANGELOG = """\
tinysource (2:1.0-3) unstable; urgency=low

  * Earlier.

 -- A Packager <packager@example.invalid>  Mon, 01 Jan 2020 00:00:00 +0000
"""


def test_generated_packaging_names_everything_after_the_component() -> None:
    source = generated_source(INFO)

    assert source.archive == "tiny_1.1+git2.gabc1234.orig.tar.xz"
    assert source.directory == "tiny-1.1+git2.gabc1234"
    assert source.file(".dsc") == "tiny_1.1+git2.gabc1234-1~deb12.dsc"
    assert [r.text for r in source.build_depends] == ["gettext", "libogg-dev"]


def test_own_packaging_keeps_its_source_name_and_epoch_and_says_what_it_needs() -> None:
    source = own_source(INFO, CONTROL, CHANGELOG)

    assert source.name == "tinysource"
    assert source.version == "2:1.1+git2.gabc1234-1~deb12"
    assert source.plain_version == "1.1+git2.gabc1234-1~deb12"
    assert source.file(".dsc") == "tinysource_1.1+git2.gabc1234-1~deb12.dsc"
    assert [r.text for r in source.build_depends] == [
        "debhelper-compat (= 13)",
        "libogg-dev",
        "doxygen",
    ]


def test_own_changelog_gets_an_entry_dated_by_the_commit() -> None:
    text = own_changelog(CHANGELOG, own_source(INFO, CONTROL, CHANGELOG), INFO)

    assert text == (
        "tinysource (2:1.1+git2.gabc1234-1~deb12) unstable; urgency=medium\n"
        "\n"
        "  * Do more.\n"
        "  * Fix it.\n"
        "\n"
        " -- Build farm <farm@example.invalid>  Tue, 14 Nov 2023 22:13:20 +0000\n"
        "\n" + CHANGELOG
    )


def test_a_changelog_that_has_the_version_already_stays_as_it_is() -> None:
    source = own_source(INFO, CONTROL, CHANGELOG)
    once = own_changelog(CHANGELOG, source, INFO)

    assert own_changelog(once, source, INFO) == once


def test_old_entries_need_not_be_well_formed() -> None:
    old = CHANGELOG + "\nThu Mar 4 1999  Somebody\n\n\t* main.c: Start.\n"

    assert own_changelog(old, own_source(INFO, CONTROL, old), INFO).endswith("\n\n" + old)


def test_without_changes_the_changelog_names_the_commit() -> None:
    info = replace(INFO, changes=())

    assert f"  * Commit {'a' * 40}.\n" in own_changelog(
        CHANGELOG, own_source(info, CONTROL, CHANGELOG), info
    )


@pytest.mark.parametrize("control", ["", "Source: ../../etc\n", "Package: tiny\n"])
def test_a_control_file_without_a_usable_source_name_is_the_components_fault(control: str) -> None:
    with pytest.raises(BuildFailure, match="debian/control"):
        own_source(INFO, control, CHANGELOG)


@pytest.mark.parametrize("changelog", ["", "nonsense\n"])
def test_a_broken_changelog_is_the_components_fault(changelog: str) -> None:
    with pytest.raises(BuildFailure, match="debian/changelog"):
        own_source(INFO, CONTROL, changelog)


def test_packaging_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian/control").symlink_to("/etc/passwd")

    with pytest.raises(BuildFailure, match="debian/control is missing, or not a regular file"):
        read_packaging(tmp_path, "control")


def test_files_of_a_build_are_listed_and_sorted_by_what_they_are() -> None:
    changes = (
        "Format: 1.8\n"
        "Files:\n"
        " 0 1 misc optional tiny_1.dsc\n"
        " 0 1 misc optional tiny_1.orig.tar.xz\n"
        " 0 1 misc optional tiny_1_amd64.buildinfo\n"
        " 0 1 misc optional tiny_1_amd64.deb\n"
    )
    names = (*listed_files(changes), "tiny_1_amd64.changes")

    outcome = outcome_of(generated_source(INFO), names, True, "root", {"build": 1.0})

    assert outcome.source == ("tiny_1.dsc", "tiny_1.orig.tar.xz")
    assert outcome.binaries == ("tiny_1_amd64.deb",)
    assert outcome.other == ("tiny_1_amd64.buildinfo", "tiny_1_amd64.changes")
    assert outcome.version == "1.1+git2.gabc1234-1~deb12"
    assert outcome.tests == "passed"


def test_a_listed_name_cannot_lead_out_of_the_directory() -> None:
    with pytest.raises(BuildFailure, match="unusable file name"):
        listed_files("Files:\n 0 1 misc optional ../../etc/passwd\n")
