"""The text of a generated debian/ directory."""

from __future__ import annotations

import re

import pytest
from debian.changelog import Changelog
from debian.deb822 import Deb822

from farm.packaging.debian import debian_files
from farm.packaging.manifest import Installed, Manifest
from farm.packaging.split import split_deb
from farm.version import SourceVersion
from tests.packaging_data import (
    LIBDIR,
    library,
    ogg_manifest,
    packaging_info,
    pkgconfig,
    program,
)


def stanzas(control: str) -> dict[str, dict[str, str]]:
    """The paragraphs of a control file by the name of their package; the source's is empty."""
    paragraphs = [dict(p) for p in Deb822.iter_paragraphs(control, use_apt_pkg=False)]
    return {p.get("Package", ""): p for p in paragraphs}


def relations(value: str) -> list[str]:
    return re.split(r",\s*", value)


def test_a_library_is_packaged_as_a_debian_developer_would() -> None:
    info = packaging_info()
    files = debian_files(info, split_deb("libogg", ogg_manifest()))

    assert files["control"] == (
        """\
Source: libogg
Section: libs
Priority: optional
Maintainer: Build Farm <farm@example.invalid>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.6.2
Homepage: https://xiph.example.org/ogg/
Vcs-Git: https://git.example.org/ogg.git
Rules-Requires-Root: no

Package: libogg0
Architecture: any
Multi-Arch: same
Depends: ${shlibs:Depends},
         ${misc:Depends}
Description: bitstream library
 Ogg is a container format.
 .
 It is free.
 .
 This package contains the shared library.

Package: libogg-dev
Architecture: any
Multi-Arch: same
Section: libdevel
Depends: libogg0 (= ${binary:Version}),
         ${misc:Depends}
Description: bitstream library (development files)
 Ogg is a container format.
 .
 It is free.
 .
 This package contains the files needed to build software with it.
"""
    )
    assert files["libogg0.install"] == "usr/lib/*/libogg.so.*\n"
    assert files["libogg-dev.install"].splitlines() == [
        "usr/include/ogg",
        "usr/lib/*/lib*.a",
        "usr/lib/*/lib*.so",
        "usr/lib/*/pkgconfig/*.pc",
        "usr/share/aclocal/*",
    ]
    assert files["libogg-dev.docs"] == "README\n"
    assert files["source/format"] == "3.0 (quilt)\n"


def test_provisional_packaging_has_one_package_and_the_same_rules() -> None:
    info = packaging_info()

    provisional = debian_files(info, None)
    final = debian_files(info, split_deb("libogg", ogg_manifest()))

    assert list(stanzas(provisional["control"])) == ["", "libogg"]
    assert not [name for name in provisional if name.endswith(".install")]
    assert provisional["rules"] == final["rules"]
    assert provisional["changelog"] == final["changelog"]


def test_the_changelog_is_dated_as_the_commit_and_versioned_for_the_distro() -> None:
    info = packaging_info(
        version=SourceVersion("1.3.5+git4.gabc1234", rebuild=2),
        changes=("Fix the framing.", "A subject " + "that goes on " * 12),
    )

    text = debian_files(info, None)["changelog"]
    parsed = Changelog(text, strict=True)

    assert parsed.version.full_version == "1.3.5+git4.gabc1234-1~deb12+r2"
    assert parsed.date == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert parsed.author == "Build Farm <farm@example.invalid>"
    assert "  * Fix the framing.\n  * A subject that" in text
    assert max(map(len, text.splitlines())) <= 80


def test_development_packages_depend_on_those_that_their_pkgconfig_files_want() -> None:
    manifest = Manifest.of([*library("libvorbis.so.0"), pkgconfig("vorbis", ("ogg",))])
    packages = split_deb("libvorbis", manifest, owners={"ogg": "libogg-dev"})

    control = stanzas(debian_files(packaging_info(name="libvorbis"), packages)["control"])

    assert relations(control["libvorbis-dev"]["Depends"]) == [
        "libvorbis0 (= ${binary:Version})",
        "libogg-dev",
        "${misc:Depends}",
    ]


def test_lintian_is_told_when_a_name_is_the_distributions_and_not_the_sonames() -> None:
    manifest = Manifest.of(library("libvorbis.so.0"))
    packages = split_deb("libvorbis", manifest, distribution={"libvorbis0a"})

    files = debian_files(packaging_info(name="libvorbis"), packages)

    assert [name for name in files if "lintian" in name] == ["libvorbis0a.lintian-overrides"]
    assert files["libvorbis0a.lintian-overrides"].endswith(
        "\nlibvorbis0a: package-name-doesnt-match-sonames\n"
    )


def test_files_that_moved_from_a_distributions_package_replace_it() -> None:
    manifest = Manifest.of([*library("libtheora.so.0"), *library("libtheoradec.so.1")])
    packages = split_deb("libtheora", manifest, distribution={"libtheora0"})

    control = stanzas(debian_files(packaging_info(name="libtheora"), packages)["control"])

    older = "libtheora0 (<< ${binary:Version})"
    assert (control["libtheoradec1"]["Breaks"], control["libtheoradec1"]["Replaces"]) == (
        older,
        older,
    )
    assert "Breaks" not in control["libtheora0"]


