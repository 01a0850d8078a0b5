"""Which binary packages a component becomes, from what it installs: pure functions.

Every installed file ends up in exactly one package. Names follow what packagers of each family do
(Debian Policy 8.1 and 8.4; Fedora's packaging guidelines on -devel and -libs).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from farm.packaging.debian_names import DebianNames
from farm.packaging.manifest import Installed, Manifest
from farm.packaging.owners import development_name
from farm.packaging.roles import (
    Role,
    is_architecture_dependent,
    is_ocaml,
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
    takes_from: tuple[str, ...] = ()
    """Siblings that the distribution also has, perhaps with files that are in this one here."""


def split_deb(
    name: str,
    manifest: Manifest,
    *,
    owners: Mapping[str, str] | None = None,
    distribution: Collection[str] = (),
) -> tuple[BinaryPackage, ...]:
    """Split as Debian does: one package per SONAME, -dev, programs, -common, -doc.

    OCaml's libraries become ``lib<name>-ocaml`` and ``lib<name>-ocaml-dev``.

    :param name: the component's.
    :param owners: name (`farm.packaging.owners`) → Debian package that has it, for what -dev and
        OCaml's libraries depend on; names that are not in it are left out.
    :param distribution: names of all packages of the distribution (``apt-cache pkgnames``). Where
        it has the component's library under another of Debian's names (``libvorbis0a``,
        ``libexpat1-dev``), that one is used: two packages with the same file exclude each other.
    :return: packages in the order of debian/control; a partition of ``manifest.files``.
    """
    content = _Content.of(name, manifest)
    names = DebianNames(frozenset(distribution))
    libraries = {s: names.library(s) for s in content.libraries}
    library = content.linkable and name.startswith("lib") and not content.program
    tools = content.python_name if content.only_python else name
    if library:
        tools = names.tools(name)
    primary = _primary_library(content)
    development = names.development(_debian_development_stem(content), names.library(primary))
    rest = tools if content.has(Role.TOOLS) or not content.linkable else names.common(name)
    module = names.library(primary) if primary else rest
    if content.ocaml:
        module = names.ocaml(name)
        development = f"{module}-dev"
    big = rest == tools and total_size(content.groups[Role.DATA]) >= BIG_DATA_BYTES
    by_role = {
        Role.TOOLS: tools,
        Role.DEVELOPMENT: development,
        Role.PYTHON: content.python_name,
        Role.MODULE: tools if content.has(Role.TOOLS) and not content.ocaml else module,
        Role.DATA: f"{name}-data" if big else rest,
        Role.DOCUMENTATION: f"{name}-doc"
        if content.much_documentation
        else development
        if content.has(Role.DEVELOPMENT)
        else rest,
    }
    packages = _with_architectures(_collect(content, by_role, libraries))
    known = [p for p in packages if p.name in names.distribution]
    return tuple(
        replace(
            p,
            depends=_depends(p, packages, owners or {}),
            takes_from=() if p in known else _takes_from(p, known),
        )
        for p in packages
    )


def split_rpm(name: str, manifest: Manifest) -> tuple[BinaryPackage, ...]:
    """Split as Fedora and EL do: the component's own name, -libs, -devel, -tools, -doc.

    A library's main package holds the libraries, a program's (one that installs a command of its
    own name) the programs.

    :return: packages in the order of the spec; a partition of ``manifest.files``.
    """
    content = _Content.of(name, manifest)
    library = f"{name}-libs" if content.program else name
    main = content.python_name if content.only_python else name
    headers_only = content.linkable and not any(map(content.has, (Role.LIBRARY, Role.TOOLS)))
    owners = {
        Role.TOOLS: f"{name}-tools" if content.has(Role.LIBRARY) and not content.program else main,
        Role.DEVELOPMENT: f"{name}-devel",
        Role.PYTHON: content.python_name,
        Role.MODULE: main,
        Role.DATA: main,
        Role.DOCUMENTATION: f"{name}-doc"
        if content.much_documentation
        else f"{name}-devel"
        if headers_only
        else main,
    }
    return _collect(content, owners, dict.fromkeys(content.libraries, library))


@dataclass(frozen=True)
class _Content:
    """What a component installs, by role."""

    name: str
    libraries: frozenset[str]
    """SONAMEs of its public libraries."""
    groups: Mapping[Role, tuple[Installed, ...]]

    @classmethod
    def of(cls, name: str, manifest: Manifest) -> _Content:
        libraries = sonames(manifest)
        groups: dict[Role, list[Installed]] = {role: [] for role in Role}
        ocaml = any(is_ocaml(entry) and entry.name.endswith(".cmi") for entry in manifest.files)
        for entry in manifest.files:
            # dune installs a description of programs, too.
            lost = is_ocaml(entry) and not ocaml
            groups[Role.DATA if lost else role_of(entry, libraries)].append(entry)
        return cls(name, libraries, {role: tuple(entries) for role, entries in groups.items()})

    def has(self, role: Role) -> bool:
        return bool(self.groups[role])

    @property
    def linkable(self) -> bool:
        """Other components can be built with it."""
        return self.has(Role.LIBRARY) or self.has(Role.DEVELOPMENT)

    @property
    def ocaml(self) -> bool:
        """It is a library of OCaml's."""
        return any(map(is_ocaml, self.groups[Role.DEVELOPMENT]))

    @property
    def program(self) -> bool:
        """It is known by a command that it installs."""
        commands = {f.name for f in self.groups[Role.TOOLS] if f.directory.endswith("bin")}
        return self.name in commands

    @property
    def only_python(self) -> bool:
        native = (Role.TOOLS, Role.MODULE, Role.LIBRARY, Role.DEVELOPMENT)
        return self.has(Role.PYTHON) and not any(map(self.has, native))

    @property
    def python_name(self) -> str:
        """A program's own modules stay with it; a library's bindings are python3-NAME."""
        if self.has(Role.TOOLS) and not self.linkable:
            return self.name
        return f"python3-{re.sub(r'^(?:python3?|py)-', '', self.name)}"

    @property
    def much_documentation(self) -> bool:
        return total_size(self.groups[Role.DOCUMENTATION]) >= BIG_DOCUMENTATION_BYTES


