"""The distro's packages on this machine: which are there, in which version, and how to get more."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Collection, Iterable

from farm.workspace.errors import WorkspaceError
from farm.workspace.files import read_json, write_json
from farm.workspace.layout import Layout

DATABASES = {
    "deb": ("/var/lib/dpkg/status",),
    "rpm": (
        "/var/lib/rpm/rpmdb.sqlite",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite",
        "/var/lib/rpm/Packages",
    ),
}
"""Where the package managers write down what is installed."""

TOOL_PACKAGES: dict[str, dict[str, str]] = {
    "deb": {
        "cc": "gcc",
        "c++": "g++",
        "ld": "binutils",
        "ar": "binutils",
        "autoreconf": "autoconf",
        "libtoolize": "libtool",
        "autopoint": "autopoint",
        "ninja": "ninja-build",
        "dune": "ocaml-dune",
        "ocamlfind": "ocaml-findlib",
        "pkg-config": "pkgconf",
        "python3": "python3-pip",
    },
    "rpm": {
        "cc": "gcc",
        "c++": "gcc-c++",
        "ld": "binutils",
        "ar": "binutils",
        "autoreconf": "autoconf",
        "libtoolize": "libtool",
        "autopoint": "gettext-devel",
        "ninja": "ninja-build",
        "dune": "ocaml-dune",
        "ocamlfind": "ocaml-findlib",
        "pkg-config": "pkgconf-pkg-config",
        "python3": "python3-pip",
    },
}
"""Packages whose name is not that of the program in them."""


def package_versions(layout: Layout, family: str, names: Collection[str]) -> dict[str, str]:
    """The versions of those packages that are installed.

    The package manager is asked only when its database changed since it was asked last.
    """
    if not names or family not in DATABASES:
        return {}
    file = layout.state / "packages.json"
    key = [family, sorted(names), _database(family)]
    kept = read_json(file)
    if isinstance(kept, dict) and kept.get("key") == key:
        return dict(kept["versions"])
    versions = ask_versions(family, names)
    write_json(file, {"key": key, "versions": versions})
    return versions


def _database(family: str) -> list[int]:
    for path in DATABASES[family]:
        try:
            found = os.stat(path)
        except OSError:
            continue
        return [found.st_mtime_ns, found.st_size, found.st_ino]
    return []


def ask_versions(family: str, names: Collection[str]) -> dict[str, str]:
    """Ask the package manager for versions; a name that something else provides counts as that."""
    if family == "deb":
        shown = "${db:Status-Status}\t${Package}\t${Version}\t${Provides}\n"
        printed = _ask(["dpkg-query", "-W", "-f", shown])
        return parse_dpkg(printed, names)
    versions = {}
    for name in names:
        found = _ask(["rpm", "-q", "--whatprovides", "--qf", "%{NAME} %{EVR}\n", "--", name])
        if found and "no package provides" not in found:
            versions[name] = found.splitlines()[0]
    return versions


def parse_dpkg(printed: str, names: Collection[str]) -> dict[str, str]:
    """Read ``status, package, version, provides`` lines."""
    versions: dict[str, str] = {}
    provided: dict[str, str] = {}
    for line in printed.splitlines():
        status, package, version, provides = [*line.split("\t"), "", "", ""][:4]
        if status != "installed":
            continue
        if package in names:
            versions[package] = version
        for one in provides.split(","):
            name = one.split("(")[0].strip()
            if name in names:
                provided[name] = f"{package} {version}"
    return {**provided, **versions}


def _ask(argv: list[str]) -> str:
    try:
        return subprocess.run(
            argv, capture_output=True, text=True, errors="replace", check=False
        ).stdout
    except FileNotFoundError:
        return ""


def packages_of_tools(family: str, tools: Iterable[str]) -> list[str]:
    """The packages that hold programs, on a machine of that family."""
    known = TOOL_PACKAGES.get(family, {})
    return sorted({known.get(tool, tool) for tool in tools})


def install_command(family: str, packages: Iterable[str], *, root: bool) -> list[str]:
    """The command that installs packages.

    :raises WorkspaceError: this machine's package manager is not known.
    """
    managers = {
        "deb": ["apt-get", "install", "--yes", "--no-install-recommends"],
        "rpm": ["dnf", "install", "--assumeyes", "--setopt=install_weak_deps=False"],
    }
    if family not in managers:
        names = " ".join(packages)
        raise WorkspaceError(f"install these by hand, this system is unknown: {names}")
    return [*(() if root else ("sudo",)), *managers[family], "--", *packages]


def install(family: str, packages: Collection[str], options: Iterable[str] = ()) -> None:
    """Install packages of the distro; the package manager's own words are shown.

    :raises WorkspaceError: it failed.
    """
    argv = install_command(family, packages, root=True)
    separator = argv.index("--")
    argv[separator:separator] = options
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(argv, env=environment, check=False)
    except FileNotFoundError as error:
        raise WorkspaceError(f"{argv[0]} is not installed") from error
    if done.returncode:
        raise WorkspaceError(f"{shlex.join(argv)} exited with {done.returncode}")


def is_root() -> bool:
    """Whether packages can be installed directly."""
    return os.geteuid() == 0
