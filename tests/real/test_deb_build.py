"""Debian packages built for two suites: real roots, apt, debhelper and dpkg."""

from __future__ import annotations

import io
import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.build.deb.overlay import DebOverlay
from farm.build.interface import BuildRequest
from farm.errors import BuildFailure, InfrastructureError
from farm.run import run
from tests.deb_builds import Built, build, deb_distro, request
from tests.projects import write_library, write_program
from tests.real.namespaces import with_subordinate_ids

pytestmark = pytest.mark.real

BOOKWORM = deb_distro("bookworm", "~deb12")
TRIXIE = deb_distro("trixie", "~deb13")
NEEDS = ("libtinylib-dev", "pkgconf")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deb")


@pytest.fixture(scope="module")
def library(base: Path) -> Built:
    tree = write_library(base / "tinylib")
    return build(DebOverlay(), request(BOOKWORM, tree, base / "library"))


@pytest.fixture(scope="module")
def program(base: Path, library: Built) -> Built:
    return build(DebOverlay(), program_request(base, library, base / "program"))


def program_request(base: Path, library: Built, out: Path) -> BuildRequest:
    tree = write_program(base / "tinyapp")
    return request(BOOKWORM, tree, out, needs=NEEDS, inputs=library.inputs())


def fields(package: Path) -> dict[str, str]:
    text = run("read a package", ["dpkg-deb", "--field", package])
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def contents(package: Path) -> set[str]:
    text = run("list a package", ["dpkg-deb", "--contents", package])
    paths = [line.split()[5].removeprefix(".") for line in text.splitlines()]
    return {path for path in paths if not path.endswith("/")}


def failure(wanted: BuildRequest) -> tuple[BuildFailure, str]:
    log = io.StringIO()
    with pytest.raises(BuildFailure) as caught:
        DebOverlay().build(wanted, log)
    return caught.value, log.getvalue()


def test_a_library_becomes_the_packages_that_debian_would_make(library: Built) -> None:
    assert set(library.packages) == {"libtinylib1", "libtinylib-dev", "tinylib"}
    assert library.outcome.version == "1.0+git2.gc0ffee0-1~deb12"
    installed = {name: contents(path) for name, path in library.packages.items()}
    assert "/usr/lib/x86_64-linux-gnu/libtinylib.so.1.1.0" in installed["libtinylib1"]
    assert "/usr/include/tinylib.h" in installed["libtinylib-dev"]
    assert "/usr/bin/tinylib-info" in installed["tinylib"]
    assert any(name.startswith("libtinylib1-dbgsym_") for name in library.outcome.binaries)


def test_a_program_depends_on_the_library_it_was_built_with(program: Built) -> None:
    assert "libtinylib1 (>= " in fields(program.packages["tinyapp"])["Depends"]


def test_the_log_shows_the_phases_in_their_order(program: Built) -> None:
    marks = [line[4:] for line in program.log.splitlines() if line.startswith("==> ")]
    phases = ["root", "dependencies", "unpack", "configure", "build", "test", "install", "package"]

    # Installed once to write the packaging, and again under it.
    assert marks == [*phases, "install", "package"]
    assert list(program.outcome.phases) == phases
    assert program.outcome.tests == "passed"


def test_source_and_binaries_are_in_one_upload(program: Built) -> None:
    changes = next(name for name in program.outcome.other if name.endswith(".changes"))
    text = (program.out / changes).read_text()

    assert "Architecture: source amd64" in text
    for name in (*program.outcome.source, *program.outcome.binaries):
        assert f" {name}\n" in text
    assert "Source: tinyapp" in program.dsc.read_text()
    assert "Format: 3.0 (quilt)" in program.dsc.read_text()


def test_building_twice_gives_the_same_bytes(base: Path, library: Built, program: Built) -> None:
    again = build(DebOverlay(jobs=1), program_request(base, library, base / "again"))

    names = (*program.outcome.source, *program.outcome.binaries)
    assert again.outcome.source == program.outcome.source
    assert again.content(names) == program.content(names)


