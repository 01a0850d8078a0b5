"""The Debian packages that a machine running the farm needs, and their installation.

Runs under the system's python3 with its standard library alone: it comes before the virtual
environment (``python3 -m demo.setup``).
"""

from __future__ import annotations

import argparse
import os
import re
import runpy
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from demo.errors import DemoError
from farm.errors import CommandError
from farm.run import run

REASONS: dict[str, str] = {
    "bubblewrap": "builds run in it: no network, no privileges",
    "bzip2": "unpacks upstream tarballs",
    "ca-certificates": "mirrors and registries over HTTPS",
    "cpio": "rpmbuild unpacks with it",
    "createrepo-c": "brings the GLib that the createrepo_c wheel is linked with",
    "debian-archive-keyring": "verifies the Debian suites that roots are made from",
    "debugedit": "debug packages of rpm builds",
    "dnf": "makes rpm roots and resolves their dependencies",
    "dnf-plugins-core": "dnf builddep, download, repoclosure",
    "dose-builddebcheck": "the gate: can sources be built with what is published?",
    "dose-distcheck": "the gate: can what is published be installed?",
    "dpkg-dev": "source packages (.dsc) and their verification",
    "dwz": "debug packages of rpm builds",
    "elfutils": "debug packages of rpm builds",
    "file": "rpmbuild tells file types with it",
    "git": "the components' repositories",
    "gnupg": "signs the archives",
    "libcairo2": "Buildbot draws its badges with it",
    "mmdebstrap": "makes deb roots",
    "mount": "builds happen in overlays",
    "patch": "rpmbuild and dpkg-source apply patches",
    "python3-venv": "the virtual environment of the farm",
    "reprepro": "assembles apt archives",
    "rpm": "builds and signs rpm packages",
    "rsync": "backups: hard links stay, what is the same is shared",
    "unzip": "unpacks upstream archives",
    "xz-utils": "unpacks upstream tarballs",
    "zstd": "unpacks packages and metadata",
}
"""Package to the reason why the farm needs it."""

TEST_REASONS: dict[str, str] = {
    "build-essential": "tests build small components outside roots too",
    "chromium": "tests look at the web pages",
    "debhelper": "tests run generated packaging outside roots too",
    "lintian": "tests hold generated packaging to Debian's policy",
    "nginx": "tests serve archives with the configuration in examples/",
    "postgresql": "tests keep records and Buildbot's tables in it",
    "autoconf": "part of the RPM distribution that tests of packaging use",
    "automake": "part of the RPM distribution that tests of packaging use",
    "cmake": "tests build with it, in roots and outside",
    "g++": "tests build with it, in roots and outside",
    "libtool": "part of the RPM distribution that tests of packaging use",
    "meson": "tests build with it, in roots and outside",
    "perl": "part of the RPM distribution that tests of packaging use",
    "python3-pip": "tests build a Python component with the system's own",
    "rpmlint": "tests hold generated specs to rpm's conventions",
    "sbuild": "the sbuild backend",
    "uidmap": "user namespaces of the sbuild backend",
}
"""What the tests need besides."""

RELEASES = ("12", "13")
"""Versions of Debian that the demo is known to run on."""

KEPT_VARIABLES = (
    "FARM_STATE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "LANG",
    "TERM",
    "COLUMNS",
    "NO_COLOR",
)
"""What the user's environment means for the demo; all else is dropped on the way through sudo."""

Say = Callable[[str], None]


def host_packages() -> dict[str, str]:
    """Every package the demo needs on this machine, with the reason."""
    # Not by import: the package around that module needs the virtual environment.
    catalogue = runpy.run_path(str(Path(__file__).parent / "rpm_distribution" / "catalogue.py"))
    names = catalogue["HOST_PACKAGES"]
    return {**dict.fromkeys(names, "part of the rpm demo distribution"), **REASONS}


def check_release(os_release: str) -> None:
    """Refuse every system but the Debian releases the demo was made for.

    :param os_release: the text of /etc/os-release.
    :raises DemoError: it is something else.
    """
    fields = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    if fields.get("ID") == "debian" and fields.get("VERSION_ID") in RELEASES:
        return
    raise DemoError(
        f"this machine runs {fields.get('PRETTY_NAME', 'an unknown system')}; "
        f"the demo needs Debian {' or '.join(RELEASES)}",
        "Run it in a Debian 12 virtual machine or container (root inside it is enough).",
    )


