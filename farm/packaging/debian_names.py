"""Debian's names for packages: derived by its policy, or as the distribution has them already."""

from __future__ import annotations

import re
from dataclasses import dataclass

from farm.packaging.roles import stem_and_version

_TRANSITIONS = ("t64", "a", "v5", "v5t64", "g", "c2", "c2a", "ldbl", "debian")
"""What Debian added to a library's name when its ABI changed and its SONAME did not."""
_OTHER_NAMES = {"libz1": ("zlib1g",)}
_TOOLS = ("tools", "bin", "utils", "progs")
_COMMON = ("common", "data")


def debian_library_name(soname: str) -> str:
    """The package of a shared library (Policy 8.1).

    ``libogg.so.0`` → ``libogg0``; ``libfoo2.so.1`` → ``libfoo2-1``; ``libfoo-1.2.so`` →
    ``libfoo-1.2``.
    """
    stem, version = stem_and_version(soname)
    joint = "-" if version and (stem[-1:].isdigit() or soname.endswith(".so")) else ""
    return package_name(f"{stem}{joint}{version}")


def package_name(text: str) -> str:
    """The text in the characters that a package's name may have (Policy 5.6.1)."""
    return re.sub(r"[^a-z0-9+.-]", "-", text.lower()).lstrip("+.-") or "unnamed"


@dataclass(frozen=True)
class DebianNames:
    """Names for a component's packages beside those that the distribution has."""

    distribution: frozenset[str] = frozenset()

    def library(self, soname: str) -> str:
        """``libvorbis0a`` where the distribution has that and no ``libvorbis0``."""
        name = debian_library_name(soname)
        return self._known(
            name, *_OTHER_NAMES.get(name, ()), *(f"{name}{suffix}" for suffix in _TRANSITIONS)
        )

    def development(self, stem: str, library: str) -> str:
        """``<stem>-dev``, or the older custom ``<library package>-dev``."""
        plain = re.sub(r"(?:v5)?t64$", "", library)
        return self._known(f"{package_name(stem)}-dev", f"{library}-dev", f"{plain}-dev")

    def ocaml(self, component: str) -> str:
        """``lib<name>-ocaml``: what an OCaml library needs at run time."""
        stem = re.sub(r"^(?:ocaml-|lib)|-ocaml$", "", component)
        return self._known(f"lib{package_name(stem)}-ocaml")

    def tools(self, component: str) -> str:
        """The programs that come with a library."""
        return self._known(*(f"{component}-{suffix}" for suffix in _TOOLS))

    def common(self, component: str) -> str:
        """What a library needs besides, the same for all architectures and SONAMEs."""
        return self._known(*(f"{component}-{suffix}" for suffix in _COMMON))

    def _known(self, *names: str) -> str:
        """The first name that the distribution has, else the first."""
        return next((name for name in names if name in self.distribution), names[0])
