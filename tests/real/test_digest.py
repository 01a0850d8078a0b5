"""The output digest of real packages: what changes it and what does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from farm.digest import (
    PackageUnreadable,
    exposed_components,
    header,
    output_digest,
    visible_facts,
)
from farm.run import clean_environment, run
from tests import packages

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Source:
    """A library as its author has it."""

    version: str = "1.0+git1.gaaaaaaa"
    code: str = "int tiny(void) { return 1; }"
    comment: str = "/* first */"
    interface: str = "int tiny(void);"
    manual: str = "how to use it"
    changelog: str = "first"
    script: str = "echo hello"
    depends: str = "libc6 (>= 2.14)"
    requires: str = "glibc >= 2.14"
    pc_version: str = ""
    soname: str = "libtiny.so.1"
    file: str = "libtiny.so.1"
    archived: str = "int tiny(void) { return 1; }"
    mode: int = 0o644
    """Of the header."""


def install(source: Source, root: Path, libdir: str) -> None:
    """What `make install` and the stripping of debug information leave."""
    lib, include = root / libdir, root / "usr/include"
    for folder in (lib / "pkgconfig", include, root / "usr/share/man/man3"):
        folder.mkdir(parents=True)
    built, shared = root.parent / "tiny.so", lib / source.file
    (root.parent / "tiny.c").write_text(f"{source.comment}\n{source.code}\n")
    # With debug information: the linker hashes its line numbers into the build-id.
    compile_ = f"gcc -g -O2 -fPIC -shared -Wl,--build-id -Wl,-soname,{source.soname} -o"
    run("compile", [*compile_.split(), "tiny.so", "tiny.c"], cwd=root.parent)
    run("strip", ["objcopy", "--only-keep-debug", built, root.parent / "tiny.debug"])
    run("strip", ["strip", "--strip-unneeded", "-o", shared, built])
    run("link", ["objcopy", f"--add-gnu-debuglink={root.parent / 'tiny.debug'}", shared])
    (root.parent / "archived.c").write_text(f"{source.comment}\n{source.archived}\n")
    run("compile", ["gcc", "-g", "-c", "archived.c"], cwd=root.parent)
    run("archive", ["ar", "rcsD", lib / "libtiny.a", "archived.o"], cwd=root.parent)
    run("strip", ["strip", "--strip-debug", "--enable-deterministic-archives", lib / "libtiny.a"])
    (lib / "libtiny.so").symlink_to(source.file)
    (lib / "pkgconfig/tiny.pc").write_text(f"Version: {source.pc_version or source.version}\n")
    (include / "tiny.h").write_text(source.interface)
    (include / "tiny.h").chmod(source.mode)
    (root / "usr/share/man/man3/tiny.3").write_text(source.manual)


def build_debs(source: Source, folder: Path) -> list[Path]:
    root, dev = folder / "root", folder / "dev"
    libdir = "usr/lib/x86_64-linux-gnu"
    install(source, root, libdir)
    for path in ("usr/include", f"{libdir}/libtiny.a"):
        (dev / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).rename(dev / path)
    doc = root / "usr/share/doc/libtiny1"
    doc.mkdir(parents=True)
    (doc / "changelog").write_text(source.changelog)
    full = f"{source.version}-1~deb12"
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/shlibs").write_text(f"libtiny 1 libtiny1 (>= {source.version})\n")
    (root / "DEBIAN/postinst").write_text(f"#!/bin/sh\n{source.script} {full}\n")
    (root / "DEBIAN/postinst").chmod(0o755)
    (root / "DEBIAN/symbols").write_text(
        f"libtiny.so.1 libtiny1 #MINVER#\n tiny@Base {source.version}\n"
    )
    debs = []
    for tree, name, depends in (
        (root, "libtiny1", source.depends),
        (dev, "libtiny-dev", f"libtiny1 (= {full})"),
    ):
        (tree / "DEBIAN").mkdir(exist_ok=True)
        (tree / "DEBIAN/control").write_text(
            f"Package: {name}\nSource: tiny\nVersion: {full}\nArchitecture: amd64\n"
            f"Maintainer: T <t@example.invalid>\nDepends: {depends}\n"
            f"Provides: {name}-abi (= {source.version})\n"
            f"Description: {source.changelog}\n"
        )
        debs.append(folder / f"{name}.deb")
        run("pack", ["dpkg-deb", "--root-owner-group", "-Zgzip", "-b", tree, debs[-1]])
    return debs


SPEC = """\
Name: tiny
Version: {source.version}
Release: 1.el9
Summary: {source.changelog}
License: MIT
Requires: {source.requires}
%description
%package devel
Summary: For developers
Requires: tiny%{{?_isa}} = %{{version}}-%{{release}}
%description devel
%install
cp -a {root}/. %{{buildroot}}/
%post
{source.script} %{{version}}-%{{release}}
%files
/usr/lib64/libtiny.so.*
/usr/share/man/*/*
%files devel
/usr/include/*
/usr/lib64/libtiny.so
/usr/lib64/libtiny.a
/usr/lib64/pkgconfig/*.pc
%changelog
* Mon Jan 01 2024 T <t@example.invalid> - {source.version}-1.el9
- {source.changelog}
"""


def build_rpms(source: Source, folder: Path) -> list[Path]:
    root = folder / "root"
    install(source, root, "usr/lib64")
    (folder / "tiny.spec").write_text(SPEC.format(source=source, root=root))
    environment = clean_environment(HOME=str(folder))
    topdir = f"_topdir {folder}/rpmbuild"
    run("pack", ["rpmbuild", "-bb", "-D", topdir, folder / "tiny.spec"], env=environment)
    return sorted(folder.glob("rpmbuild/RPMS/*/*.rpm"))