def test_the_published_source_builds_to_the_same_bytes(
    base: Path, library: Built, program: Built
) -> None:
    tree = base / "from-source"
    run("unpack", ["dpkg-source", "--no-check", "--extract", program.dsc, tree])
    shutil.rmtree(tree / ".pc", ignore_errors=True)

    again = build(
        DebOverlay(),
        request(BOOKWORM, tree, base / "rebuilt", inputs=library.inputs(), own=True),
    )

    names = (*program.outcome.source, *program.outcome.binaries)
    assert again.content(names) == program.content(names)


def test_another_suite_gets_its_own_packages_from_the_same_tarball(
    base: Path, library: Built
) -> None:
    tree = base / "tinylib"
    newer = build(DebOverlay(), request(TRIXIE, tree, base / "trixie-library"))
    wanted = request(
        TRIXIE,
        write_program(base / "tinyapp"),
        base / "trixie-program",
        needs=NEEDS,
        inputs=newer.inputs(),
    )
    program = build(DebOverlay(), wanted)

    assert newer.outcome.version.endswith("~deb13")
    assert newer.orig.name == library.orig.name
    assert newer.orig.read_bytes() == library.orig.read_bytes()
    assert newer.outcome.root_identity != library.outcome.root_identity
    assert "libtinylib1" in fields(program.packages["tinyapp"])["Depends"]


def test_sbuild_gives_the_same_bytes(base: Path, library: Built, program: Built) -> None:
    wanted = program_request(base, library, base / "sbuild")

    files, tests = with_subordinate_ids(sbuild, wanted)

    assert tests == "passed"
    names = (*program.outcome.source, *program.outcome.binaries)
    assert set(names) <= set(files)
    assert {n: (wanted.out / n).read_bytes() for n in names} == program.content(names)


def sbuild(wanted: BuildRequest) -> tuple[tuple[str, ...], str]:
    from farm.build.deb.sbuild import Sbuild

    built = build(Sbuild(), wanted)
    return (*built.outcome.source, *built.outcome.binaries), built.outcome.tests


