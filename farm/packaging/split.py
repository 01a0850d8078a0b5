"""Which binary packages a component becomes, from what it installs: pure functions.

Every installed file ends up in exactly one package. Names follow what packagers of each family do
(Debian Policy 8.1 and 8.4; Fedora's packaging guidelines on -devel and -libs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from farm.packaging.manifest import Installed, Manifest
from farm.packaging.roles import (
    Role,
    is_architecture_dependent,
    library_of,
    role_of,
    sonames,
    stem_and_version,
    total_size,
)

BIG_DOCUMENTATION_BYTES = 256 * 1024
"""From here on documentation gets a package of its own."""
BIG_DATA_BYTES = 4 * 1024 * 1024
"""From here on Debian wants data out of architecture dependent packages (lintian says so)."""


@dataclass(frozen=True)
class BinaryPackage:
    """One binary package of a component."""

    name: str
    role: Role
    files: tuple[Installed, ...]
    sonames: tuple[str, ...] = ()
    """Public libraries in it."""
    siblings: tuple[str, ...] = ()
    """Packages of the same component that it needs in the same version."""
    depends: tuple[str, ...] = ()
    """Other components' packages that it needs; no shared libraries, those are found."""
    architecture_independent: bool = False


def split_deb(
    name: str, manifest: Manifest, *, pkgconfig_owners: Mapping[str, str] | None = None
) -> tuple[BinaryPackage, ...]:
    """Split as Debian does: one package per SONAME, -dev, programs, -common, -doc.

    :param name: the component's.
    :param pkgconfig_owners: pkg-config name → Debian package that provides it, for what -dev
        depends on; names that are not in it are left out.
    :return: packages in the order of debian/control; a partition of ``manifest.files``.
    """
    libraries = sonames(manifest)
    groups = _by_role(manifest, libraries)
    program = _is_program(name, groups)
    tools = name if program or not name.startswith("lib") else f"{name}-tools"
    development = _debian_development_name(name, manifest, libraries)
    primary = _primary_soname(name, libraries)
    owner_of_rest = (
        tools
        if groups[Role.TOOLS] or not (libraries or groups[Role.DEVELOPMENT])
        else f"{name}-common"
    )
    owners = {
        Role.TOOLS: tools,
        Role.DEVELOPMENT: development,
        Role.PYTHON: _python_name(name, groups),
        Role.MODULE: debian_library_name(primary)
        if primary and not groups[Role.TOOLS]
        else owner_of_rest,
        Role.DATA: owner_of_rest,
        Role.DOCUMENTATION: _documentation_owner(name, groups, development, owner_of_rest),
    }
    if owner_of_rest == tools and total_size(groups[Role.DATA]) >= BIG_DATA_BYTES:
        owners[Role.DATA] = f"{name}-data"
    packages = _collect(groups, owners, {s: debian_library_name(s) for s in libraries}, libraries)
    return tuple(
        replace(p, depends=_pkgconfig_depends(p, pkgconfig_owners or {}))
        if p.role is Role.DEVELOPMENT
        else p
        for p in packages
    )


def split_rpm(name: str, manifest: Manifest) -> tuple[BinaryPackage, ...]:
    """Split as Fedora and EL do: the component's own name first, -libs, -devel, -tools, -doc.

    A library's main package holds the libraries, a program's (one that installs a command of its
    own name) the programs.

    :return: packages in the order of the spec; a partition of ``manifest.files``.
    """
    libraries = sonames(manifest)
    groups = _by_role(manifest, libraries)
    program = _is_program(name, groups)
    tools = f"{name}-tools" if libraries and not program else name
    development = f"{name}-devel"
    library = f"{name}-libs" if libraries and program else name
    documentation = development if not (libraries or groups[Role.TOOLS]) else name
    owners = {
        Role.TOOLS: tools,
        Role.DEVELOPMENT: development,
        Role.PYTHON: _python_name(name, groups),
        Role.MODULE: name,
        Role.DATA: name,
        Role.DOCUMENTATION: _documentation_owner(name, groups, "", documentation),
    }
    return _collect(groups, owners, dict.fromkeys(libraries, library), libraries)


def debian_library_name(soname: str) -> str:
    """Debian's name for the package of a shared library (Policy 8.1).

    ``libogg.so.0`` → ``libogg0``; ``libfoo2.so.1`` → ``libfoo2-1``; ``libfoo-1.2.so`` →
    ``libfoo-1.2``.
    """
    stem, version = stem_and_version(soname)
    joint = "-" if stem[-1:].isdigit() or soname.endswith(".so") else ""
    return re.sub(r"[^a-z0-9+.-]", "-", f"{stem}{joint}{version}".lower())


