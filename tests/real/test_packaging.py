"""Generated packaging of a tiny library, taken by debhelper, lintian and rpmbuild."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from farm.packaging.debian import debian_files
from farm.packaging.details import tree_details
from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import scan
from farm.packaging.spec import spec_text
from farm.packaging.split import split_deb, split_rpm
from farm.packaging.tree import tree_facts
from farm.run import clean_environment, run
from farm.version import SourceVersion
from tests.packaging_data import packaging_info
from tests.projects import TIMESTAMP, write_library

pytestmark = pytest.mark.real

VERSION = "1.0+git3.gabc1234"
LICENCE = "Copyright 2023 A. Author\n\nDo what you like with it.\n"
IGNORED_TAGS = "shared-library-lacks-prerequisites,initial-upload-closes-no-bugs"
"""What lintian says of a library that calls no other, and of a first upload to Debian."""


def write_tree(directory: Path) -> Path:
    """The library's source as a release: licence included, nothing built."""
    tree = write_library(directory / f"tinylib-{VERSION}")
    (tree / "LICENSE").write_text(LICENCE)
    return tree


def info_of(tree: Path, suffix: str) -> PackagingInfo:
    info = packaging_info(name="tinylib", version=SourceVersion(VERSION), version_suffix=suffix)
    has_configure, test_target = tree_facts(tree, info.commands)
    return packaging_info(
        name=info.name,
        version=info.version,
        version_suffix=suffix,
        has_configure=has_configure,
        test_target=test_target,
        details=tree_details(tree),
    )


def environment(home: Path) -> dict[str, str]:
    return clean_environment(HOME=str(home), SOURCE_DATE_EPOCH=str(TIMESTAMP))


def write_debian(tree: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = tree / "debian" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tree / "debian" / "rules").chmod(0o755)


def content(listing: Iterable[str]) -> set[str]:
    """Paths of files and links in what ``dpkg-deb --contents`` prints."""
    lines = (line.split(maxsplit=5) for line in listing if not line.startswith("d"))
    return {fields[5].split(" -> ")[0].removeprefix(".") for fields in lines}


def test_debhelper_builds_and_lintian_accepts_the_packages(tmp_path: Path) -> None:
    tree = write_tree(tmp_path)
    info = info_of(tree, "~deb12")
    scrubbed = environment(tmp_path)
    archive = tmp_path / f"tinylib_{VERSION}.orig.tar.xz"
    run("archive", ["tar", "-C", tmp_path, "-cJf", archive, tree.name])

    write_debian(tree, debian_files(info, None))
    for target in ("build", "override_dh_auto_install"):
        run(target, ["debian/rules", target], cwd=tree, env=scrubbed)
    manifest = scan(tree / "debian" / "tmp")
    write_debian(tree, debian_files(info, split_deb(info.name, manifest)))
    run("package", ["dpkg-buildpackage", "-us", "-uc", "-d"], cwd=tree, env=scrubbed)

    debs = {deb.name.split("_")[0]: deb for deb in tmp_path.glob("*.deb")}
    contents = {
        name: content(run("list", ["dpkg-deb", "--contents", deb]).splitlines())
        for name, deb in debs.items()
    }
    fields = run("show", ["dpkg-deb", "--field", debs["libtinylib-dev"], "Depends", "Multi-Arch"])
    assert set(debs) == {
        *("libtinylib1", "libtinylib-dev", "tinylib"),
        *("libtinylib1-dbgsym", "tinylib-dbgsym"),
    }
    assert {f.path for f in manifest.files} - set().union(*contents.values()) == {
        "/usr/share/man/man1/tinylib-info.1"
    }
    assert "/usr/share/man/man1/tinylib-info.1.gz" in contents["tinylib"]
    assert fields == (f"Depends: libtinylib1 (= {VERSION}-1~deb12)\nMulti-Arch: same\n")
    changes = next(tmp_path.glob("*.changes"))
    options = ["--fail-on", "error,warning", "--suppress-tags", IGNORED_TAGS]
    as_root = ["--allow-root"] if tmp_path.owner() == "root" else []
    run("lintian", ["lintian", *options, *as_root, changes], env=scrubbed)


def test_rpmbuild_packages_what_the_provisional_spec_installed(tmp_path: Path) -> None:
    tree = write_tree(tmp_path)
    info = info_of(tree, ".el9")
    scrubbed = environment(tmp_path)
    top = tmp_path / "rpmbuild"
    (top / "SOURCES").mkdir(parents=True)
    spec = top / "tinylib.spec"
    rpmbuild = ["rpmbuild", "--nodeps", "--noclean", "--define", f"_topdir {top}"]
    archive = top / "SOURCES" / f"{tree.name}.tar.xz"
    run("archive", ["tar", "-C", tmp_path, "-cJf", archive, tree.name])

    spec.write_text(spec_text(info, None))
    run("install", [*rpmbuild, "-bi", spec], env=scrubbed)
    manifest = scan(next((top / "BUILDROOT").iterdir()))
    shutil.rmtree(top / "BUILDROOT")
    spec.write_text(spec_text(info, split_rpm(info.name, manifest)))
    run("package", [*rpmbuild, "-bb", spec], env=scrubbed)

    rpms = {rpm.name.split(f"-{VERSION}")[0]: rpm for rpm in (top / "RPMS").glob("*/*.rpm")}

    def ask(package: str, what: str) -> set[str]:
        query = ["rpm", "-q", "--dbpath", tmp_path / "db", what, "--package", rpms[package]]
        return set(run("query", query, env=scrubbed).splitlines())

    release = f"{VERSION}-1.el9"
    listed = {path for package in rpms for path in ask(package, "--list")}
    assert {"tinylib", "tinylib-devel", "tinylib-tools"} <= set(rpms)
    assert {f.path for f in manifest.files} <= listed
    assert "libtinylib.so.1()(64bit)" in ask("tinylib", "--provides")
    assert "libtinylib.so.1()(64bit)" in ask("tinylib-tools", "--requires")
    assert any(
        r.startswith("tinylib(") and release in r for r in ask("tinylib-devel", "--requires")
    )
    assert any(p.startswith("/usr/share/licenses/") and p.endswith("/LICENSE") for p in listed)
