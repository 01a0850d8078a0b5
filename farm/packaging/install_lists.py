"""The ``*.install`` files of a debian/ directory."""

from __future__ import annotations

import re
from collections.abc import Sequence

from farm.packaging.directories import private_directories
from farm.packaging.manifest import Installed
from farm.packaging.patterns import cover, exact
from farm.packaging.roles import is_development_link, stem_and_version
from farm.packaging.split import BinaryPackage

_NEVER_WHOLE = ("/usr/lib", "/usr/share", "/etc", "/opt", "/var/lib")
"""Where ``*`` would take in directories, too."""
_TRIPLET = re.compile(r"^/usr/lib/[a-z0-9_]+-linux-[a-z0-9_]+(?=/)")


def install_list(package: BinaryPackage, packages: Sequence[BinaryPackage]) -> str:
    """The text of a package's ``*.install``: what it takes out of debian/tmp.

    :param packages: all packages of the component, this one among them.
    """
    others = (f.path for p in packages if p is not package for f in p.files)
    chosen = cover(package.files, others, _candidates)
    return "".join(f"{line}\n" for line in sorted({p.lstrip("/") for p, _ in chosen}))


def _candidates(entry: Installed) -> list[str]:
    """Patterns as packagers write them, the widest first; the last one is exact."""
    found = [d for d in private_directories(entry.path) if exact(d) == d]
    directory, name = entry.directory, entry.name
    if entry.in_library_directory:
        if entry.static_library:
            found.append(f"{directory}/lib*.a")
        elif is_development_link(entry):
            found.append(f"{directory}/lib*.so")
        elif ".so" in name:
            stem, version = stem_and_version(entry.soname or name)
            found += [f"{directory}/{stem}.so.*", f"{directory}/{stem}.so.{version}*"]
    elif name.endswith(".pc"):
        found.append(f"{directory}/*.pc")
    elif translated := re.match(r"/usr/share/man/[^/]+/(man\d)$", directory):
        found.append(f"/usr/share/man/*/{translated[1]}/*")
    elif directory not in _NEVER_WHOLE:
        found.append(f"{directory}/*")
    if entry.path.startswith("/usr/share/locale/"):
        found.insert(0, "/usr/share/locale")
    anywhere = [_TRIPLET.sub("/usr/lib/*", pattern) for pattern in (*found, exact(entry.path))]
    return [*anywhere, exact(entry.path)]