def installed(dpkg_query: str) -> set[str]:
    """Names of the installed packages in the output of dpkg-query (``name status`` lines)."""
    pairs = (line.split() for line in dpkg_query.splitlines())
    return {pair[0] for pair in pairs if len(pair) == 2 and pair[1] == "installed"}


def without_candidate(policy: str) -> set[str]:
    """Packages for which ``apt-cache policy`` knows no version to install."""
    found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", policy, re.MULTILINE)
    return {name for name, candidate in found if candidate == "(none)"}


def missing_packages(wanted: Iterable[str]) -> list[str]:
    """Those of `wanted` that this machine lacks, sorted."""
    names = sorted(set(wanted))
    try:
        known = run(
            "look which packages are installed",
            ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        )
    except CommandError as error:
        known = error.output  # exit 1: some are unknown, the others are listed all the same
    have = installed(known)
    return [name for name in names if name not in have]


def install(packages: Mapping[str, str], say: Say) -> list[str]:
    """Install what is missing of `packages` (name to reason), having said what and why.

    Without anything missing apt is not called at all.

    :return: the packages that were installed.
    :raises DemoError: apt fails.
    """
    missing = missing_packages(packages)
    if not missing:
        return []
    say(f"will be installed with apt-get ({len(missing)} packages and what they depend on):")
    for name in missing:
        say(f"  {name:24} {packages[name]}")
    policy = run("look up the packages", ["apt-cache", "policy", *missing], env=_environment())
    listed = set(re.findall(r"^(\S+):$", policy, re.MULTILINE))
    stale = without_candidate(policy) | (set(missing) - listed)
    try:
        if stale:
            _update(say)
        try:
            _install(missing)
        except CommandError:
            if stale:
                raise
            _update(say)  # the lists were there, but older than the mirror
            _install(missing)
    except CommandError as error:
        raise DemoError(
            str(error),
            "Make this succeed first, then run make demo again:\n"
            f"  apt-get update && apt-get install {' '.join(missing)}",
        ) from error
    return missing


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _update(say: Say) -> None:
    say("apt-get update")
    run("refresh apt's package lists", ["apt-get", "-q", "update"], env=_environment())


def _install(packages: list[str]) -> None:
    run(
        "install Debian packages",
        ["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages],
        env=_environment(),
    )


def sudo_command(command: list[str], environment: Mapping[str, str], sudo: str | None) -> list[str]:
    """The argument list that runs `command` as root, with the variables the demo needs.

    :raises DemoError: there is no sudo.
    """
    if sudo is None:
        raise DemoError(
            "the demo makes clean roots and mounts them, which only root may do, "
            "and sudo is not installed",
            "Run it as root, or install sudo and allow yourself to use it.",
        )
    kept = [f"{name}={environment[name]}" for name in KEPT_VARIABLES if name in environment]
    # `env` instead of sudo's own variables: sudoers rarely allows setting those.
    return [sudo, "--", "env", *kept, "PYTHONDONTWRITEBYTECODE=1", *command]


def become_root(command: list[str]) -> None:
    """Return when this process is root's; else replace it by `command` run through sudo.

    :raises DemoError: there is no sudo.
    """
    if os.geteuid() == 0:
        return
    argv = sudo_command(command, os.environ, shutil.which("sudo"))
    print(f"root is needed; running: {' '.join(argv)}", flush=True)
    os.execv(argv[0], argv)  # noqa: S606 - an argument list, no shell


def main() -> None:
    """Install what is missing on this machine."""
    parser = argparse.ArgumentParser(prog="python3 -m demo.setup", description=main.__doc__)
    parser.add_argument("--tests", action="store_true", help="and what the tests need")
    arguments = parser.parse_args()
    try:
        check_release(Path("/etc/os-release").read_text(encoding="utf-8"))
        packages = host_packages() | (TEST_REASONS if arguments.tests else {})
        if missing_packages(packages):
            become_root([sys.executable, "-m", "demo.setup", *sys.argv[1:]])
            install(packages, print)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        if error.advice:
            print(error.advice, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
