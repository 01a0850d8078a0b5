"""The source tarball under the name, and in the compression, that a spec wants."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from pathlib import Path
from typing import IO

from farm.build.source_archive import write_source_archive

ARCHIVE_SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar")


def write_archive(tree: Path, destination: Path, *, top: str, timestamp: int) -> None:
    """Write a component's tree as an archive compressed as its name says.

    :param destination: ends in one of `ARCHIVE_SUFFIXES`.
    """
    if destination.name.endswith(".tar.xz"):
        write_source_archive(tree, destination, top=top, timestamp=timestamp)
        return
    plain = destination.with_name(f".{destination.name}.xz")
    write_source_archive(tree, plain, top=top, timestamp=timestamp)
    with lzma.open(plain) as reading, destination.open("wb") as raw:
        _recompress(reading, raw, destination.name)
    plain.unlink()


def _recompress(reading: IO[bytes], raw: IO[bytes], name: str) -> None:
    if name.endswith((".gz", ".tgz")):
        # Without a name and a time, which gzip would keep.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as writing:
            shutil.copyfileobj(reading, writing)
    elif name.endswith(".bz2"):
        with bz2.BZ2File(raw, "wb") as compressed:
            shutil.copyfileobj(reading, compressed)
    else:
        shutil.copyfileobj(reading, raw)
