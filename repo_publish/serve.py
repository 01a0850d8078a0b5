"""What serves an archive over HTTP inside another process; a web server of its own is as good."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.web import static
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from repo_publish.line import QA

# File names that are never used again for other bytes.
_IMMUTABLE = re.compile(
    r"/pool/main/(?:lib)?[a-z0-9]/[^/]+/[^/]+$|/by-hash/SHA256/[0-9a-f]{64}$|\.rpm$"
    r"|/repodata/[0-9a-f]{64}-|/logs/[^/]+_[0-9a-f]{16}\.log$"
)
_FOR_A_YEAR = b"public, max-age=31536000, immutable"
_ASK_AGAIN = b"no-cache"

_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"
_TYPES = {
    ".asc": _TEXT,
    ".deb": "application/vnd.debian.binary-package",
    ".dsc": _TEXT,
    ".gpg": "application/pgp-keys",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/json",
    ".log": _TEXT,
    ".repo": _TEXT,
    ".rpm": "application/x-rpm",
    ".sources": _TEXT,
    ".xml": "application/xml",
    ".xz": "application/x-xz",
}
_TEXT_NAMES = frozenset({"InRelease", "Release", "Packages", "Sources", "mirrorlist"})


def archive_site(archive: Path, *, reports: IResource | None = None) -> Site:
    """A read-only site of the archives below `archive`, for `listenTCP`.

    Directories are listed. Names that begin with a dot and links that lead outside do not exist
    for its clients.

    :param reports: what answers below ``/qa/``; see `repo_publish.qa.receive`.
    """
    root = archive.resolve()
    top = _ArchiveFile(root, root)
    if reports is not None:
        top.putChild(QA.encode(), reports)
    site: Callable[[Resource], Site] = Site
    return site(top)


def content_type(name: str) -> str:
    """The media type of a file in an archive; compressed files are not "encoded" ones."""
    if name in _TEXT_NAMES:
        return _TEXT
    return _TYPES.get(Path(name).suffix, _BINARY)


def cache_control(path: str) -> bytes:
    """The Cache-Control header of a path below the archive's root."""
    return _FOR_A_YEAR if _IMMUTABLE.search(f"/{path}") else _ASK_AGAIN


class _ArchiveFile(static.File):
    """A file or directory of the archive, at its real path.

    Links are followed once, when the path is looked up: between looking at the size of a file and
    opening it, the live link may move to another snapshot. (Twisted's methods are untyped.)
    """

    def __init__(self, path: Path, root: Path):
        super().__init__(str(path))
        self.indexNames = ["index.html"]
        self.contentTypes = dict.fromkeys(_TYPES, _BINARY) | _TYPES
        self.contentEncodings = {}
        self._root = root
        self.type, self.encoding = content_type(path.name), None

    def getChild(self, path: bytes, request: Request) -> Resource:
        """The entry of that name, or "not found"; a directory's listing for an empty name."""
        if path.startswith(b"."):
            return self.childNotFound
        base: Any = super()
        child: Resource = base.getChild(path, request)
        return child

    def createSimilarFile(self, path: str) -> Resource:
        """The resource of a child, wherever a link led."""
        if not self._is_served(Path(path)):
            return self.childNotFound
        return _ArchiveFile(Path(path).resolve(), self._root)

    def _is_served(self, path: Path) -> bool:
        real = path.resolve()
        return (
            not path.name.startswith(".")
            and real.is_relative_to(self._root)
            and not any(part.startswith(".") for part in real.relative_to(self._root).parts)
        )

    def listNames(self) -> list[str]:
        """The names that a directory listing shows."""
        base: Any = super()
        return [name for name in base.listNames() if self._is_served(Path(self.path) / name)]

    def render_GET(self, request: Request) -> bytes | int:
        """Send the file, with what caches may do with it."""
        path = Path(self.path).relative_to(self._root).as_posix()
        request.responseHeaders.setRawHeaders(b"cache-control", [cache_control(path)])
        base: Any = super()
        sent: bytes | int = base.render_GET(request)
        return sent

    render_HEAD = render_GET
