"""Real upstream software of many kinds, built with generated packaging and linted.

The sources are what Debian carries as upstream tarballs, fetched by apt from the machine's own
mirror.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from demo.rpm_distribution import build_distribution, catalogue
from demo.tarballs import TarballCache, find_mirror
from farm.build.backends import backend_for
from farm.build.interface import BuildOutcome, BuildRequest
from farm.licences import identify
from farm.model import Commands, Distro, Family
from farm.packaging.details import is_licence
from farm.packaging.lint import lint
from farm.run import run
from tests.deb_builds import deb_distro
from tests.packaging_data import tree_info
from tests.projects import TIMESTAMP
from tests.real.cache import CACHE

BUILD_TOOLS = ("autoconf", "automake", "cmake", "g++", "libtool", "meson", "perl")
"""Debian packages that an RPM distribution for all kinds of software has besides the demo's."""
STANDARD = Commands()
UNTESTED = Commands(test="")


@dataclass(frozen=True)
class Upstream:
    """One source package of Debian, and what packaging is told of it."""

    source: str
    kind: str
    packages: tuple[str, ...]
    """The Debian packages that it becomes."""
    suite: str = "bookworm"
    deb: tuple[str, ...] = ()
    rpm: tuple[str, ...] | None = ()
    """Build dependencies; None where the RPM distribution of the tests does not have them."""
    commands: Commands = STANDARD
    arguments: tuple[str, ...] = ()
    licence: str = ""
    """Where its files do not say it by themselves."""
    faults: tuple[str, ...] = ()
    """What linters find in the program itself, whoever packages it."""


UPSTREAMS = {
    one.source: one
    for one in (
        Upstream(
            "libyaml",
            "a C library with a SONAME, autotools without ./configure",
            ("libyaml-0-2", "libyaml-dev"),
            rpm=("perl", "perl-interpreter"),
        ),
        Upstream(
            "libevent",
            "several libraries, and a script that asks for python",
            (
                *("libevent-2.1-7", "libevent-core-2.1-7", "libevent-dev", "libevent-extra-2.1-7"),
                *("libevent-openssl-2.1-7", "libevent-pthreads-2.1-7", "libevent-tools"),
            ),
            deb=("libssl-dev", "pkgconf", "zlib1g-dev"),
            rpm=("openssl-devel", "perl", "perl-interpreter", "pkgconf", "zlib-devel"),
            commands=UNTESTED,  # half an hour of timers and sockets
        ),
        Upstream("pv", "tools only, an old ./configure", ("pv",), licence="Artistic-2.0"),
        Upstream("hello", "with translations", ("hello",)),
        Upstream(
            "popt",
            "a library with translations",
            ("libpopt-dev", "libpopt0", "popt-common"),
            deb=("gettext",),
            rpm=("gettext",),
            faults=("missing-call-to-setgroups-before-setuid",),
        ),
        Upstream(
            "cli11",
            "headers only, CMake",
            ("cli11-dev",),
            commands=UNTESTED,  # they fetch a test framework
            arguments=(
                "-DCLI11_BUILD_EXAMPLES=OFF",
                "-DCLI11_BUILD_TESTS=OFF",
                "-DCLI11_BUILD_DOCS=OFF",
            ),
        ),
        Upstream(
            "earlyoom",
            "a daemon with a systemd unit, a plain Makefile",
            ("earlyoom",),
            suite="trixie",
            commands=UNTESTED,  # written in Go
        ),
        Upstream(
            "python-tomli",
            "a Python module, pyproject.toml",
            ("python3-tomli",),
            suite="trixie",
            rpm=None,
        ),
        Upstream(
            "password-store",
            "independent of the architecture, a plain Makefile",
            ("password-store",),
            deb=("git", "gnupg", "tree"),
            rpm=None,
            licence="GPL-2.0-or-later",
        ),
        Upstream(
            "bash-completion",
            "independent of the architecture, autotools",
            ("bash-completion", "bash-completion-dev"),
            rpm=("perl", "perl-interpreter"),
            commands=UNTESTED,  # they drive a terminal
        ),
        Upstream("cmocka", "a library, CMake", ("libcmocka-dev", "libcmocka0")),
        Upstream(
            "libinih",
            "C and C++ libraries, Meson",
            ("libinih-dev", "libinih0", "libinireader0"),
            suite="trixie",
        ),
        Upstream(
            "wayland-protocols",
            "data for developers, Meson",
            ("wayland-protocols-common", "wayland-protocols-dev"),
            deb=("libwayland-bin", "libwayland-dev"),
            rpm=None,
            commands=UNTESTED,  # of the compiler, for minutes
        ),
        Upstream(
            "utf8proc",
            "a library, a plain Makefile",
            ("libutf8proc-dev", "libutf8proc2"),
            licence="MIT AND Unicode-DFS-2015",
            commands=UNTESTED,  # they download their data
        ),
    )
}


