"""Which files of a package a dependent can observe, and what of them counts."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from farm.digest.own import Own
from farm.digest.package import Entry

_UNSEEN = re.compile(
    r"/usr/share/(?:doc|doc-base|man|info|gtk-doc|help|devhelp|licenses|lintian|bug)(?:/|$)"
    r"|/usr/lib/debug(?:/|$)|/usr/src/debug(?:/|$)|/usr/lib/\.build-id(?:/|$)"
    # Made from the .py beside it, with that file's time inside.
    r"|.*/__pycache__(?:/|$)"
)
_PKG_CONFIG = re.compile(r"/pkgconfig/[^/]+\.pc$")
_PC_VERSION = re.compile(rb"^(Version[ \t]*:[ \t]*)(\S+)", re.MULTILINE)
# Differ when only debug information or the package's version does: find-debuginfo makes the
# build-id of an RPM from its version and release, and ld hashes line numbers into others.
_UNSEEN_SECTIONS = (".note.gnu.build-id", ".note.package")


def content_facts(entries: Iterable[Entry], own: Own) -> Iterator[str]:
    """One line for each file, link and special directory that counts."""
    inhabited: set[str] = set()
    directories: list[Entry] = []
    for entry in entries:
        inhabited.add(entry.path.rsplit("/", 1)[0])
        if _UNSEEN.match(entry.path):
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
    if data.startswith(b"\x7fELF"):
        return elf_digest(data)
    if _PKG_CONFIG.search(entry.path):
        data = _PC_VERSION.sub(
            lambda match: match[1] + own.provided(match[2].decode(errors="replace")).encode(), data
        )
    return hashlib.sha256(data).hexdigest()


def elf_digest(data: bytes) -> str:
    """The digest of what a program or library brings into memory.

    Debug links, symbol tables and build-ids are not part of that. Object files, and what has no
    sections, count as they are.
    """
    try:
        elf = ELFFile(io.BytesIO(data))
        if elf["e_type"] not in ("ET_EXEC", "ET_DYN") or not elf.num_sections():
            return hashlib.sha256(data).hexdigest()
        kept = ("e_type", "e_machine", "e_flags", "e_entry")
        digest = hashlib.sha256(repr((data[:16], *(elf[k] for k in kept))).encode())
        for segment in elf.iter_segments():
            facts = ("p_type", "p_flags", "p_vaddr", "p_memsz", "p_align")
            digest.update(repr([segment[f] for f in facts]).encode())
        for section in elf.iter_sections():
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section.name not in _UNSEEN_SECTIONS:
                facts = ("sh_type", "sh_flags", "sh_addr", "sh_size", "sh_entsize")
                digest.update(repr((section.name, *(section[f] for f in facts))).encode())
                if section["sh_type"] != "SHT_NOBITS":
                    digest.update(section.data())
        return digest.hexdigest()
    except (ELFError, UnicodeDecodeError, KeyError, ValueError):
        return hashlib.sha256(data).hexdigest()
