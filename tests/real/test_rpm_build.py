"""RPMs built for the demo distribution: real dnf, rpmbuild and roots."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from demo.rpm_distribution import build_distribution
from farm.build.rpm.dnf import Dnf, configuration_text
from farm.build.rpm.inputs import read_rpm
from farm.build.rpm.overlay import OverlayBackend
from farm.build.rpm.roots import root_in_use
from farm.errors import InfrastructureError
from farm.model import Distro
from farm.run import run
from tests.projects import write_library, write_program
from tests.real.cache import CACHE
from tests.rpm_builds import (
    ARCHITECTURE,
    Built,
    build,
    distro_of,
    failure,
    packed,
    query,
    rebuilt_from_source,
    write_program_with,
)

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def distro() -> Distro:
    return distro_of(build_distribution(CACHE / "demo-rpm"))


@pytest.fixture(scope="module")
def library(distro: Distro, tmp_path_factory: pytest.TempPathFactory) -> Built:
    place = tmp_path_factory.mktemp("library")
    return build(distro, write_library(place / "tinylib"), place / "out")


def test_a_library_becomes_library_development_and_debug_packages(library: Built) -> None:
    names = {read_rpm(library.out / name).name for name in library.outcome.binaries}
    assert {"tinylib", "tinylib-devel", "tinylib-debuginfo", "tinylib-debugsource"} <= names
    assert library.outcome.version == "1.0-1.demo1"
    assert library.outcome.source == ("tinylib-1.0-1.demo1.src.rpm",)
    assert library.outcome.tests == "passed"
    assert library.outcome.other == (f"tinylib-1.0-1.demo1.{ARCHITECTURE}.buildinfo",)
    assert "pkgconfig(tinylib) = 1.0" in query(library.package("tinylib-devel"), "--provides")
    for name in library.outcome.binaries:
        assert "ShortCircuited" not in query(library.out / name, "--requires")
    phases = [line for line in library.log.splitlines() if line.startswith("==> ")]
    assert {"==> configure", "==> build", "==> install", "==> test", "==> package"} <= set(phases)
    assert phases.count("==> configure") == 1


def test_rebuilding_the_published_source_gives_the_published_bytes(
    distro: Distro, library: Built
) -> None:
    assert rebuilt_from_source(distro, library.source) == packed(library)


def test_two_builds_are_the_same_bit_by_bit(distro: Distro, library: Built, tmp_path: Path) -> None:
    again = build(distro, write_library(tmp_path / "tinylib"), tmp_path / "out")
    assert packed(again) == packed(library)
    assert again.source.read_bytes() == library.source.read_bytes()
    record = library.outcome.other[0]
    assert (again.out / record).read_bytes() == (library.out / record).read_bytes()


def test_a_program_is_built_with_the_library_and_both_run_in_a_clean_root(
    distro: Distro, library: Built, tmp_path: Path
) -> None:
    tree = write_program(tmp_path / "tinyapp")
    program = build(
        distro, tree, tmp_path / "out", needs=["pkgconfig(tinylib)"], inputs=library.packages
    )
    assert program.outcome.tests == "passed"
    assert "libtinylib.so.1()(64bit)" in query(program.package("tinyapp"), "--requires")

    archive = tmp_path / "archive"
    archive.mkdir()
    for package in (*library.packages, *program.packages):
        (archive / package.name).write_bytes(package.read_bytes())
    run("index", ["createrepo_c", "--quiet", "--general-compress-type=gz", archive])
    client = tmp_path / "client"
    with root_in_use(distro, CACHE, io.StringIO()) as root:
        repositories = {**distro.root.repositories, "farm": archive.as_uri()}
        settings = tmp_path / "dnf.conf"
        settings.write_text(configuration_text(repositories, ARCHITECTURE))
        dnf = Dnf(settings, root.dnf.home, tmp_path / "dnf")
        run("install", dnf.argv(client, "install", "tinyapp"), env=dnf.environment)
    said = run("run it", ["chroot", client, "/usr/bin/tinyapp"])
    assert said == "tinyapp 1.0, built with tinylib 1.0, running with tinylib 1.0\n"


def test_a_new_version_of_a_dependency_is_used_without_asking_dnf_again(
    distro: Distro, library: Built, tmp_path: Path
) -> None:
    tree = write_program(tmp_path / "tinyapp", check="./tinyapp && false")
    new = build(
        distro, write_library(tmp_path / "tinylib", version="1.1"), tmp_path / "1.1", version="1.1"
    )
    needs = ["pkgconfig(tinylib)"]
    build(
        distro,
        write_program(tmp_path / "tinyapp"),
        tmp_path / "old",
        needs=needs,
        inputs=library.packages,
    )
    write_program(tmp_path / "tinyapp", check="./tinyapp | grep 'running with tinylib 1.1'")
    built = build(distro, tree, tmp_path / "new", needs=needs, inputs=new.packages)
    assert "Dependencies resolved" not in built.log


def test_packages_of_the_distro_are_installed_from_a_layer_the_second_time(
    distro: Distro, tmp_path: Path
) -> None:
    tree = write_library(
        tmp_path / "tinylib", check="msgfmt --version && test -e /usr/include/openssl/ssl.h"
    )
    needs = ["gettext", "openssl-devel"]
    build(distro, tree, tmp_path / "first", needs=needs)
    second = build(distro, tree, tmp_path / "second", needs=needs)
    assert "Dependencies resolved" not in second.log
    assert " gettext-0" in (second.out / second.outcome.other[0]).read_text()


def test_translations_are_installed_again_and_not_compiled_again(
    distro: Distro, tmp_path: Path
) -> None:
    tree = write_program_with(
        tmp_path / "hello",
        install="install -Dm644 de.mo $(DESTDIR)/usr/share/locale/de/LC_MESSAGES/hello.mo",
    )
    (tree / "de.mo").write_bytes(b"\xde\x12\x04\x95" + bytes(24))
    built = build(distro, tree, tmp_path / "out")
    assert built.log.count("\ncc ") == 1
    assert "/usr/share/locale/de/LC_MESSAGES/hello.mo" in query(built.packages[0], "--list")
    assert rebuilt_from_source(distro, built.source) == packed(built)


def test_scripts_become_packages_for_every_architecture(distro: Distro, tmp_path: Path) -> None:
    tree = tmp_path / "script"
    tree.mkdir()
    (tree / "script").write_text("#!/bin/sh\necho hello\n")
    (tree / "Makefile").write_text(
        "all:\ninstall:\n\tinstall -Dm755 script $(DESTDIR)/usr/bin/script\n"
    )
    built = build(distro, tree, tmp_path / "out")
    assert built.outcome.binaries == ("script-1.0-1.demo1.noarch.rpm",)
    assert built.outcome.tests == "none"
    assert rebuilt_from_source(distro, built.source) == packed(built)


def test_a_component_with_its_own_spec_is_built_with_that(distro: Distro, tmp_path: Path) -> None:
    tree = write_program_with(tmp_path / "hello")
    (tree / "rpm").mkdir()
    (tree / "rpm/hello.conf").write_text("greeting = hello\n")
    (tree / "rpm/hello.spec").write_text(OWN_SPEC)
    built = build(distro, tree, tmp_path / "out", version="2.5+git1.gabc", own=True)
    package = built.package("hello")
    assert package.name == f"hello-2.5+git1.gabc-1.demo1.{ARCHITECTURE}.rpm"
    assert "/etc/hello.conf" in query(package, "--list")
    assert "First" in query(package, "--changelog")
    assert "Ancient" not in query(package, "--changelog")
    assert "hello-2.5+git1.gabc.tar.gz" in query(built.source, "--list")
    assert built.outcome.tests == "passed"
    assert rebuilt_from_source(distro, built.source) == packed(built)


def test_builds_have_no_network_no_privileges_and_no_foreign_environment(
    distro: Distro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_SECRET", "leaked")
    facts = (
        'test "$$(id -un)" = builder && test -z "$$FARM_SECRET" && test ! -e /var/tmp/farm-cache'
        ' && test "$$(ls /sys/class/net 2>/dev/null | grep -v lo)" = ""'
        " && ! touch /usr/bin/x 2>/dev/null"
    )
    tree = write_library(tmp_path / "tinylib", check=facts)
    assert build(distro, tree, tmp_path / "out").outcome.tests == "passed"


def test_a_failure_names_its_phase(distro: Distro, tmp_path: Path) -> None:
    failing = failure(distro, write_library(tmp_path / "one/tinylib", check="false"))
    assert failing.phase == "test"
    unconfigured = failure(distro, write_program(tmp_path / "two/tinyapp"))
    assert unconfigured.phase == "configure"
    assert "tinylib is not installed" in str(unconfigured)
    broken = write_library(tmp_path / "three/tinylib")
    (broken / "tinylib.c").write_text("not C\n")
    assert failure(distro, broken).phase == "build"


def test_a_dependency_that_does_not_exist_is_the_components_fault(
    distro: Distro, tmp_path: Path
) -> None:
    error = failure(distro, write_library(tmp_path / "tinylib"), needs=["no-such-devel"])
    assert error.phase == "dependencies"
    assert "no-such-devel" in str(error)


def test_a_hanging_test_ends_with_its_time(distro: Distro, tmp_path: Path) -> None:
    error = failure(distro, write_library(tmp_path / "tinylib", check="sleep 600"), timeout_s=5)
    assert error.phase == "test"
    assert "longer than" in str(error)


def test_a_repository_that_is_gone_is_not_the_components_fault(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="no repository at"):
        OverlayBackend().prepare(distro_of(tmp_path / "gone"), CACHE, io.StringIO())


def test_the_distribution_is_made_once(distro: Distro) -> None:
    repository = CACHE / "demo-rpm"
    before = (repository / "repodata/repomd.xml").stat().st_mtime_ns
    log = io.StringIO()
    assert build_distribution(repository, log=log) == repository.resolve()
    assert log.getvalue() == ""
    assert (repository / "repodata/repomd.xml").stat().st_mtime_ns == before


OWN_SPEC = """\
Name: hello
Version: 0
Release: 1
Summary: Greets
License: MIT
Source0: https://example.invalid/releases/%{name}-%{version}.tar.gz
Source1: hello.conf
BuildRequires: gcc, make