def _by_role(manifest: Manifest, libraries: frozenset[str]) -> dict[Role, tuple[Installed, ...]]:
    groups: dict[Role, list[Installed]] = {role: [] for role in Role}
    for entry in manifest.files:
        groups[role_of(entry, libraries)].append(entry)
    return {role: tuple(entries) for role, entries in groups.items()}


def _is_program(name: str, groups: Mapping[Role, tuple[Installed, ...]]) -> bool:
    """The component is known by a command that it installs, or has nothing to link with."""
    commands = {f.name for f in groups[Role.TOOLS] if f.directory.endswith("bin")}
    return name in commands or not (groups[Role.LIBRARY] or groups[Role.DEVELOPMENT])


def _primary_soname(name: str, libraries: frozenset[str]) -> str:
    """The library that the component is known by."""
    stems = {stem_and_version(s)[0]: s for s in sorted(libraries, reverse=True)}
    for wanted in (name, f"lib{name}"):
        if wanted in stems:
            return stems[wanted]
    return min(libraries, key=lambda s: (len(s), s), default="")


def _debian_development_name(name: str, manifest: Manifest, libraries: frozenset[str]) -> str:
    if name.startswith("lib"):
        return f"{name}-dev"
    archives = {f.name.removesuffix(".a") for f in manifest.files if f.static_library}
    stems = {stem_and_version(s)[0] for s in libraries} or archives
    if f"lib{name}" in stems:
        return f"lib{name}-dev"
    only = next(iter(stems)) if len(stems) == 1 else ""
    return f"{_package_name(only or name)}-dev"


def _package_name(text: str) -> str:
    return re.sub(r"[^a-z0-9+.-]", "-", text.lower()).lstrip("+.-") or "unnamed"


def _python_name(name: str, groups: Mapping[Role, tuple[Installed, ...]]) -> str:
    others = (Role.LIBRARY, Role.DEVELOPMENT)
    if groups[Role.TOOLS] and not any(groups[role] for role in others):
        return name
    return f"python3-{re.sub(r'^(?:python3?|py)-', '', name)}"


def _documentation_owner(
    name: str,
    groups: Mapping[Role, tuple[Installed, ...]],
    development: str,
    rest: str,
) -> str:
    if total_size(groups[Role.DOCUMENTATION]) >= BIG_DOCUMENTATION_BYTES:
        return f"{name}-doc"
    return development if development and groups[Role.DEVELOPMENT] else rest


def _collect(
    groups: Mapping[Role, tuple[Installed, ...]],
    owners: Mapping[Role, str],
    library_packages: Mapping[str, str],
    libraries: frozenset[str],
) -> tuple[BinaryPackage, ...]:
    """Packages by name; roles that share a name become one package of the earlier role."""
    content: dict[str, tuple[Role, list[Installed]]] = {}
    for role in Role:
        for entry in groups[role]:
            soname = library_of(entry, libraries) if role is Role.LIBRARY else ""
            package = library_packages[soname] if soname else owners[role]
            content.setdefault(package, (role, []))[1].append(entry)
    packages = [
        BinaryPackage(
            name,
            role,
            tuple(sorted(entries)),
            sonames=tuple(sorted({e.soname for e in entries} & libraries)),
            architecture_independent=not any(map(is_architecture_dependent, entries)),
        )
        for name, (role, entries) in content.items()
    ]
    return tuple(replace(p, siblings=_siblings(p, packages)) for p in packages)


def _siblings(package: BinaryPackage, packages: list[BinaryPackage]) -> tuple[str, ...]:
    """What a package cannot do without and no tool finds out: -dev its libraries, all the data."""
    wanted: set[Role] = set()
    if package.role is Role.DEVELOPMENT:
        wanted = {Role.LIBRARY}
    elif package.role in (Role.TOOLS, Role.LIBRARY, Role.PYTHON, Role.MODULE):
        wanted = {Role.DATA}
    return tuple(p.name for p in packages if p.role in wanted and p is not package)


def _pkgconfig_depends(package: BinaryPackage, owners: Mapping[str, str]) -> tuple[str, ...]:
    """-dev packages that pkg-config needs to answer for this one.

    Requires.private counts: pkg-config wants those files even for ``--cflags``.
    """
    own = {f.provides for f in package.files if f.provides}
    wanted = {name for f in package.files for name in (*f.requires, *f.requires_private)} - own
    found = {owners[name] for name in wanted if name in owners}
    return tuple(sorted(found - {package.name}))