def _debian_development_stem(content: _Content) -> str:
    """What -dev is added to: ``lib<name>``, or the one library's name if that is another."""
    name = content.name
    if name.startswith("lib"):
        return name
    archives = {
        f.name.removesuffix(".a") for f in content.groups[Role.DEVELOPMENT] if f.static_library
    }
    stems = {stem_and_version(s)[0] for s in content.libraries} or archives
    if f"lib{name}" in stems:
        return f"lib{name}"
    return next(iter(stems)) if len(stems) == 1 else name


def _primary_library(content: _Content) -> str:
    """SONAME of the library that the component is known by, empty without libraries.

    A library without a version in its SONAME counts where there is no other.
    """
    unversioned = {f.name for f in content.groups[Role.MODULE] if f.elf and f.in_library_directory}
    libraries = content.libraries or unversioned
    stems = {stem_and_version(s)[0]: s for s in sorted(libraries, reverse=True)}
    for wanted in (content.name, f"lib{content.name}"):
        if wanted in stems:
            return stems[wanted]
    return min(libraries, key=lambda s: (len(s), s), default="")


def _collect(
    content: _Content, owners: Mapping[Role, str], library_packages: Mapping[str, str]
) -> tuple[BinaryPackage, ...]:
    """Packages by name; roles that share a name become one package of the earlier role."""
    found: dict[str, tuple[Role, list[Installed]]] = {}
    for role in Role:
        for entry in content.groups[role]:
            soname = library_of(entry, content.libraries)
            package = library_packages[soname] if soname else owners[role]
            found.setdefault(package, (role, []))[1].append(entry)
    packages = [
        BinaryPackage(
            package,
            role,
            tuple(sorted(entries)),
            sonames=tuple(sorted({e.soname for e in entries} & content.libraries)),
            architecture_independent=not any(map(is_architecture_dependent, entries)),
        )
        for package, (role, entries) in found.items()
    ]
    return tuple(replace(p, siblings=_siblings(p, packages)) for p in packages)


def _with_architectures(packages: tuple[BinaryPackage, ...]) -> tuple[BinaryPackage, ...]:
    """Debian's packages that need a sibling in the same version are of the same kind.

    One of all architectures would keep asking for the old version of a package that was rebuilt
    for one architecture alone.
    """
    native = {p.name for p in packages if not p.architecture_independent}
    return tuple(
        replace(p, architecture_independent=False) if native.intersection(p.siblings) else p
        for p in packages
    )


def _siblings(package: BinaryPackage, packages: list[BinaryPackage]) -> tuple[str, ...]:
    """What a package cannot do without and no tool finds out: -dev its libraries, all the data."""
    wanted: set[Role] = set()
    if package.role is Role.DEVELOPMENT:
        wanted = {Role.LIBRARY, Role.MODULE}
    elif package.role in (Role.TOOLS, Role.LIBRARY, Role.PYTHON, Role.MODULE):
        wanted = {Role.DATA}
    return tuple(p.name for p in packages if p.role in wanted and p is not package)


def _takes_from(package: BinaryPackage, known: list[BinaryPackage]) -> tuple[str, ...]:
    """Which of the distribution's packages may have had the files of one that it has not."""
    sources = {
        Role.LIBRARY: (Role.LIBRARY,),
        Role.DOCUMENTATION: (Role.DEVELOPMENT, Role.TOOLS),
    }.get(package.role, tuple(Role))
    return tuple(p.name for p in known if p.role in sources)


def _depends(
    package: BinaryPackage, packages: tuple[BinaryPackage, ...], owners: Mapping[str, str]
) -> tuple[str, ...]:
    """Other packages that pkg-config and findlib need to answer for this one.

    Requires.private counts: pkg-config wants those files even for ``--cflags``. META files are
    beside what programs load, and say what is needed to compile too.
    """
    modules = [f for p in packages if p.role is Role.MODULE for f in p.files]
    own = {f.provides for p in packages for f in p.files}
    if package.role is Role.DEVELOPMENT:
        files = [*package.files, *modules]
        wanted = {name for f in files for name in (*f.requires, *f.requires_private)} - own
        wanted = set(map(development_name, wanted))
    elif package.role is Role.MODULE:
        wanted = {name for f in package.files for name in f.requires} - own
    else:
        wanted = set()
    found = {owners[name] for name in wanted if name in owners}
    return tuple(sorted(found - {p.name for p in packages}))