BUILD = {"deb": build_debs, "rpm": build_rpms}
SAME = {
    "nothing but time": Source(),
    "version": Source(version="1.0+git12.gbbbbbbb"),
    "the release that the version counts from": Source(version="1.0", pc_version="1.0"),
    "comment": Source(comment="/* second,\n   on two lines */"),
    "manual page": Source(manual="how to use it well"),
    "changelog and description": Source(changelog="second"),
}
DIFFERENT = {
    "code": Source(code="int tiny(void) { return 2; }"),
    "header": Source(interface="int tiny(void); int more(void);"),
    "script": Source(script="echo bye"),
    "foreign relation": Source(depends="libc6 (>= 2.36)", requires="glibc >= 2.36"),
    "another relation": Source(depends="libc6 (>= 2.14), zlib1g", requires="glibc >= 2.14, zlib"),
    "order of a script": Source(script="b; a\necho"),
    "pkg-config's version": Source(pc_version="7"),
    "release": Source(version="1.1"),
    "version macro": Source(interface='#define TINY "1.0+git12.gbbbbbbb"'),
    "SONAME": Source(soname="libtiny.so.2"),
    "name of the library's file": Source(file="libtiny.so.1.1"),
    "static library": Source(archived="int tiny(void) { return 3; }"),
    "mode": Source(mode=0o600),
}


