"""The environment of builds, and the one in which what is in the prefix is found and used."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

FLAGS = ("CC", "CXX", "FC", "AR", "LD", "CFLAGS", "CXXFLAGS", "FCFLAGS", "CPPFLAGS", "LDFLAGS")
"""Variables of the developer's that are meant for builds; a change of one rebuilds."""
_PASSED_ON = (
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    # Where language toolchains live when they are not the system's.
    "CARGO_HOME",
    "RUSTUP_HOME",
    "OPAMROOT",
    "OPAM_SWITCH_PREFIX",
    "CAML_LD_LIBRARY_PATH",
    "OCAMLTOP_INCLUDE_PATH",
    "PYENV_ROOT",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "CCACHE_DIR",
    "XDG_CACHE_HOME",
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""What builds see of the developer's environment besides PATH; it does not decide results."""
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
RUN_VARIABLE = "FARM_BUILD_TREE"
"""Marks every process of a build with its tree, so that those left by a crash can be found."""


def prefix_environment(prefix: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables with which programs find what is in the prefix, before what they found so far.

    C_INCLUDE_PATH is not among them: with it, pkg-config leaves out the ``-I`` of the prefix, and
    compilers then do not write the prefix's headers into depfiles.
    """
    multiarch = f"{os.uname().machine}-linux-gnu"
    root = os.fspath(prefix)
    libraries = [f"{root}/lib", f"{root}/lib64", f"{root}/lib/{multiarch}"]
    python = [
        *glob.glob(f"{glob.escape(root)}/lib/python3*/site-packages"),
        *glob.glob(f"{glob.escape(root)}/local/lib/python3*/dist-packages"),
        *glob.glob(f"{glob.escape(root)}/lib/python3/dist-packages"),
    ]
    before = {
        "PATH": [f"{root}/bin", f"{root}/sbin", f"{root}/local/bin"],
        "LD_LIBRARY_PATH": libraries,
        "PKG_CONFIG_PATH": [f"{one}/pkgconfig" for one in (*libraries, f"{root}/share")],
        "CMAKE_PREFIX_PATH": [root],
        "ACLOCAL_PATH": [f"{root}/share/aclocal"],
        "OCAMLPATH": [f"{root}/lib", f"{root}/lib/ocaml"],
        "CAML_LD_LIBRARY_PATH": [f"{root}/lib/stublibs", f"{root}/lib/ocaml/stublibs"],
        "PYTHONPATH": sorted(python),
        "GI_TYPELIB_PATH": [f"{one}/girepository-1.0" for one in libraries],
        "XDG_DATA_DIRS": [f"{root}/share"],
        "MANPATH": [f"{root}/share/man"],
    }
    defaults = {"PATH": DEFAULT_PATH, "XDG_DATA_DIRS": "/usr/local/share:/usr/share", "MANPATH": ""}
    result = {}
    for name, own in before.items():
        rest = environment.get(name, defaults.get(name, ""))
        # An empty last part of MANPATH stands for the system's own pages.
        result[name] = ":".join([*own, rest] if rest or name == "MANPATH" else own)
    return {name: value for name, value in result.items() if value}


def build_environment(
    prefix: Path, host: Mapping[str, str], time_s: int, jobs: int
) -> dict[str, str]:
    """What every step of a build is run in."""
    kept = {name: host[name] for name in (*_PASSED_ON, *FLAGS) if name in host}
    base = {
        **kept,
        "PATH": host.get("PATH", DEFAULT_PATH),
        "LANG": "C.UTF-8",
        "PREFIX": str(prefix),
        "JOBS": str(jobs),
        # Builds that write the date down get the same one every time.
        "SOURCE_DATE_EPOCH": str(time_s),
    }
    result = {**base, **prefix_environment(prefix, base)}
    result["CPPFLAGS"] = " ".join(filter(None, [f"-I{prefix}/include", host.get("CPPFLAGS", "")]))
    result["LDFLAGS"] = " ".join(filter(None, [f"-L{prefix}/lib", host.get("LDFLAGS", "")]))
    return result


def deciding(prefix: Path, host: Mapping[str, str], time_s: int) -> dict[str, str]:
    """The part of the build environment that decides results: what is compared between builds."""
    flags = {name: host[name] for name in FLAGS if host.get(name)}
    return {**flags, "the prefix": str(prefix), "the workspace's clock": str(time_s)}


def tool_identities(names: Iterable[str], host: Mapping[str, str]) -> dict[str, str]:
    """Which programs the names stand for on this machine, and which version of each.

    A program's size and time tell versions apart as well as its own word, and cost no process.
    """
    path = host.get("PATH", DEFAULT_PATH)
    return {name: _identity(name, path) for name in names}


def find_program(name: str, path: str) -> str:
    """Where a program is on a PATH; empty when it is nowhere."""
    if "/" in name:
        return name if os.access(name, os.X_OK) else ""
    for directory in path.split(":"):
        place = f"{directory}/{name}"
        if os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    return ""


def _identity(name: str, path: str) -> str:
    place = find_program(name, path)
    if not place:
        return "missing"
    real = os.path.realpath(place)
    found = os.stat(real)
    return f"{real} {found.st_size} {found.st_mtime_ns}"