%description
Greets.

%prep
%autosetup

%build
%make_build

%check
make check

%install
%make_install
install -Dm644 %{SOURCE1} %{buildroot}%{_sysconfdir}/hello.conf

%files
%{_bindir}/hello
%config(noreplace) %{_sysconfdir}/hello.conf

%changelog
* Mon Jan 01 2001 Nobody <nobody@example.invalid> - 0-1
- Ancient
"""


def test_an_input_that_needs_more_than_before_is_resolved_again(
    distro: Distro, tmp_path: Path
) -> None:
    app = write_program(tmp_path / "tinyapp", "tinyapp", "tinylib")
    needs = ["pkgconfig(tinylib)"]
    plain = build(distro, write_library(tmp_path / "tinylib"), tmp_path / "plain")
    build(distro, app, tmp_path / "with-plain", needs=needs, inputs=plain.packages)
    # Another component's package now needs gettext, which the distro has.
    tree = write_library(tmp_path / "more/tinylib")
    (tree / "tinylib.pc.in").write_text(
        (tree / "tinylib.pc.in").read_text() + "Requires.private: openssl\n"
    )
    more = build(distro, tree, tmp_path / "more-out", needs=["openssl-devel"])
    built = build(distro, app, tmp_path / "with-more", needs=needs, inputs=more.packages)
    assert "openssl-devel" not in (plain.out / plain.outcome.other[0]).read_text()
    assert " libssl-dev-" in (built.out / built.outcome.other[0]).read_text()


def test_inputs_that_conflict_are_the_components_fault(distro: Distro, tmp_path: Path) -> None:
    one = build(distro, write_program_with(tmp_path / "one/hello"), tmp_path / "one-out")
    tree = write_program_with(tmp_path / "two/greeter")
    two = build(distro, tree, tmp_path / "two-out")
    error = failure(
        distro,
        write_program_with(tmp_path / "third/third"),
        needs=["hello", "greeter"],
        inputs=[*one.packages, *two.packages],
    )
    assert error.phase == "dependencies"
    assert "conflicts" in str(error)
