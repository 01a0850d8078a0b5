"""Following a Debian build by what its tools print."""

from __future__ import annotations

import io

import pytest

from farm.build.deb.progress import Progress, phase_of
from farm.build.phases import Phases

DH_BUILD = """\
dpkg-buildpackage: info: source package tiny
 debian/rules build
dh build --without autoreconf
   dh_update_autotools_config
   dh_auto_configure
	./configure --prefix=/usr
checking for gcc... gcc
   dh_auto_build
	make -j2
cc -c tiny.c
"""

RAN = """\
   debian/rules override_dh_auto_test
make[1]: Entering directory '/build/tiny-1.0'
/usr/bin/make check VERBOSE=1
PASS: test_tiny
make[1]: Leaving directory '/build/tiny-1.0'
   create-stamp debian/debhelper-build-stamp
"""

RAN_NOTHING = """\
   dh_auto_test
	make -j2 check "TESTSUITEFLAGS=-j2 --verbose" VERBOSE=1
make[1]: Entering directory '/build/tiny-1.0'
Making check in src
make[2]: Entering directory '/build/tiny-1.0/src'
make[2]: Nothing to be done for 'check'.
make[2]: Leaving directory '/build/tiny-1.0/src'
make[1]: Leaving directory '/build/tiny-1.0'
   create-stamp debian/debhelper-build-stamp
"""

DH_BINARY = """\
 debian/rules binary
dh binary
   dh_testroot
   dh_prep
   dh_auto_install --destdir=debian/tmp/
   dh_install
   dh_builddeb
dpkg-deb: building package 'tiny' in '../tiny_1.0_amd64.deb'.
"""

HAND_WRITTEN = """\
 fakeroot debian/rules clean
rm -f tiny
 debian/rules build
cc -o tiny tiny.c
 fakeroot debian/rules binary
dpkg --build debian/tiny ..
"""


def follow(text: str) -> tuple[list[str], Progress, str]:
    log = io.StringIO()
    progress = Progress(Phases(log, 600))
    for line in text.splitlines(keepends=True):
        progress.line(line)
    written = log.getvalue()
    marks = [line[4:] for line in written.splitlines() if line.startswith("==> ")]
    return marks, progress, written


def test_debhelpers_commands_are_the_phases() -> None:
    marks, _, _ = follow(DH_BUILD + RAN + DH_BINARY)

    assert marks == ["configure", "build", "test", "install", "package"]


def test_a_mark_stands_before_the_command_and_no_line_is_lost() -> None:
    _, _, written = follow(DH_BUILD)

    assert "==> build\n   dh_auto_build\n" in written
    assert written.replace("==> configure\n", "").replace("==> build\n", "") == DH_BUILD


def test_targets_are_the_phases_of_rules_that_do_without_debhelper() -> None:
    assert follow(HAND_WRITTEN)[0] == ["build", "package"]


def test_unmet_build_dependencies_are_a_phase_of_their_own() -> None:
    for word in ("Unmet", "unmet"):
        line = f"dpkg-checkbuilddeps: error: {word} build dependencies: libogg-dev (>= 2)\n"
        assert phase_of(line) == "dependencies"


@pytest.mark.parametrize(
    ("output", "tested"),
    [
        (DH_BUILD + RAN, True),
        (DH_BUILD + RAN_NOTHING, False),
        (DH_BUILD + "   dh_auto_test\n   create-stamp debian/debhelper-build-stamp\n", False),
        (DH_BUILD, False),
        (DH_BUILD + RAN_NOTHING + DH_BINARY, False),
    ],
)
def test_tests_that_ran_are_told_from_having_none(output: str, tested: bool) -> None:
    assert follow(output)[1].tested is tested
