"""Copying files into and out of a root that an untrusted build could write to."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path

from farm.errors import FarmError


def pack(files: Mapping[str, str | bytes], mtime: int) -> bytes:
    """A tar archive of files; those that begin with ``#!`` are executable."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), mtime
            member.mode = 0o755 if data.startswith(b"#!") else 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def copy_regular_file(source: Path, destination: Path) -> None:
    """Copy a file with its times, and nothing that only looks like one.

    :raises FarmError: there is none, or it is a link, a device or a pipe.
    """
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise FarmError(f"{source.name}: {error.strerror}") from error
    with os.fdopen(handle, "rb") as reading:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise FarmError(f"{source.name} is not a regular file")
        with destination.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
    os.utime(destination, ns=(status.st_atime_ns, status.st_mtime_ns))
