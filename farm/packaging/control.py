"""debian/control: the source package and its binary packages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from debian.deb822 import Deb822

from farm.packaging.build_tools import deb_build_depends
from farm.packaging.info import PackagingInfo
from farm.packaging.roles import Role
from farm.packaging.split import BinaryPackage
from farm.packaging.text import description, maintainer, paragraphs, public_vcs, synopsis

STANDARDS_VERSION = "4.6.2"
COMPAT = 13
SYNOPSIS_LIMIT = 80
"""A synopsis is shorter than this (Policy 3.4.1)."""

_SECTIONS = {
    Role.LIBRARY: "libs",
    Role.DEVELOPMENT: "libdevel",
    Role.PYTHON: "python",
    Role.DOCUMENTATION: "doc",
}
_DEFAULT_SECTION = "misc"
_WHAT = {
    Role.LIBRARY: ("", "This package contains the shared library."),
    Role.DEVELOPMENT: (
        " (development files)",
        "This package contains the files needed to build software with it.",
    ),
    Role.TOOLS: (" (programs)", "This package contains the programs."),
    Role.PYTHON: (" (Python 3)", "This package contains the Python 3 module."),
    Role.MODULE: (" (modules)", "This package contains loadable modules."),
    Role.DATA: (" (data)", "This package contains the architecture-independent data."),
    Role.DOCUMENTATION: (" (documentation)", "This package contains the documentation."),
}
_INTERPRETERS = {
    "python": "python3",  # its scripts are told to use python3 when they are installed
    "python3": "python3",
    "perl": "${perl:Depends}",
    "ruby": "ruby",
    "php": "php-cli",
    "zsh": "zsh",
    "ksh": "ksh",
    "csh": "csh",
    "tclsh": "tcl",
    "wish": "tk",
    "expect": "expect",
    "guile": "guile-3.0",
    "gawk": "gawk",
}
"""Programs that run scripts, and are not on every Debian system, to their packages."""
_MULTIARCH_SAFE = re.compile(r"^/usr/(?:share|include|lib/[a-z0-9_]+-linux-[a-z0-9_]+)/")
_PYTHON_HELPERS = ("dh-python", "dh-sequence-python3")


def debian_control(info: PackagingInfo, packages: Sequence[BinaryPackage] | None) -> str:
    """The text of debian/control; without packages, of one that lets debian/rules run."""
    known = packages or (BinaryPackage(info.name, Role.TOOLS, ()),)
    library = any(p.role is Role.LIBRARY for p in known)
    section = _SECTIONS[Role.LIBRARY] if library else _DEFAULT_SECTION
    build_depends = dict.fromkeys((f"debhelper-compat (= {COMPAT})", *deb_build_depends(info)))
    source = {
        "Source": info.name,
        "Section": section,
        "Priority": "optional",
        "Maintainer": maintainer(info),
        "Build-Depends": _list("Build-Depends", tuple(build_depends)),
        "Standards-Version": STANDARDS_VERSION,
        "Homepage": info.homepage,
        "Vcs-Git": public_vcs(info),
        "Rules-Requires-Root": "no",
    }
    stanzas = (source, *(_binary(info, package, known, section) for package in known))
    return "\n".join(_stanza(fields) for fields in stanzas)


def _binary(
    info: PackagingInfo, package: BinaryPackage, packages: Sequence[BinaryPackage], section: str
) -> dict[str, str]:
    own_section = _SECTIONS.get(package.role, _DEFAULT_SECTION)
    version = "source" if package.architecture_independent else "binary"
    # The distribution's package of that name may have files that are in this one (Policy 7.6.1).
    older = [f"{name} (<< ${{{version}:Version}})" for name in package.takes_from]
    return {
        "Package": package.name,
        "Architecture": "all" if package.architecture_independent else "any",
        "Multi-Arch": _multi_arch(package),
        "Section": "" if own_section == section else own_section,
        "Depends": _list("Depends", _depends(info, package, packages)),
        "Breaks": _list("Breaks", older),
        "Replaces": _list("Replaces", older),
        "Description": _description(info, package, alone=len(packages) == 1),
    }


def _depends(
    info: PackagingInfo, package: BinaryPackage, packages: Sequence[BinaryPackage]
) -> tuple[str, ...]:
    independent = {p.name for p in packages if p.architecture_independent}
    # Packages of all architectures keep their version when one architecture is rebuilt alone.
    same = (
        f"{name} (= ${{source:Version}})"
        if package.architecture_independent or name in independent
        else f"{name} (= ${{binary:Version}})"
        for name in package.siblings
    )
    found = []
    if any(f.elf for f in package.files) or not package.files:
        found.append("${shlibs:Depends}")
    if any(re.search(r"/python3.*/(?:site|dist)-packages/", f.path) for f in package.files):
        helped = not set(_PYTHON_HELPERS).isdisjoint(deb_build_depends(info))
        found.append("${python3:Depends}" if helped else "python3")
    found += [_INTERPRETERS[f.interpreter] for f in package.files if f.interpreter in _INTERPRETERS]
    found = list(dict.fromkeys(found))
    return (*same, *package.depends, *found, "${misc:Depends}")


def _multi_arch(package: BinaryPackage) -> str:
    """``same`` when no path differs between architectures but by its library directory."""
    if package.architecture_independent:
        return "foreign" if package.role in (Role.DATA, Role.DOCUMENTATION) else ""
    if package.role not in (Role.LIBRARY, Role.DEVELOPMENT):
        return ""
    return "same" if all(_MULTIARCH_SAFE.match(f.path) for f in package.files) else ""


def _description(info: PackagingInfo, package: BinaryPackage, *, alone: bool) -> str:
    """Synopsis, extended description and what this package is (Policy 5.6.13)."""
    suffix, sentence = ("", "") if alone else _WHAT[package.role]
    first = synopsis(info)
    if len(first) + len(suffix) < SYNOPSIS_LIMIT:
        first += suffix
    body = paragraphs(description(info))
    if sentence:
        body.append([sentence])
    extended = "\n .\n".join("\n".join(f" {line}" for line in lines) for lines in body)
    return f"{first}\n{extended}"


def _list(field: str, items: Sequence[str]) -> str:
    """A relation field with one item a line, aligned."""
    return (",\n" + " " * (len(field) + 2)).join(items)


def _stanza(fields: Mapping[str, str]) -> str:
    paragraph = Deb822()
    for field, value in fields.items():
        if value:
            paragraph[field] = value
    return str(paragraph.dump())
