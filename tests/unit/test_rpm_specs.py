"""farm.build.rpm: a component's own spec, the sections of specs, and what a build leaves to do."""

from __future__ import annotations

import io
import lzma
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.build.rpm.archive import write_archive
from farm.build.rpm.own_spec import changelog, find_spec, spec_sources, with_version
from farm.build.rpm.rpmbuild import (
    Reuse,
    install_argv,
    package_argv,
    reuse_between,
    source_argv,
    without_files,
)
from farm.build.rpm.sections import join_sections, split_sections
from farm.build.rpm.source import build_requires
from farm.errors import BuildFailure
from farm.model import Commands
from farm.packaging.info import PackagingInfo
from farm.version import SourceVersion

SPEC = """\
Name: tiny
Version: 0.1
Release: %autorelease
Source0: %{name}-%{version}.tar.gz
BuildRequires: gcc

%description
Tiny.

%package devel
Version: 7
%description devel
Headers.

%prep
%autosetup

%build
%configure
%make_build

%install
%make_install

%check
make check

%files
/usr/bin/tiny

%changelog
* Mon Jan 01 2001 Nobody <nobody@example.invalid> - 0.1-1
- Old
"""


def info(**changes: object) -> PackagingInfo:
    plain = PackagingInfo(
        name="tiny",
        version=SourceVersion("1.2+git3.gabc", 4),
        version_suffix=".el9",
        summary="Tiny",
        description="",
        licence="MIT",
        homepage="",
        vcs="https://example.invalid/tiny.git",
        commit="c" * 40,
        maintainer="Farm <farm@example.invalid>",
        timestamp=1_700_000_000,
        changes=("Use 100% less",),
        build_depends=(),
        commands=Commands(),
        configure_arguments=(),
        has_configure=True,
        test_target="check",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def changed(old: str, new: str) -> str:
    assert old in SPEC
    return SPEC.replace(old, new)


def test_the_farms_version_replaces_the_specs_own() -> None:
    text = with_version(SPEC, info())
    assert "Version: 1.2+git3.gabc\nRelease: 1.el9.4\nSource0:" in text
    assert "%package devel\nVersion: 7\n" in text


def test_the_changelog_is_one_entry_dated_as_the_commit() -> None:
    text = with_version(SPEC, info())
    assert text.count("%changelog") == 1
    assert text.endswith(
        "%changelog\n* Tue Nov 14 2023 Farm <farm@example.invalid> - 1.2+git3.gabc-1.el9.4\n"
        "- Use 100%% less\n"
    )


def test_without_changes_the_changelog_names_the_commit() -> None:
    assert "- Build of commit cccccccccccc\n" in changelog(info(changes=()))


def test_a_changelog_in_the_middle_goes_and_the_rest_stays() -> None:
    moved = SPEC[: SPEC.index("%files")] + "%changelog\n- x\n%files\n/usr/bin/tiny"
    text = with_version(moved, info())
    assert text.index("%files\n/usr/bin/tiny\n") < text.index("%changelog")


@pytest.mark.parametrize("tag", ["Version", "Release"])
def test_a_spec_without_version_or_release_does_not_serve(tag: str) -> None:
    with pytest.raises(BuildFailure, match=f"no {tag} tag"):
        with_version(
            changed(f"\n{tag}:", "\nX:").replace("X: 0.1", "").replace("X: %", "#"), info()
        )


@pytest.mark.parametrize("directory", [".", "rpm", "packaging"])
def test_the_spec_is_found_where_components_keep_it(tmp_path: Path, directory: str) -> None:
    spec = tmp_path / directory / "tiny.spec"
    spec.parent.mkdir(exist_ok=True)
    spec.write_text(SPEC)
    assert find_spec(tmp_path) == spec


def test_two_specs_in_one_place_are_refused(tmp_path: Path) -> None:
    for name in ("a.spec", "b.spec"):
        (tmp_path / name).write_text(SPEC)
    with pytest.raises(BuildFailure, match=r"found a\.spec, b\.spec"):
        find_spec(tmp_path)


def test_no_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildFailure, match=r"no \*\.spec"):
        find_spec(tmp_path)


def test_sources_and_patches_are_read_from_the_expanded_spec() -> None:
    expanded = (
        "Source0: https://example.invalid/dl/tiny-1.2.tar.gz\nsource1:\ttiny.service\n"
        "Patch0: fix.patch\nPatch: fix.patch\n%prep\n%setup -q -n tiny-src\n"
    )
    sources = spec_sources(expanded, "tiny", "1.2")
    assert sources.archive == "tiny-1.2.tar.gz"
    assert sources.directory == "tiny-src"
    assert sources.others == ("tiny.service", "fix.patch")


