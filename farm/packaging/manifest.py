"""What ``make install DESTDIR=…`` really installed: the facts that packages are made from."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

from farm.errors import FarmError

_ELF_MAGIC = b"\x7fELF"
_IGNORED = re.compile(r"^/(?:DEBIAN|usr/lib/debug|usr/src/debug|usr/lib/\.build-id)(?:/|$)")
"""Control files of a Debian package tree, and debug files that rpm packages by itself."""
_DROPPED = re.compile(r"\.la$|^/usr/share/info/dir(?:\.gz)?$")
"""libtool archives (Policy 10.2) and the index of info pages, which belongs to no package."""
_LIBRARY_DIRECTORY = re.compile(
    r"^(?P<base>(?:/usr)?/lib)(?P<abi>64|32|/[a-z0-9_]+-(?:linux|gnu|kfreebsd)[a-z0-9_-]*)?$"
)
_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/env[ \t]+(?:-\S+[ \t]+)?|\S*/)([A-Za-z0-9._+-]+)[ \t\r\n]")
_SHEBANG_BYTES = 128
_DYNAMIC_TAGS = {"DT_SONAME": "soname", "DT_NEEDED": "needed"}
_PC_FIELD = re.compile(r"^(Requires(?:\.private)?)\s*:(.*)$", re.MULTILINE)
_PC_VARIABLE = re.compile(r"^([A-Za-z0-9_.]+)\s*=\s*(.*?)\s*$", re.MULTILINE)
_META_REQUIRES = re.compile(r"""^\s*requires\s*\+?=\s*"([^"]*)\"""", re.MULTILINE)
FINDLIB = "findlib:"
"""What names of OCaml's findlib begin with, to tell them from pkg-config's."""
_PC_RELATION = re.compile(r"(?:[<>]=?|!?=)\s*\S+")


class Kind(StrEnum):
    """What lies at a path; directories count only when they are empty."""

    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"


@dataclass(frozen=True, order=True)
class Installed:
    """One installed file, symbolic link or empty directory."""

    path: str
    """Absolute, as on the machine it will be installed on."""
    kind: Kind = Kind.FILE
    target: str = ""
    """Where a link points, as written."""
    mode: int = 0o644
    size: int = 0
    elf: bool = False
    """An ELF executable, shared library or module."""
    soname: str = ""
    needed: tuple[str, ...] = ()
    """SONAMEs that an ELF file is linked with."""
    provides: str = ""
    """The name by which pkg-config knows a .pc file, or findlib (after `FINDLIB`) a META file."""
    requires: tuple[str, ...] = ()
    """Such names in a .pc file's Requires, or in a META file's requires."""
    requires_private: tuple[str, ...] = ()
    interpreter: str = ""
    """What runs a script: the last part of the path in its first line (``python3``)."""

    @property
    def directory(self) -> str:
        """The directory that holds it."""
        return self.path.rpartition("/")[0] or "/"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def static_library(self) -> bool:
        """An archive for the linker."""
        return self.kind is not Kind.DIRECTORY and self.name.endswith(".a")

    @property
    def in_library_directory(self) -> bool:
        """It lies directly where the dynamic linker looks."""
        return _LIBRARY_DIRECTORY.match(self.directory) is not None


@dataclass(frozen=True)
class Manifest:
    """Everything a component installs, sorted by path."""

    files: tuple[Installed, ...]
    dropped: tuple[Installed, ...] = ()
    """Installed, but wanted in no package; packaging removes them."""

    @classmethod
    def of(cls, entries: Iterable[Installed | str]) -> Manifest:
        """Make a manifest of entries, or of paths of plain files; sorts out what is dropped."""
        files, dropped = [], []
        for entry in sorted(Installed(e) if isinstance(e, str) else e for e in entries):
            if _DROPPED.search(entry.path):
                dropped.append(entry)
            elif not _IGNORED.match(entry.path):
                files.append(entry)
        return cls(tuple(files), tuple(dropped))

    def with_library_directory(self, directory: str) -> Manifest:
        """The manifest of the same installation with libraries in `directory`.

        A person's ``./configure --prefix=/usr`` puts libraries into /usr/lib; a Debian build uses
        /usr/lib/<triplet> and an rpm build %{_libdir}. Private directories below /usr/lib move
        too when they hold ELF files; systemd, Python and udev files stay.
        """
        entries = (*self.files, *self.dropped)
        native = {_private_directory(f.path) for f in entries if f.elf}
        return Manifest.of(replace(f, path=_moved(f, directory, native)) for f in entries)

    def with_prefix(self, old: str, new: str) -> Manifest:
        """The manifest of the same installation with another prefix."""
        entries = (*self.files, *self.dropped)
        return Manifest.of(
            replace(f, path=new + f.path.removeprefix(old)) if f.path.startswith(f"{old}/") else f
            for f in entries
        )


def scan(staging: Path) -> Manifest:
    """Read a staged installation.

    :param staging: what DESTDIR was.
    :raises FarmError: nothing is there.
    """
    if not staging.is_dir():
        raise FarmError(f"{staging}: no staged installation is there")
    manifest = Manifest.of(_walk(staging))
    if not manifest.files:
        raise FarmError(f"{staging}: make install put no file there (is DESTDIR honoured?)")
    return manifest


def _private_directory(path: str) -> str:
    """``/usr/lib/NAME`` of a path below it, else empty."""
    found = re.match(r"/usr/lib/[^/]+(?=/)", path)
    return found[0] if found else ""


def _moved(entry: Installed, directory: str, native: set[str]) -> str:
    """Where an entry lies when libraries lie in `directory`.

    `native` holds the private directories with architecture dependent files.
    """
    abi = re.match(r"(?:/usr)?/lib(?:64|32|/[a-z0-9_]+-linux-[a-z0-9_]+)(?=/)", entry.path)
    if abi:
        return directory + entry.path[abi.end() :]
    plain = re.match(r"(?:/usr)?/lib(?=/)", entry.path)
    if not plain:
        return entry.path
    private = _private_directory(entry.path)
    stays = re.match(r"/usr/lib/(?:python[\d.]*|systemd|udev|sysusers\.d|tmpfiles\.d)$", private)
    moves = (
        re.search(r"\.(?:a|la)$|\.so(?:\.|$)", entry.name)
        if entry.in_library_directory
        else private in native or private in ("/usr/lib/pkgconfig", "/usr/lib/cmake")
    )
    return directory + entry.path[plain.end() :] if moves and not stays else entry.path


def _walk(staging: Path) -> Iterator[Installed]:
    for directory, subdirectories, names in os.walk(staging):
        here = Path(directory)
        links = [name for name in subdirectories if (here / name).is_symlink()]
        for name in (*names, *links):
            yield _entry(here / name, "/" + (here / name).relative_to(staging).as_posix())
        if here != staging and not subdirectories and not names:
            path = "/" + here.relative_to(staging).as_posix()
            yield Installed(path, Kind.DIRECTORY, mode=stat.S_IMODE(here.stat().st_mode))


def _entry(file: Path, path: str) -> Installed:
    status = file.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return Installed(path, Kind.LINK, target=str(file.readlink()), mode=mode)
    entry = Installed(path, mode=mode, size=status.st_size)
    if not stat.S_ISREG(status.st_mode):
        raise FarmError(f"{path}: packages hold files, links and directories only")
    if _is_elf(file):
        return _with_elf_facts(entry, file)
    if path.endswith(".pc") and "/pkgconfig/" in path:
        return _with_pkgconfig_facts(entry, file.read_text(errors="replace"))
    if path.endswith("/META") and "/ocaml/" in path:
        return _with_findlib_facts(entry, file.read_text(errors="replace"))
    return replace(entry, interpreter=interpreter_of(file)) if mode & 0o111 else entry


def interpreter_of(file: Path) -> str:
    """The program that a script's first line names, without its directory; empty without one."""
    with file.open("rb") as stream:
        found = _SHEBANG.match(stream.read(_SHEBANG_BYTES))
    return found[1].decode() if found else ""