@dataclass(frozen=True)
class Packaged:
    """What a build of upstream software left."""

    outcome: BuildOutcome
    out: Path

    @property
    def packages(self) -> list[str]:
        """Names of the Debian packages, those with debug symbols left out."""
        names = {name.split("_")[0] for name in self.outcome.binaries}
        return sorted(name for name in names if not name.endswith("-dbgsym"))

    def files(self, ending: str) -> list[Path]:
        """The files of the build whose names end so; no debug packages."""
        names = (*self.outcome.source, *self.outcome.binaries, *self.outcome.other)
        wanted = (n for n in names if n.endswith(ending) and not re.search("-debug|-dbgsym", n))
        return [self.out / name for name in wanted]


def unpacked(upstream: Upstream, place: Path) -> Path:
    """The upstream source in a new directory below `place`."""
    archive = _tarballs(upstream.suite)[upstream.source]
    tree = place / upstream.source
    tree.mkdir()
    run("unpack", ["tar", "-xf", archive, "--strip-components=1", "-C", tree])
    shutil.rmtree(tree / "debian", ignore_errors=True)  # a few upstreams have one for users
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (TIMESTAMP, TIMESTAMP), follow_symlinks=False)
    return tree


def package(upstream: Upstream, distro: Distro, place: Path) -> Packaged:
    """Build the source in the distro's clean root with generated packaging."""
    tree = unpacked(upstream, place)
    needs = (upstream.deb if distro.family is Family.DEB else upstream.rpm) or ()
    info = tree_info(tree, distro, "1.0+git3.gabc1234", needs)
    texts = {p.name: p.read_text(errors="replace") for p in tree.iterdir() if is_licence(p.name)}
    info = replace(
        info,
        summary="Software of upstream",
        description="It is packaged as a test of packaging, and of the distribution's rules.",
        licence=upstream.licence or identify(texts).expression,
        homepage=f"https://example.org/{upstream.source}/",
        commands=upstream.commands,
        configure_arguments=upstream.arguments,
        test_target="" if upstream.commands.test is not None else info.test_target,
    )
    out = place / "out"
    out.mkdir()
    request = BuildRequest(info, tree, False, distro, (), CACHE, out, 1800)
    return Packaged(backend_for(distro).build(request, io.StringIO()), out)


def lint_errors(upstream: Upstream, packaged: Packaged, family: Family) -> list[str]:
    """What the family's linter calls errors of the packaging, in source and binary packages."""
    found = lint(family, packaged.files(".changes" if family is Family.DEB else ".rpm"))
    assert found is not None, "the linter is not installed"
    return [line for line in found.errors if not any(fault in line for fault in upstream.faults)]


def rpm_distro(*, all_tools: bool) -> Distro:
    """The demo's RPM distribution, or one with every build system's tools."""
    if all_tools:
        chosen = (*catalogue.HOST_PACKAGES, *BUILD_TOOLS)
        repository = build_distribution(CACHE / "tools-rpm", chosen)
    else:
        repository = build_distribution(CACHE / "demo-rpm")
    return Distro.model_validate(
        {
            "name": repository.name,
            "family": "rpm",
            "release": "Demo 1",
            "architecture": os.uname().machine,
            "version_suffix": ".demo1",
            "root": {"repositories": {"demo": repository.as_uri()}},
        }
    )


def bookworm() -> Distro:
    """Debian 12."""
    return deb_distro()


@cache
def _tarballs(suite: str) -> dict[str, Path]:
    # All of a suite at once: the cache forgets what was not asked for last.
    wanted = [one.source for one in UPSTREAMS.values() if one.suite == suite]
    tarballs = TarballCache(CACHE / "upstream", find_mirror, print)
    return {t.source: tarballs.path(t) for t in tarballs.fetch(suite, wanted)}