def test_the_default_directory_is_name_and_version() -> None:
    sources = spec_sources("Source: tiny-1.2.tar.xz\n%setup -q\n", "tiny", "1.2")
    assert sources.directory == "tiny-1.2"


def test_a_spec_without_a_tar_archive_is_refused() -> None:
    with pytest.raises(BuildFailure, match=r"no Source that ends in \.tar\.xz"):
        spec_sources("Source0: tiny.zip\n", "tiny", "1.2")


def test_sections_are_cut_at_their_names_and_not_at_macros() -> None:
    names = [section.name for section in split_sections(SPEC)]
    assert names == [
        *("", "description", "package", "description", "prep", "build", "install"),
        *("check", "files", "changelog"),
    ]


@given(st.lists(st.sampled_from(["%build\n", "%files x\n", "make\n", "\n", "%{?dist}\n"])))
def test_sections_together_are_the_spec(lines: list[str]) -> None:
    spec = "".join(lines)
    assert "".join(section.text for section in split_sections(spec)) == spec
    assert join_sections(split_sections(spec)) == spec


def test_a_build_serves_a_spec_that_lists_other_files() -> None:
    provisional = without_files(SPEC)
    assert "%files" not in provisional
    scriptlets = changed("\n%files", "\n%{?ldconfig_scriptlets}\n\n%files")
    assert reuse_between(provisional, SPEC) is Reuse.INSTALLED
    assert reuse_between(provisional, scriptlets) is Reuse.INSTALLED
    documentation = changed("%package devel\n", "%package devel\nBuildArch: noarch\n")
    assert reuse_between(provisional, documentation) is Reuse.INSTALLED


@pytest.mark.parametrize(
    ("final", "reuse"),
    [
        (changed("%make_install\n", "%make_install\n%find_lang tiny\n"), Reuse.COMPILED),
        ("%global debug_package %{nil}\n" + SPEC, Reuse.COMPILED),
        (changed("Source0", "BuildArch: noarch\nSource0"), Reuse.NOTHING),
        (changed("%configure", "%configure --disable-x"), Reuse.NOTHING),
        (changed("%autosetup", "%autosetup -p1"), Reuse.NOTHING),
        (changed("make check", "make test"), Reuse.NOTHING),
    ],
)
def test_what_differs_is_done_again(final: str, reuse: Reuse) -> None:
    assert reuse_between(SPEC, final) is reuse


def test_packages_of_a_finished_build_are_not_marked_as_short_circuited() -> None:
    argv = package_argv("x86_64", Reuse.INSTALLED)
    assert "--short-circuit" not in argv
    assert argv[:2] == ["rpmbuild", "-rb"]
    assert "--define=__spec_build_cmd /bin/true" in argv
    assert "--define=__spec_install_cmd /bin/true" in argv


def test_compiled_is_installed_again_and_nothing_is_left_out_of_a_full_build() -> None:
    assert "--define=__spec_install_cmd /bin/true" not in package_argv("x86_64", Reuse.COMPILED)
    assert package_argv("x86_64", Reuse.NOTHING) == [
        *("rpmbuild", "-rb", "--noclean", "--target", "x86_64"),
    ]


def test_every_pass_builds_for_the_distros_architecture() -> None:
    for argv in (source_argv("x.spec", "aarch64"), install_argv("x.spec", "aarch64")):
        assert argv[argv.index("--target") + 1] == "aarch64"


def test_requirements_are_read_from_a_generated_spec() -> None:
    text = "BuildRequires:  make\nBuildRequires:  pkgconfig(ogg) >= 1.3\nRequires: x\n"
    assert build_requires(text) == ["make", "pkgconfig(ogg) >= 1.3"]


@pytest.mark.parametrize("ending", [".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar"])
def test_an_archive_is_compressed_as_its_name_says(tmp_path: Path, ending: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "README").write_text("read me\n")
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        file = tmp_path / name / f"tiny-1.2{ending}"
        write_archive(tree, file, top="tiny-1.2", timestamp=1_700_000_000)
        made.append(file.read_bytes())
        assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0])) as tar:
        assert "tiny-1.2/README" in tar.getnames()
    assert (made[0][:2] == b"\x1f\x8b") == (ending in (".tar.gz", ".tgz"))
    assert (ending == ".tar.xz") == made[0].startswith(lzma.compress(b"")[:6])