def _is_elf(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == _ELF_MAGIC


def _with_elf_facts(entry: Installed, file: Path) -> Installed:
    found: dict[str, list[str]] = {"soname": [], "needed": []}
    try:
        with file.open("rb") as stream:
            elf = ELFFile(stream)
            if elf.header.e_type == "ET_REL":
                return entry
            dynamic = (s for s in elf.iter_segments() if isinstance(s, DynamicSegment))
            for tag in (tag for segment in dynamic for tag in segment.iter_tags()):
                attribute = _DYNAMIC_TAGS.get(tag.entry.d_tag)
                if attribute:
                    found[attribute].append(getattr(tag, attribute))
    except (ELFError, UnicodeDecodeError, AssertionError):
        return replace(entry, elf=True)
    return replace(entry, elf=True, soname="".join(found["soname"]), needed=tuple(found["needed"]))


def _with_pkgconfig_facts(entry: Installed, text: str) -> Installed:
    variables = dict(_PC_VARIABLE.findall(text))
    fields: dict[str, tuple[str, ...]] = {}
    for field, value in _PC_FIELD.findall(text.replace("\\\n", " ")):
        expanded = re.sub(r"\$\{([^}]*)\}", lambda m: variables.get(m[1], ""), value)
        names = re.split(r"[,\s]+", _PC_RELATION.sub(" ", expanded))
        fields[field] = tuple(dict.fromkeys(n for n in names if n))
    return replace(
        entry,
        provides=PurePosixPath(entry.path).stem,
        requires=fields.get("Requires", ()),
        requires_private=fields.get("Requires.private", ()),
    )


def _with_findlib_facts(entry: Installed, text: str) -> Installed:
    """What a META file says; a library that is part of another (``a.b``) is found with it."""
    wanted = (re.split(r"[,\s]+", names) for names in _META_REQUIRES.findall(text))
    tops = (name.partition(".")[0] for names in wanted for name in names)
    return replace(
        entry,
        provides=FINDLIB + PurePosixPath(entry.path).parent.name,
        requires=tuple(dict.fromkeys(FINDLIB + top for top in tops if top)),
    )