@pytest.fixture(scope="module", params=["deb", "rpm"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(family: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return BUILD[family](Source(), tmp_path_factory.mktemp(family) / "build")


@pytest.mark.parametrize("change", SAME)
def test_dependents_do_not_notice(
    change: str, family: str, reference: list[Path], tmp_path: Path
) -> None:
    after = BUILD[family](SAME[change], tmp_path / "build")
    assert visible_facts(after) == visible_facts(reference)
    assert output_digest(after) == output_digest(reference)


@pytest.mark.parametrize("change", DIFFERENT)
def test_dependents_notice(change: str, family: str, reference: list[Path], tmp_path: Path) -> None:
    after = BUILD[family](DIFFERENT[change], tmp_path / "build")
    assert output_digest(after) != output_digest(reference)


def test_a_comment_does_change_the_bytes(tmp_path: Path) -> None:
    """Else the test above would prove nothing: the build-id and the debug link differ."""
    for name, source in (("a", Source()), ("b", SAME["comment"])):
        install(source, tmp_path / name / "root", "usr/lib")
    a, b = ((tmp_path / n / "root/usr/lib/libtiny.so.1").read_bytes() for n in "ab")
    assert a != b


def test_a_bound_on_another_package_of_the_farm_does_not_count(family: str, tmp_path: Path) -> None:
    before = Source(depends="libogg0 (>= 1.3.5+git1)", requires="libogg >= 1.3.5+git1")
    after = replace(before, depends="libogg0 (>= 1.3.6)", requires="libogg >= 1.3.6")
    one = BUILD[family](before, tmp_path / "one")
    two = BUILD[family](after, tmp_path / "two")
    farm = ["libogg0", "libogg"]
    assert output_digest(one, farm) == output_digest(two, farm)
    assert output_digest(one) != output_digest(two)


def test_a_missing_package_counts(reference: list[Path]) -> None:
    assert output_digest(reference[:1]) != output_digest(reference)


def test_only_binary_packages_without_debug_information_count(
    reference: list[Path], tmp_path: Path
) -> None:
    others = [tmp_path / name for name in ("x.dsc", "x.src.rpm", "build.log")]
    assert output_digest([*others, *reversed(reference)]) == output_digest(reference)


def test_the_header_of_a_package(family: str, reference: list[Path]) -> None:
    names = {"deb": ["libtiny1", "libtiny-dev"], "rpm": ["tiny", "tiny-devel"]}[family]
    assert sorted(header(path).name for path in reference) == sorted(names)
    release = {"deb": "1~deb12", "rpm": "1.el9"}[family]
    assert {header(path).version for path in reference} == {f"1.0+git1.gaaaaaaa-{release}"}
    architecture = {"deb": "amd64", "rpm": "x86_64"}[family]
    assert {header(path).architecture for path in reference} == {architecture}


@pytest.mark.parametrize("name", ["broken.deb", "broken.rpm", "empty.deb", "empty.rpm"])
def test_a_damaged_package_is_named(name: str, reference: list[Path], tmp_path: Path) -> None:
    content = b"" if name.startswith("empty") else reference[0].read_bytes()[:300]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PackageUnreadable, match=f"^{name} cannot be read: "):
        output_digest([tmp_path / name])


@pytest.mark.parametrize(
    ("family", "needs"),
    [
        ("deb", "libtiny1"),
        ("deb", "libc6, nothing | libtiny-dev-abi:any (= 9)"),
        ("rpm", "tiny"),
        ("rpm", "libtiny.so.1()(64bit)"),
        ("rpm", "/usr/include/tiny.h"),
        ("rpm", "(nothing or (tiny-devel and glibc))"),
    ],
    indirect=["family"],
)
def test_what_a_program_needs_when_installed_is_exposed(
    family: str, needs: str, reference: list[Path], tmp_path: Path
) -> None:
    assert exposed_components(program(family, needs, tmp_path), tiny(reference)) == ("tiny",)


def test_what_a_program_was_only_built_with_is_not_exposed(
    family: str, reference: list[Path], tmp_path: Path
) -> None:
    needs = {"deb": "libc6, libtiny2", "rpm": "libtiny.so.1, /usr/include/tiny"}[family]
    assert exposed_components(program(family, needs, tmp_path), tiny(reference)) == ()


def program(family: str, needs: str, folder: Path) -> list[Path]:
    """The packages of a program that needs these when installed."""
    if family == "deb":
        return packages.build_deb(folder, "program", "1.0-1", depends=needs)
    return packages.build_rpms(folder, packages.Rpm("program", "1.0", requires=needs))["program"]


def tiny(files: list[Path]) -> list[tuple[str, Path]]:
    return [("tiny", path) for path in files]
