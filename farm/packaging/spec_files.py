"""The %files sections of a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable

from farm.packaging.directories import is_shared, private_directories
from farm.packaging.manifest import Installed, Kind
from farm.packaging.patterns import cover, exact
from farm.packaging.roles import library_of, stem_and_version

_LIBDIR = re.compile(r"^/usr/lib(?:64|/[a-z0-9_]+-linux-[a-z0-9_]+)(?=/|$)")
_MACROS = (
    ("/usr/bin", "%{_bindir}"),
    ("/usr/sbin", "%{_sbindir}"),
    ("/usr/libexec", "%{_libexecdir}"),
    ("/usr/include", "%{_includedir}"),
    ("/usr/share/man", "%{_mandir}"),
    ("/usr/share/info", "%{_infodir}"),
    ("/usr/share", "%{_datadir}"),
    ("/usr", "%{_prefix}"),
    ("/etc", "%{_sysconfdir}"),
    ("/var", "%{_localstatedir}"),
)
"""Only macros that rpm itself brings, the longest path first."""


def file_lines(
    own: tuple[Installed, ...], others: Iterable[str], libraries: frozenset[str]
) -> list[str]:
    """Entries of a package's %files: macros for directories, ``%dir`` for those it shares.

    :param own: the package's files, without what %find_lang lists.
    :param others: paths of all other packages' files.
    :param libraries: the component's public SONAMEs.
    """
    chosen = cover(own, others, lambda entry: _candidates(entry, libraries))
    lines: set[str] = set()
    for pattern, entry in chosen:
        whole = pattern.endswith("/")
        lines.add(_attribute(entry, whole) + with_macros(pattern))
        directory = pattern.rstrip("/").rpartition("/")[0]
        while not is_shared(directory):
            lines.add(f"%dir {with_macros(exact(directory))}/")
            directory = directory.rpartition("/")[0]
    return sorted(lines, key=lambda line: (line.removeprefix("%dir ").split(" ")[-1], line))


def with_macros(path: str) -> str:
    """A path or pattern as a spec writes it; other percent signs are doubled."""
    escaped = path.replace("%", "%%")
    found = _LIBDIR.match(escaped)
    if found:
        return "%{_libdir}" + escaped[found.end() :]
    for prefix, macro in _MACROS:
        if escaped == prefix or escaped.startswith(f"{prefix}/"):
            return macro + escaped[len(prefix) :]
    return escaped


def locale_domain(entry: Installed) -> str:
    """The gettext domain of a translation that %find_lang finds, else empty."""
    found = re.match(r"/usr/share/locale/[^/]+/LC_[A-Z]+/([^/]+)\.mo$", entry.path)
    return found[1] if found else ""


def _attribute(entry: Installed, whole_directory: bool) -> str:
    if re.match(r"/usr/share/(?:doc|gtk-doc)/", entry.path):
        return "%doc "
    if entry.kind is Kind.DIRECTORY and not whole_directory:
        return "%dir "
    if (
        entry.path.startswith("/etc/")
        and entry.kind is Kind.FILE
        and not entry.path.startswith(("/etc/init.d/", "/etc/profile.d/"))
        and not whole_directory
    ):
        return "%config(noreplace) "
    return ""


def _candidates(entry: Installed, libraries: frozenset[str]) -> list[str]:
    path = entry.path
    found: list[str] = []
    soname = library_of(entry, libraries)
    if soname:
        _, version = stem_and_version(soname)
        found = [exact(f"{entry.directory}/{soname}") + ("*" if version else "")]
    elif not path.startswith("/etc/"):
        found = [f"{d}/" for d in private_directories(path) if exact(d) == d]
    if re.match(r"/usr/share/(?:man|info)/", path):
        found.append(exact(re.sub(r"\.(?:gz|bz2|xz|zst)$", "", path)) + "*")
    return [*found, exact(path)]
