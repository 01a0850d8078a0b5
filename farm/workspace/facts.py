"""What of an installed file others can observe: not debug information, and for link tests less."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

_ELF = b"\x7fELF"
_ARCHIVE = b"!<arch>\n"
_DYNAMIC = re.compile(r"\((?:SONAME|NEEDED)\)\s+(.*)")
_LIBRARY = re.compile(r"\.(?:a|so)(?:\.[0-9.]+)?$")


def is_binary(path: Path) -> bool:
    """Whether a file is a program, a library or an archive of objects."""
    with path.open("rb") as file:
        head = file.read(8)
    return head.startswith(_ELF) or head == _ARCHIVE


def is_library(path: str) -> bool:
    """Whether programs are linked with a file of that name."""
    return _LIBRARY.search(path) is not None


def without_debug(path: Path) -> str:
    """Digest of a program or library without debug information and build-id.

    They differ when a comment moved lines, and nothing that is built with the file does. Empty
    when the machine has no tool that can take them off.
    """
    with tempfile.NamedTemporaryFile(prefix="farm-strip-") as stripped:
        argv = [
            "strip",
            "--strip-debug",
            "--enable-deterministic-archives",
            "--remove-section=.note.gnu.build-id",
            "--remove-section=.comment",
            "-o",
            stripped.name,
            str(path),
        ]
        if _run(argv) is None:
            return ""
        return hashlib.blake2b(Path(stripped.name).read_bytes(), digest_size=20).hexdigest()


def link_interface(path: Path) -> str:
    """Digest of what a link with a library can succeed or fail by: its symbols and needs.

    Empty when it cannot be told.
    """
    with path.open("rb") as file:
        shared = file.read(4) == _ELF
    symbols = _run(["nm", "-P", *(["-D"] if shared else ["-g"]), str(path)])
    if symbols is None:
        return ""
    facts = {_symbol(line, shared=shared) for line in symbols.splitlines()}
    if shared:
        dynamic = _run(["readelf", "-dW", str(path)])
        if dynamic is None:
            return ""
        facts |= set(_DYNAMIC.findall(dynamic))
    return hashlib.blake2b("\n".join(sorted(facts)).encode(), digest_size=20).hexdigest()


def _symbol(line: str, *, shared: bool) -> str:
    """A line of nm -P without the address: name, type, and the size of a shared library's data.

    In front of an archive member's symbols stands its name, after the archive's path.
    """
    if line.endswith("]:"):
        return line[line.rindex("[") :]
    words = line.split()
    size = words[3] if shared and len(words) == 4 and words[1] in "BDGRSV" else ""
    return " ".join([*words[:2], size])


def _run(argv: list[str]) -> str | None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
