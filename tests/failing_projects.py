"""Small projects that fail in one way each, with the tools that build real ones."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.failure.model import Kind

CMAKE = "cmake_minimum_required(VERSION 3.13)\nproject(demo C)\n"
AUTOTOOLS = "AC_INIT([demo], [1.0])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\n"
AUTOTOOLS_END = "AC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n"
MAIN = "int main(void) { return 0; }\n"
FAILS = "int main(void) { return 1; }\n"
SPEC = """Name: demo
Version: 1.0
Release: 1
Summary: Demo
License: MIT
{requires}
%description
Demo
%install
mkdir -p %{{buildroot}}/usr/share/demo
touch %{{buildroot}}/usr/share/demo/one %{{buildroot}}/usr/share/demo/two
%files
{files}
"""
CONTROL = """Source: demo
Section: misc
Priority: optional
Maintainer: Dev <dev@example.org>
Build-Depends: debhelper-compat (= 13){depends}
Standards-Version: 4.6.2

Package: demo
Architecture: all
Depends: ${{misc:Depends}}
Description: demo
 Demo.
"""
CHANGELOG = """demo (1.0) unstable; urgency=medium

  * First.

 -- Dev <dev@example.org>  Thu, 01 Jan 2026 00:00:00 +0000
"""


@dataclass(frozen=True)
class Case:
    """One project, and what is to be said of its log."""

    name: str
    files: Mapping[str, str]
    command: str
    kind: Kind
    message: str
    """Part of it."""
    tests: tuple[str, ...] = ()
    hint: str = ""
    """Part of it."""


def debian(rules: str = "", depends: str = "", **more: str) -> dict[str, str]:
    """A native Debian package."""
    return {
        "debian/control": CONTROL.format(depends=depends),
        "debian/changelog": CHANGELOG,
        "debian/rules": f"#!/usr/bin/make -f\n%:\n\tdh $@\n{rules}",
        **{f"debian/{name.replace('_', '.')}": text for name, text in more.items()},
    }


AUTOMAKE = "autoreconf -i && ./configure && make V=1 && make check"
CASES = (
    Case(
        "gcc-syntax",
        {"demo.c": "int main(void) { return missing; }\n", "Makefile": "all: demo\n"},
        "make",
        Kind.COMPILER,
        "demo.c:1:25: error: ‘missing’ undeclared",  # noqa: RUF001 what gcc prints
    ),
    Case(
        "gcc-header",
        {"demo.c": "#include <nowhere.h>\n" + MAIN, "Makefile": "all: demo\n"},
        "make",
        Kind.COMPILER,
        "fatal error: nowhere.h: No such file or directory",
        hint="header is missing",
    ),
    Case(
        "gcc-first-of-many",
        {
            "one.c": "int one(void) { return a; }\n",
            "two.c": "#warning error: not this\nint two(void) { return b; }\n",
            "Makefile": "all: two.o one.o\n",
        },
        "make -k",
        Kind.COMPILER,
        "two.c:2:24: error: ‘b’ undeclared",  # noqa: RUF001 what gcc prints
    ),
    Case(
        "ignored",
        {"demo.c": MAIN, "Makefile": "all:\n\t-$(CC) -c none.c\n\tsh -c 'exit 3'\n"},
        "make",
        Kind.COMMAND,
        "make: *** [Makefile:3: all] Error 3; before it: sh -c 'exit 3'",
    ),
    Case(
        "undefined-reference",
        {"demo.c": "int f(void);\nint main(void) { return f(); }\n", "Makefile": "all: demo\n"},
        "make",
        Kind.LINKER,
        "undefined reference to `f'",
    ),
    Case(
        "missing-library",
        {"demo.c": MAIN, "Makefile": "LDLIBS = -lnowhere\nall: demo\n"},
        "make",
        Kind.LINKER,
        "the linker cannot find -lnowhere",
        hint="libnowhere is missing",
    ),
    Case(
        "no-rule",
        {"Makefile": "all: none.o\n"},
        "make",
        Kind.TOOL,
        "No rule to make target 'none.o', needed by 'all'",
    ),
    Case(
        "no-program",
        {"Makefile": "all:\n\tfrobnicate --all; exit $$?\n"},
        "make",
        Kind.TOOL,
        "frobnicate",
        hint="program is missing",
    ),
    Case(
        "configure",
        {
            "configure.ac": AUTOTOOLS
            + "AC_CHECK_LIB([nowhere], [main], [], [AC_MSG_ERROR([libnowhere is needed])])\n"
            + AUTOTOOLS_END,
            "Makefile.am": "",
        },
        AUTOMAKE,
        Kind.CONFIGURE,
        "configure: error: libnowhere is needed",
    ),
    Case(
        "pkg-config",
        {
            "configure.ac": AUTOTOOLS + "PKG_CHECK_MODULES([X], [nowhere >= 2])\n" + AUTOTOOLS_END,
            "Makefile.am": "",
        },
        AUTOMAKE,
        Kind.CONFIGURE,
        "package requirements (nowhere >= 2) were not met: Package 'nowhere'",
        hint="pkg-config module",
    ),
    Case(
        "automake-tests",
        {
            "configure.ac": AUTOTOOLS + AUTOTOOLS_END,
            "Makefile.am": "TESTS = good.sh bad.sh\nEXTRA_DIST = $(TESTS)\n",
            "good.sh": "#!/bin/sh\necho 'x.c:1:1: error: expected by the test'\n",
            "bad.sh": "#!/bin/sh\nexit 1\n",
        },
        AUTOMAKE,
        Kind.TEST,
        "bad.sh failed",
        tests=("bad.sh",),
    ),
    Case(
        "cmake-missing",
        {"CMakeLists.txt": CMAKE + "find_package(Nowhere REQUIRED)\n"},
        "cmake -S . -B build",
        Kind.CONFIGURE,
        'By not providing "FindNowhere.cmake"',
    ),
    Case(
        "ctest",
        {
            "CMakeLists.txt": CMAKE
            + "enable_testing()\nadd_executable(bad bad.c)\nadd_executable(good good.c)\n"
            + "add_test(first good)\nadd_test(second bad)\n",
            "bad.c": FAILS,
            "good.c": MAIN,
        },
        "cmake -S . -B build && cmake --build build && ctest --test-dir build",
        Kind.TEST,
        "second failed",
        tests=("second",),
    ),
    Case(
        "ninja-compile",
        {"CMakeLists.txt": CMAKE + "add_executable(demo demo.c)\n", "demo.c": "int main(\n"},
        "cmake -S . -B build -G Ninja && ninja -C build",
        Kind.COMPILER,
        "demo.c:1:",
    ),
    Case(
        "meson-missing",
        {"meson.build": "project('demo', 'c')\ndependency('nowhere')\n"},
        "meson setup build",
        Kind.CONFIGURE,
        'Dependency "nowhere" not found',
    ),
    Case(
        "meson-test",
        {
            "meson.build": "project('demo', 'c')\ntest('good', executable('good', 'good.c'))\n"
            "test('bad one', executable('bad', 'bad.c'))\n",
            "good.c": MAIN,
            "bad.c": FAILS,
        },
        "meson setup build && meson compile -C build && meson test -C build",
        Kind.TEST,
        "bad one failed",
        tests=("bad one",),
    ),
    Case(
        "pytest",
        {"test_demo.py": "def test_good(): pass\ndef test_bad(): assert 1 == 2\n"},
        f"{sys.executable} -m pytest -p no:cacheprovider --rootdir=. .",
        Kind.TEST,
        "test_demo.py::test_bad failed",
        tests=("test_demo.py::test_bad",),
    ),
    Case(
        "unittest",
        {
            "test_demo.py": "import unittest\nclass A(unittest.TestCase):\n"
            "    def test_bad(self): self.fail()\n"
        },
        f"{sys.executable} -m unittest",
        Kind.TEST,
        "test_bad (test_demo.A",
    ),
    Case(
        "python-module",
        {"Makefile": f"all:\n\t{sys.executable} -c 'import nowhere'\n"},
        "make",
        Kind.COMPILER,
        "ModuleNotFoundError: No module named 'nowhere'",
    ),
    Case(
        "rpm-unpackaged",
        {"demo.spec": SPEC.format(requires="", files="/usr/share/demo/one")},
        'rpmbuild -bb --define "_topdir $PWD/rpm" demo.spec',
        Kind.PACKAGING,
        "installed, but not in %files: /usr/share/demo/two",
        hint="%files",
    ),
    Case(
        "rpm-missing-file",
        {"demo.spec": SPEC.format(requires="", files="/usr/share/demo\n/usr/bin/demo")},
        'rpmbuild -bb --define "_topdir $PWD/rpm" demo.spec',
        Kind.PACKAGING,
        "/usr/bin/demo, which was not installed",
    ),
    Case(
        "rpm-build-requires",
        {"demo.spec": SPEC.format(requires="BuildRequires: nowhere-devel", files="/usr")},
        'rpmbuild -bb --define "_topdir $PWD/rpm" demo.spec',
        Kind.DEPENDENCY,
        "failed build dependencies: nowhere-devel is needed by demo-1.0-1",
    ),
    Case(
        "deb-build-depends",
        debian(depends=", libnowhere-dev"),
        "dpkg-buildpackage -b -us -uc",
        Kind.DEPENDENCY,
        "unmet build dependencies: libnowhere-dev",
    ),
    Case(
        "deb-missing-files",
        debian(install="usr/bin/demo\n"),
        "dpkg-buildpackage -b -us -uc",
        Kind.PACKAGING,
        'Cannot find (any matches for) "usr/bin/demo"',
        hint="debian/*.install",
    ),
    Case(
        "deb-not-installed",
        {
            **debian(demo_install="etc/demo\n", other_install="etc/none\n"),
            "debian/control": CONTROL.format(depends="")
            + "\nPackage: other\nArchitecture: all\nDescription: other\n Other.\n",
            "Makefile": "all:\ninstall:\n\tmkdir -p $(DESTDIR)/etc/demo $(DESTDIR)/etc/none\n"
            "\ttouch $(DESTDIR)/etc/demo/a $(DESTDIR)/etc/none/a $(DESTDIR)/etc/left\n",
        },
        "dpkg-buildpackage -b -us -uc",
        Kind.PACKAGING,
        "etc/left exists in debian/tmp but is not installed to anywhere",
    ),
    Case(
        "apt",
        {"sources": "", "state/lists/partial/.keep": ""},
        "apt-get -oDir::Etc::SourceList=$PWD/sources -oDir::Etc::SourceParts=/dev/null "
        "--simulate install libnowhere-dev",
        Kind.DEPENDENCY,
        "E: Unable to locate package libnowhere-dev",
    ),
    Case(
        "network",
        {"Makefile": "all:\n\tgit clone https://nowhere.invalid/demo.git\n"},
        "make",
        Kind.NETWORK,
        "nowhere.invalid",
        hint="no network",
    ),
    Case(
        "disk",
        {
            "demo.c": "int x = y;\n",
            "Makefile": "all:\n\t-$(CC) -c demo.c\n\tcp Makefile /dev/full\n",
        },
        "make",
        Kind.DISK,
        "No space left on device",
    ),
)


def failing_log(case: Case, folder: Path) -> Path:
    """Write a project, have it fail, and return its log."""
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)
    log = folder / "build.log"
    home = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    with log.open("wb") as output:
        done = subprocess.run(
            ["sh", "-c", case.command],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**home, "LC_ALL": "C.UTF-8"},
            check=False,
        )
    assert done.returncode, f"{shlex.quote(case.command)} succeeded"
    return log
