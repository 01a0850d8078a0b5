"""Packaging of components that are built otherwise than by ./configure or a Makefile."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.buildsystem import Kind, recognise
from farm.model import Commands
from farm.packaging.build_tools import deb_build_depends, kind_of, rpm_build_requires
from farm.packaging.control import debian_control
from farm.packaging.details import TreeDetails, tree_details
from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import Installed, Manifest
from farm.packaging.rules import debian_rules
from farm.packaging.spec import spec_text
from farm.packaging.spec_scripts import build_lines, check_lines, install_lines
from farm.packaging.split import split_deb
from tests.packaging_data import packaging_info


def info_of(tree: Path, files: dict[str, str], **changes: object) -> PackagingInfo:
    """What is known of a tree with these files."""
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return packaging_info(
        **{"has_configure": False, "test_target": "", "details": tree_details(tree), **changes}
    )


MESON = {"meson.build": "project('x', 'c')\ntest('t', t)\n"}
CMAKE = {"CMakeLists.txt": "enable_testing()\n"}
DUNE = {"dune-project": "(lang dune 3.0)\n", "test/dune": "(test (name t))\n"}
CARGO = {"Cargo.toml": "[package]\n"}
PYTHON = {
    "pyproject.toml": '[build-system]\nbuild-backend = "flit_core.buildapi"\n',
    "tests/test_x.py": "import unittest\n",
}


@pytest.mark.parametrize(
    ("files", "kind", "deb", "rpm"),
    [
        (MESON, Kind.MESON, {"meson", "pkgconf"}, {"meson", "gcc", "gcc-c++"}),
        (CMAKE, Kind.CMAKE, {"cmake"}, {"cmake", "gcc-c++", "make"}),
        (DUNE, Kind.DUNE, {"ocaml-dune"}, {"ocaml-dune"}),
        (CARGO, Kind.CARGO, {"cargo"}, {"cargo"}),
        (PYTHON, Kind.PYTHON, {"dh-python", "flit"}, {"python3-devel", "python3-flit-core"}),
        ({"Makefile": "install:\n"}, Kind.MAKE, set(), {"gcc", "make"}),
    ],
)
def test_the_tools_of_a_build_system_are_build_dependencies(
    tmp_path: Path, files: dict[str, str], kind: Kind, deb: set[str], rpm: set[str]
) -> None:
    info = info_of(tmp_path, files, build_depends=("zlib1g-dev",))
    assert kind_of(info) is kind
    assert deb | {"zlib1g-dev"} <= set(deb_build_depends(info))
    assert rpm <= set(rpm_build_requires(info))


def test_who_gives_all_commands_needs_no_tools(tmp_path: Path) -> None:
    commands = Commands(configure="", build="ninja", install="ninja install")
    info = info_of(tmp_path, MESON, commands=commands, build_depends=("ninja-build",))
    assert deb_build_depends(info) == ("ninja-build",)


@pytest.mark.parametrize(
    ("files", "first", "install"),
    [
        (MESON, "dh $@ --buildsystem=meson\n", "--buildsystem=meson --destdir=debian/tmp"),
        (CMAKE, "dh $@ --buildsystem=cmake\n", "--buildsystem=cmake --destdir=debian/tmp"),
        (PYTHON, "dh $@ --with python3 --buildsystem=pybuild\n", "--buildsystem=pybuild --dest"),
    ],
)
def test_debhelper_drives_what_it_knows(
    tmp_path: Path, files: dict[str, str], first: str, install: str
) -> None:
    rules = debian_rules(info_of(tmp_path, files))
    assert first in rules
    assert f"dh_auto_install {install}" in rules
    assert "override_dh_auto_test" not in rules


def test_debhelper_is_not_asked_for_tests_that_are_not_there(tmp_path: Path) -> None:
    rules = debian_rules(info_of(tmp_path, {"CMakeLists.txt": "project(x)\n"}))
    assert "override_dh_auto_test:\n" in rules


def test_cmake_is_asked_for_shared_libraries_unless_told_otherwise(tmp_path: Path) -> None:
    off = "-DBUILD_SHARED_LIBS=OFF"
    info = info_of(tmp_path, CMAKE, configure_arguments=(off,))
    assert f"dh_auto_configure -- -DBUILD_SHARED_LIBS=ON {off}\n" in debian_rules(info)
    assert any(line.endswith(off) for line in build_lines(info))


def test_dune_and_cargo_bring_their_own_lines(tmp_path: Path) -> None:
    rules = debian_rules(info_of(tmp_path, DUNE))
    assert "\tdune build --profile release @install\n" in rules
    assert "--prefix /usr --libdir /usr/lib/ocaml --mandir" in rules
    assert '--docdir "/usr/share/doc" --destdir $(CURDIR)/debian/tmp\n' in rules
    assert "\tdune build --profile release @runtest\n" in rules
    assert "export HOME = $(CURDIR)/debian/.home\n" in rules


@pytest.mark.parametrize("files", [MESON, CMAKE, DUNE, CARGO, PYTHON])
def test_a_spec_has_rpms_directories_and_no_variables(
    tmp_path: Path, files: dict[str, str]
) -> None:
    info = info_of(tmp_path, files)
    lines = [*build_lines(info), *install_lines(info), *check_lines(info)]
    text = "\n".join(lines)
    assert lines[0] == "%{?set_build_flags}"
    assert "$" not in text
    assert "%{buildroot}" in text and "%{_prefix}" in text
    assert recognise(tmp_path).test.split()[0] in check_lines(info)[0]


def test_scripts_that_ask_for_python_are_told_which(tmp_path: Path) -> None:
    info = info_of(tmp_path, {"tool.py": "#!/usr/bin/env python\n", "Makefile": "install:\n"})
    assert info.details.unversioned_python
    assert "python$$' debian/tmp" in debian_rules(info)
    assert "python$' %{buildroot}" in install_lines(info)[-1]
    (tmp_path / "tool.py").write_text("#!/usr/bin/env python3\n")
    assert not tree_details(tmp_path).unversioned_python


def test_what_runs_a_script_is_depended_on() -> None:
    script = Installed("/usr/bin/x", mode=0o755, interpreter="python3")
    control = debian_control(packaging_info(name="x"), split_deb("x", Manifest.of([script])))
    assert "Depends: python3,\n         ${misc:Depends}\n" in control


def test_headers_of_a_native_library_are_rebuilt_with_it() -> None:
    library = Installed("/usr/lib/libx.so.1", elf=True, soname="libx.so.1")
    packages = split_deb("libx", Manifest.of([library, "/usr/include/x.h"]))
    assert [p.architecture_independent for p in packages] == [False, False]
    (headers,) = split_deb("libx", Manifest.of(["/usr/include/x.h"]))
    assert headers.architecture_independent


def test_no_details_mean_a_makefile() -> None:
    assert kind_of(packaging_info(has_configure=False, details=TreeDetails())) is Kind.MAKE


def test_packages_say_where_their_source_lives() -> None:
    spec = spec_text(packaging_info(vcs="https://git.example.org/x.git"), None)
    assert "VCS:            git:https://git.example.org/x.git\n" in spec
    local = packaging_info(vcs="/home/me/x", homepage="")
    assert "VCS:" not in spec_text(local, None)
    assert "Vcs-Git" not in debian_control(local, None)


def test_a_description_does_not_repeat_the_summary() -> None:
    info = packaging_info(summary="X", description="", homepage="https://x.example.org")
    assert f" This is {info.name}, built from https://x.example.org.\n" in debian_control(
        info, None
    )