def test_build_dependencies_are_sorted_and_named_once() -> None:
    info = packaging_info(build_depends=("zlib1g-dev", "libogg-dev", "zlib1g-dev"))

    control = stanzas(debian_files(info, None)["control"])

    assert relations(control[""]["Build-Depends"]) == [
        "debhelper-compat (= 13)",
        "libogg-dev",
        "zlib1g-dev",
    ]


def test_packages_without_native_code_are_for_all_architectures() -> None:
    manifest = Manifest.of(
        [*library("libx.so.1"), "/usr/share/libx/table", program("x-tool"), "/usr/include/x.h"]
    )
    library_only = Manifest.of([*library("libx.so.1"), "/usr/share/libx/table"])

    with_program = stanzas(
        debian_files(packaging_info(name="libx"), split_deb("libx", manifest))["control"]
    )
    without = stanzas(
        debian_files(packaging_info(name="libx"), split_deb("libx", library_only))["control"]
    )

    assert with_program["libx-tools"]["Architecture"] == "any"
    assert "Multi-Arch" not in with_program["libx-tools"]
    common = without["libx-common"]
    assert (common["Architecture"], common["Multi-Arch"]) == ("all", "foreign")
    assert relations(without["libx1"]["Depends"])[0] == "libx-common (= ${source:Version})"


def test_a_command_in_the_development_package_keeps_it_from_multi_arch_same() -> None:
    manifest = Manifest.of([*library("libx.so.1"), "/usr/bin/x-config"])

    control = stanzas(
        debian_files(packaging_info(name="libx"), split_deb("libx", manifest))["control"]
    )

    assert control["libx1"]["Multi-Arch"] == "same"
    assert "Multi-Arch" not in control["libx-dev"]


@pytest.mark.parametrize(
    ("summary", "synopsis"),
    [
        ("A tool for  audio files.", "tool for audio files"),
        ("", "component libogg"),
        ("x" * 30 + " " + "y" * 60, "x" * 30 + "..."),
    ],
)
def test_the_synopsis_is_one_short_line_without_article(summary: str, synopsis: str) -> None:
    control = stanzas(debian_files(packaging_info(summary=summary), None)["control"])

    assert control["libogg"]["Description"].splitlines()[0] == synopsis


def test_text_from_components_yml_cannot_add_fields_or_packages() -> None:
    info = packaging_info(
        summary="x\n\nPackage: evil",
        description="first\n\nPackage: evil\nDepends: evil\n.\n\n \nlast",
        changes=("x\n -- Somebody <else@example.invalid>  now",),
        maintainer="A B\nPackage: evil",
    )

    files = debian_files(info, None)

    assert list(stanzas(files["control"])) == ["", "libogg"]
    assert Changelog(files["changelog"], strict=True).author == (
        "A B Package: evil <farm@example.invalid>"
    )


def test_a_local_clone_url_is_not_published() -> None:
    control = debian_files(packaging_info(vcs="file:///home/me/ogg.git"), None)["control"]

    assert "Vcs-Git" not in control


def test_patterns_never_take_what_another_package_has() -> None:
    manifest = Manifest.of(
        [
            *library("libx.so.1"),
            "/usr/bin/x-config",
            program("x"),
            "/usr/share/man/man1/x-config.1",
            "/usr/share/man/man1/x.1",
        ]
    )

    files = debian_files(packaging_info(name="x"), split_deb("x", manifest))

    assert "usr/bin/x-config\n" in files["libx-dev.install"]
    assert "usr/bin/x\n" in files["x.install"]
    assert "usr/share/man/man1/x.1\n" in files["x.install"]


def test_names_with_blanks_and_wildcards_can_be_installed() -> None:
    manifest = Manifest.of([program("x"), "/usr/share/a [b]*.txt"])

    files = debian_files(packaging_info(name="x"), split_deb("x", manifest))

    assert "usr/share/a??b??.txt\n" in files["x.install"]


def test_python_modules_depend_on_the_interpreter() -> None:
    module = "/usr/lib/python3/dist-packages/x/__init__.py"
    packages = split_deb("libx", Manifest.of([*library("libx.so.1"), module]))

    plain = stanzas(debian_files(packaging_info(name="libx"), packages)["control"])
    info = packaging_info(name="libx", build_depends=("dh-sequence-python3",))
    helped = stanzas(debian_files(info, packages)["control"])

    assert "python3" in relations(plain["python3-libx"]["Depends"])
    assert "${python3:Depends}" in relations(helped["python3-libx"]["Depends"])


def test_native_files_make_shlibs_depends_necessary() -> None:
    module = Installed(f"{LIBDIR}/x/codec.so", elf=True)
    packages = split_deb("x", Manifest.of([module]))

    control = stanzas(debian_files(packaging_info(name="x"), packages)["control"])

    assert "${shlibs:Depends}" in relations(control["x"]["Depends"])
