"""Which files of a package a dependent can observe, and what of them counts."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from farm.digest.own import Own
from farm.digest.package import Entry

_UNSEEN = re.compile(
    # Debian Policy 12.3: no package may need anything below /usr/share/doc.
    r"/usr/share/(?:doc|doc-base|man|info|gtk-doc|help|devhelp|licenses|lintian|bug)(?:/|$)"
    r"|/usr/lib/debug(?:/|$)|/usr/src/debug(?:/|$)|/usr/lib/\.build-id(?:/|$)"
    # Made from the .py beside it, with that file's time inside.
    r"|.*/__pycache__(?:/|$)"
    # Lists of a Python package's own files, documentation and tests among them.
    r"|.*\.(?:dist-info/RECORD|egg-info/SOURCES\.txt)$"
)
_PKG_CONFIG = re.compile(r"/pkgconfig/[^/]+\.pc$")
_PC_VERSION = re.compile(rb"^(Version[ \t]*:[ \t]*)(\S+)", re.MULTILINE)
_PYTHON_METADATA = re.compile(r"\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?)$")
_PYTHON_FIELDS = ("name", "requires-", "provides-", "obsoletes-")
"""Of a Python package's metadata; the rest describes it, and holds its README."""
_ELF = b"\x7fELF"
_ARCHIVE = b"!<arch>\n"
"""How a static library begins."""
# Differ when only debug information, the compiler's or the package's version does: find-debuginfo
# makes the build-id of an RPM from its version and release, ld hashes line numbers into others,
# and Go hashes the text of the source.
_UNSEEN_SECTIONS = re.compile(
    r"\.(?:z?debug_|gnu_debug|gnu\.build\.attributes|(?:symtab|strtab|shstrtab|comment)$"
    r"|note\.(?:gnu\.build-id|package|go\.buildid)$)"
)


def is_unseen(path: str) -> bool:
    """Whether a file counts for nothing, since no dependent may look at it."""
    return _UNSEEN.match(path) is not None


def content_facts(entries: Iterable[Entry], own: Own) -> Iterator[str]:
    """One line for each file, link and special directory that counts."""
    inhabited: set[str] = set()
    directories: list[Entry] = []
    for entry in entries:
        inhabited.add(entry.path.rsplit("/", 1)[0])
        if is_unseen(entry.path):
            continue
        if entry.kind == "d":
            directories.append(entry)
        else:
            yield f"{_place(entry)} {entry.target}{_digest(entry, own)}"
    for entry in directories:
        # An ordinary directory comes with its files, which may be manual pages only.
        ordinary = entry.mode == 0o755 and entry.owner == "root:root"
        if not ordinary or entry.path not in inhabited:
            yield _place(entry)


def _place(entry: Entry) -> str:
    return f"{entry.kind}{entry.mode:04o} {entry.owner} {entry.path}"


def _digest(entry: Entry, own: Own) -> str:
    if entry.kind != "-":
        return ""
    data = entry.data
    if data.startswith((_ELF, _ARCHIVE)):
        data = own.undated(data)
    if data.startswith(_ELF):
        return elf_digest(data)
    if _PKG_CONFIG.search(entry.path):
        data = _PC_VERSION.sub(
            lambda match: match[1] + own.provided(match[2].decode(errors="replace")).encode(), data
        )
    elif _PYTHON_METADATA.search(entry.path):
        data = _python_metadata(data, own)
    return hashlib.sha256(data).hexdigest()


def _python_metadata(data: bytes, own: Own) -> bytes:
    """What others ask for in a Python package's metadata (core metadata specification)."""
    kept = []
    for line in data.decode(errors="surrogateescape").partition("\n\n")[0].splitlines():
        field, _, value = line.partition(":")
        if field.lower() == "version":
            kept.append(f"version: {own.provided(value.strip())}")
        elif field.lower().startswith(_PYTHON_FIELDS):
            kept.append(line)
    return "\n".join(kept).encode(errors="surrogateescape")


def elf_digest(data: bytes) -> str:
    """The digest of a program or library without debug information and build-id.

    Object files, and what has no sections, count as they are. So does what is appended to a
    program for itself to read.
    """
    try:
        elf = ELFFile(io.BytesIO(data))
        if elf["e_type"] not in ("ET_EXEC", "ET_DYN") or not elf.num_sections():
            return hashlib.sha256(data).hexdigest()
        kept = ("e_type", "e_machine", "e_flags", "e_entry")
        digest = hashlib.sha256(repr((data[:16], *(elf[k] for k in kept))).encode())
        end = elf["e_shoff"] + elf["e_shnum"] * elf["e_shentsize"]
        for segment in elf.iter_segments():
            facts = ("p_type", "p_flags", "p_vaddr", "p_memsz", "p_align")
            digest.update(repr([segment[f] for f in facts]).encode())
            end = max(end, segment["p_offset"] + segment["p_filesz"])
        for section in elf.iter_sections():
            has_data = section["sh_type"] != "SHT_NOBITS"
            if has_data:
                end = max(end, section["sh_offset"] + section["sh_size"])
            if not _UNSEEN_SECTIONS.match(section.name):
                facts = ("sh_type", "sh_flags", "sh_addr", "sh_size", "sh_entsize")
                digest.update(repr((section.name, *(section[f] for f in facts))).encode())
                if has_data:
                    digest.update(section.data())
        digest.update(data[end:])
        return digest.hexdigest()
    except (ELFError, UnicodeDecodeError, KeyError, ValueError):
        return hashlib.sha256(data).hexdigest()