def test_tests_run_as_a_user_without_network_or_secrets_and_may_fail(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_SECRET", "s3cret")
    check = (
        'echo "I am $$(id -un) in $$(pwd) on $$(hostname)"; env | grep FARM;'
        " echo interfaces: $$(tail -n +3 /proc/net/dev | cut -d: -f1); exit 1"
    )
    tree = write_library(base / "failing" / "tinylib", check=check)

    error, log = failure(request(BOOKWORM, tree, base / "failed-tests"))

    assert error.phase == "test"
    assert "I am builder in /build/tinylib-1.0+git2.gc0ffee0 on farm\n" in log
    assert "interfaces: lo\n" in log
    assert "s3cret" not in log
    assert "exited with" in str(error)


def test_a_component_without_tests_is_told_from_one_that_passed(base: Path) -> None:
    tree = write_library(base / "untested" / "tinylib")
    makefile = (tree / "Makefile.in").read_text().replace("check:", "nothing:")
    (tree / "Makefile.in").write_text(makefile)

    assert build(DebOverlay(), request(BOOKWORM, tree, base / "no-tests")).outcome.tests == "none"


def broken_source(tree: Path) -> None:
    (tree / "tinylib.c").write_text("this is not C\n")


def broken_configure(tree: Path) -> None:
    (tree / "configure").write_text("#!/bin/sh\necho no >&2\nexit 1\n")


def broken_install(tree: Path) -> None:
    text = (tree / "Makefile.in").read_text().replace("install: all\n", "install: all\n\tfalse\n")
    (tree / "Makefile.in").write_text(text)


@pytest.mark.parametrize(
    ("phase", "spoil"),
    [("configure", broken_configure), ("build", broken_source), ("install", broken_install)],
)
def test_a_failure_says_in_which_phase_it_is(
    base: Path, phase: str, spoil: Callable[[Path], None]
) -> None:
    tree = write_library(base / phase / "tinylib")
    spoil(tree)

    error, log = failure(request(BOOKWORM, tree, base / f"failed-{phase}"))

    assert error.phase == phase
    assert log.rstrip().count(f"==> {phase}\n") == 1


def test_a_dependency_that_nobody_has_is_the_components_fault(base: Path) -> None:
    tree = write_library(base / "tinylib")
    needs = ("libnobodyhasthis-dev", "gettext")

    error, log = failure(request(BOOKWORM, tree, base / "unmet", needs=needs))

    assert error.phase == "dependencies"
    assert "libnobodyhasthis-dev" in log


def test_a_version_that_the_inputs_do_not_have_is_the_components_fault(
    base: Path, library: Built
) -> None:
    tree = write_program(base / "tinyapp")
    needs = ("libtinylib-dev (>= 2.0)", "pkgconf")

    error, _ = failure(
        request(BOOKWORM, tree, base / "too-new", needs=needs, inputs=library.inputs())
    )

    assert error.phase == "dependencies"
    assert "libtinylib-dev (>= 2.0)" in str(error)


def test_tests_that_hang_are_stopped(base: Path) -> None:
    tree = write_library(base / "hanging" / "tinylib", check="setsid sleep 74747 & sleep 74748")

    error, _ = failure(request(BOOKWORM, tree, base / "hung", timeout_s=6))

    assert str(error) == "test failed: ran longer than 0.1 minutes"
    assert not processes("7474")


def test_a_killed_build_leaves_no_process(base: Path) -> None:
    tree = write_library(base / "killed" / "tinylib", check="setsid sleep 75757 & sleep 75758")
    wanted = request(BOOKWORM, tree, base / "killed-out")
    builder = multiprocessing.get_context("fork").Process(target=build, args=(DebOverlay(), wanted))
    builder.start()
    while not processes("75758"):
        assert builder.is_alive()
        time.sleep(0.1)

    builder.kill()
    builder.join()

    for _ in range(50):
        if not processes("7575"):
            break
        time.sleep(0.1)
    assert not processes("7575")


def processes(seconds: str) -> str:
    argv = ["pgrep", "--full", f"sleep {seconds}"]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def test_a_mirror_that_is_down_is_the_machines_trouble(base: Path, tmp_path: Path) -> None:
    distro = deb_distro("bookworm", mirror="http://127.0.0.1:9/debian")
    wanted = request(distro, base / "tinylib", base / "down", cache=tmp_path)

    with pytest.raises(InfrastructureError, match="cannot make the root of bookworm"):
        DebOverlay().build(wanted, io.StringIO())


def test_a_full_disk_is_the_machines_trouble(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.build.sandbox.memory_to_use", lambda: 20 << 20)
    check = "dd if=/dev/zero of=filling bs=1M count=30"
    tree = write_library(base / "big" / "tinylib", check=check)

    with pytest.raises(InfrastructureError, match="No space left on device"):
        DebOverlay().build(request(BOOKWORM, tree, base / "full"), io.StringIO())


def test_own_packaging_is_used_with_a_changelog_entry_of_the_farm(base: Path) -> None:
    tree = write_library(base / "own" / "tinylib")
    write_own_packaging(tree / "debian")

    built = build(DebOverlay(), request(BOOKWORM, tree, base / "own-out", own=True))

    assert list(built.packages) == ["everything"]
    assert built.outcome.version == "1.0+git2.gc0ffee0-1~deb12"
    assert built.outcome.tests == "passed"
    assert fields(built.packages["everything"])["Version"] == "1:1.0+git2.gc0ffee0-1~deb12"
    assert built.orig.name == "ownsource_1.0+git2.gc0ffee0.orig.tar.xz"


def write_own_packaging(debian: Path) -> None:
    texts = {
        "control": "Source: ownsource\nSection: libs\nPriority: optional\n"
        "Maintainer: A Packager <packager@example.invalid>\nStandards-Version: 4.6.2\n"
        "Build-Depends: debhelper-compat (= 13)\n\n"
        "Package: everything\nArchitecture: any\nDepends: ${misc:Depends}\n"
        "Description: all of it\n In one package.\n",
        "rules": "#!/usr/bin/make -f\n%:\n\tdh $@\n",
        "changelog": "ownsource (1:0.9-2) unstable; urgency=low\n\n  * Earlier.\n\n"
        " -- A Packager <packager@example.invalid>  Mon, 01 Jan 2020 00:00:00 +0000\n",
        "copyright": "Same as upstream.\n",
    }
    debian.mkdir()
    for name, text in texts.items():
        (debian / name).write_text(text)
    (debian / "rules").chmod(0o755)
