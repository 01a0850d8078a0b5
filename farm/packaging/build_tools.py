"""How generated packaging builds a component: its build system, and the packages that needs."""

from __future__ import annotations

import re

from farm.buildsystem import BUILD_DIRECTORY, Kind
from farm.packaging.info import PackagingInfo

_OTHERS = frozenset((Kind.MESON, Kind.CMAKE, Kind.DUNE, Kind.CARGO, Kind.PYTHON))
"""Built by their own lines, and not by ./configure or a Makefile."""

_DEB: dict[Kind, tuple[str, ...]] = {
    Kind.MESON: ("meson", "pkgconf"),
    Kind.CMAKE: ("cmake",),
    Kind.DUNE: ("ocaml-dune", "ocaml-findlib"),
    Kind.CARGO: ("cargo",),
    Kind.PYTHON: ("dh-python", "python3", "pybuild-plugin-pyproject"),
}
_RPM: dict[Kind, tuple[str, ...]] = {
    Kind.AUTOTOOLS: ("autoconf", "automake", "gcc", "libtool", "make"),
    Kind.MESON: ("gcc", "gcc-c++", "meson", "pkgconf-pkg-config"),
    Kind.CMAKE: ("cmake", "gcc", "gcc-c++", "make"),
    Kind.DUNE: ("ocaml-dune", "ocaml-findlib", "gcc"),
    Kind.CARGO: ("cargo", "gcc"),
    Kind.PYTHON: ("python3-devel", "python3-pip", "python3-wheel"),
}
_MAKE_RPM = ("gcc", "make")
SHARED_LIBRARIES = "-DBUILD_SHARED_LIBS=ON"
"""Tells CMake what distributions want and its projects rarely choose by themselves."""
_PYTHON_BACKENDS = {
    # of pyproject.toml: package of Debian, package of Fedora
    "flit_core": ("flit", "python3-flit-core"),
    "hatchling": ("python3-hatchling", "python3-hatchling"),
    "poetry": ("python3-poetry-core", "python3-poetry-core"),
    "mesonpy": ("python3-mesonpy", "python3-meson-python"),
    "setuptools": ("python3-setuptools", "python3-setuptools"),
}


def kind_of(info: PackagingInfo) -> Kind:
    """The build system that packaging drives: ``configure``, ``autotools``, ``make`` or another."""
    if info.has_configure:
        return Kind.CONFIGURE
    if info.details.needs_autoreconf:
        return Kind.AUTOTOOLS
    kind = info.details.system.kind
    return kind if kind in _OTHERS else Kind.MAKE


def deb_build_depends(info: PackagingInfo) -> tuple[str, ...]:
    """Everything in Build-Depends but debhelper, sorted: the component's and its tools'."""
    tools = list(_DEB.get(kind_of(info), ())) if _builds_as_usual(info) else []
    if kind_of(info) is Kind.PYTHON and tools:
        tools.append(_python_backend(info)[0])
        if "pytest" in info.details.system.test:
            tools.append("python3-pytest")
    return tuple(sorted({*info.build_depends, *tools}))


def rpm_build_requires(info: PackagingInfo) -> tuple[str, ...]:
    """Everything in BuildRequires: the standard tools, then what the component names."""
    kind = kind_of(info)
    tools = list(_RPM.get(kind, _MAKE_RPM)) if _builds_as_usual(info) else list(_MAKE_RPM)
    if kind is Kind.PYTHON and _builds_as_usual(info):
        tools.append(_python_backend(info)[1])
        if "pytest" in info.details.system.test:
            tools.append("python3-pytest")
    return tuple(dict.fromkeys((*tools, *sorted(info.build_depends))))


def spec_line(info: PackagingInfo, line: str) -> str:
    """A line of the build system as a spec has it: rpm's directories instead of variables."""
    libdir = "%{_libdir}/ocaml" if kind_of(info) is Kind.DUNE else "%{_lib}"
    return _filled(line, "%{_prefix}", libdir, "%{buildroot}", "%{?_smp_mflags}")


def rules_line(info: PackagingInfo, line: str) -> str:
    """A line of the build system as debian/rules has it."""
    return _filled(line, "/usr", "/usr/lib/ocaml", "$(CURDIR)/debian/tmp", "")


def python_line(staged: str) -> str:
    """What makes staged scripts that ask for ``python`` ask for the one that there is.

    Debian has no such program (Python policy 4.1), and EL's rpmbuild refuses to package them.
    """
    return (
        rf"grep -rlIZ '^#!.*\bpython$' {staged} | "
        r"xargs -0r sed -i '1s,^#! */usr/bin/\(env *\)\?python$,#!/usr/bin/python3,'"
    )


def spec_configure_line(info: PackagingInfo) -> str:
    """What configures it in a spec, where another build system than ./configure does."""
    line = info.details.system.configure
    if kind_of(info) is Kind.CMAKE:
        # find-debuginfo passes over libraries that are not executable.
        line = f"{line} {SHARED_LIBRARIES} -DCMAKE_INSTALL_SO_NO_EXE=OFF"
    return spec_line(info, line)


def _filled(line: str, prefix: str, libdir: str, destdir: str, jobs: str) -> str:
    for pattern, value in (
        (r"\$\{LIBDIR:\+([^}]*)\}", r"\1"),
        (r'"\$\{DESTDIR:-/\}"|"\$DESTDIR"', destdir),
        (r'"\$DESTDIR\$PREFIX"', f"{destdir}{prefix}"),
        (r'"\$\{LIBDIR:-[^}]*\}"|"\$LIBDIR"', libdir),
        (r'"\$PREFIX"|\$PREFIX\b', prefix),
        (r"\s*\$\{JOBS:\+-j \$JOBS\}", f" {jobs}" if jobs else ""),
    ):
        line = re.sub(pattern, value, line)
    if jobs and re.search(rf"cmake --build {BUILD_DIRECTORY}$", line):
        line = f"{line} {jobs}"
    return line


def _builds_as_usual(info: PackagingInfo) -> bool:
    """Whether any step is left to the build system."""
    given = (info.commands.configure, info.commands.build, info.commands.install)
    return not all(command is not None for command in given)


def _python_backend(info: PackagingInfo) -> tuple[str, str]:
    name = re.split(r"[.:]", info.details.python_backend or "setuptools")[0]
    return _PYTHON_BACKENDS.get(name, _PYTHON_BACKENDS["setuptools"])
