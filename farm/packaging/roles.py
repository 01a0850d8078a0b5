"""What an installed file is for, judged from its path and its ELF header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from farm.packaging.manifest import Installed, Kind, Manifest


class Role(StrEnum):
    """What a file, or a whole package, is for; in the order in which packages are listed."""

    LIBRARY = "library"
    """A shared library that other components link with."""
    DEVELOPMENT = "development"
    """What compiling and linking needs."""
    TOOLS = "tools"
    """Programs, and what only makes sense with them."""
    PYTHON = "python"
    MODULE = "module"
    """A shared object that programs load by themselves, and other private native files."""
    DATA = "data"
    DOCUMENTATION = "documentation"


_VERSIONED_SONAME = re.compile(r"^(?P<stem>.+?)(?:\.so\.(?P<version>.+)|-(?P<dashed>\d.*)\.so)$")

_DEVELOPMENT = re.compile(
    r"^/usr/include/"
    r"|/(?:pkgconfig|cmake|aclocal|gir-1\.0|vala/vapi)/"
    r"|^/usr/share/man/(?:[a-zA-Z_@.]+/)?man[23]/"
    r"|^/usr/bin/[^/]+-config$|^/usr/share/man/man1/[^/]+-config\.1"
    r"|^/usr/lib(?:64|/[a-z0-9_-]+)?/[^/]+\.(?:a|o)$"
)
_OCAML = re.compile(r"^/usr/lib(?:64)?/ocaml/")
_OCAML_AT_RUN_TIME = re.compile(r"/(?:META[^/]*|[^/]+\.(?:cma|cmxs)|dll[^/]+\.so)$")
"""Plugins, bytecode and what findlib needs to load them (Debian's OCaml packaging policy)."""
_PYTHON = re.compile(r"^/usr/lib(?:64)?/python3(?:\.\d+)?/(?:site|dist)-packages/")
_DOCUMENTATION = re.compile(r"^/usr/share/(?:doc|gtk-doc|info|help)/|^/usr/doc/")
_TOOLS = re.compile(
    r"^(?:/usr)?/s?bin/|^/usr/(?:libexec|games)/|^/opt/"
    r"|^/usr/share/man/(?:[a-zA-Z_@.]+/)?man[168]/"
    r"|^(?:/usr)?/lib/(?:systemd|udev|sysusers\.d|tmpfiles\.d)/"
    r"|^/etc/(?:init\.d|default|cron\.[a-z]+|xdg|dbus-1|logrotate\.d|pam\.d|systemd|udev)/"
    r"|^/usr/share/(?:applications|icons|pixmaps|metainfo|appdata|bash-completion|zsh"
    r"|fish|dbus-1|polkit-1)/"
)
_TEXTUAL_LIBRARY_DIRECTORIES = re.compile(r"^/usr/lib/(?:python3|systemd|udev|sysusers|tmpfiles)")


def role_of(entry: Installed, libraries: frozenset[str]) -> Role:
    """What one entry is for.

    :param libraries: the SONAMEs of the component, from `sonames`.
    """
    if library_of(entry, libraries):
        return Role.LIBRARY
    if _PYTHON.search(entry.path):
        return Role.PYTHON
    if _OCAML.match(entry.path):
        return Role.MODULE if _OCAML_AT_RUN_TIME.search(entry.path) else Role.DEVELOPMENT
    if is_development_link(entry) or _DEVELOPMENT.search(entry.path) or entry.static_library:
        return Role.DEVELOPMENT
    if _DOCUMENTATION.search(entry.path):
        return Role.DOCUMENTATION
    if _TOOLS.search(entry.path):
        return Role.TOOLS
    if entry.elf or is_architecture_dependent(entry):
        return Role.MODULE
    return Role.DATA


def is_ocaml(entry: Installed) -> bool:
    """Whether the entry lies where OCaml's libraries are."""
    return _OCAML.match(entry.path) is not None


def sonames(manifest: Manifest) -> frozenset[str]:
    """SONAMEs of the public shared libraries: versioned, and where the dynamic linker looks.

    A library without a version in its SONAME promises no ABI and gets no package of its own
    (Debian Policy 8.1).
    """
    return frozenset(
        f.soname
        for f in manifest.files
        if f.soname and f.in_library_directory and _VERSIONED_SONAME.match(f.soname)
    )


def library_of(entry: Installed, libraries: frozenset[str]) -> str:
    """The SONAME whose package an entry belongs to by itself, empty when there is none.

    That is the library's file, the link named by its SONAME, and links between the two.
    """
    if not entry.in_library_directory or entry.kind is Kind.DIRECTORY:
        return ""
    if entry.elf:
        return entry.soname if entry.soname in libraries else ""
    if entry.kind is not Kind.LINK:
        return ""
    if entry.name in libraries:
        return entry.name
    owners = [s for s in libraries if entry.name.startswith(f"{s}.")]
    return max(owners, key=len, default="")


def is_development_link(entry: Installed) -> bool:
    """``libfoo.so``: what ``-lfoo`` finds."""
    return (
        entry.kind is Kind.LINK
        and entry.in_library_directory
        and entry.name.startswith("lib")
        and entry.name.endswith(".so")
    )


def stem_and_version(soname: str) -> tuple[str, str]:
    """``libogg.so.0`` → ``libogg``, ``0``; ``libfoo-1.2.so`` → ``libfoo``, ``1.2``."""
    found = _VERSIONED_SONAME.match(soname)
    if not found:
        return soname.partition(".so")[0], ""
    return found["stem"], found["version"] or found["dashed"]


def is_architecture_dependent(entry: Installed) -> bool:
    """Whether the entry differs between architectures, or lies where such files do."""
    if entry.elf or entry.static_library:
        return True
    if re.match(r"(?:/usr)?/lib(?:64|32|/[a-z0-9_]+-linux-[a-z0-9_]+)/", entry.path):
        return True
    return entry.in_library_directory and not _TEXTUAL_LIBRARY_DIRECTORIES.match(entry.path)


def total_size(entries: Iterable[Installed]) -> int:
    """Bytes in all files together."""
    return sum(entry.size for entry in entries)
