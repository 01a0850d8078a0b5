"""The pool over HTTP: workers fetch a build's inputs and hand in what they made.

``GET <key>/<file>`` reads, ``PUT incoming/<key>/<file>`` hands in one file, ``POST incoming/<key>``
adds the complete build to the pool. Every request needs a token of workers as its bearer token.
Workers for untrusted code have a pool and a token of their own: they read what trusted builds
published to everybody, and write only among themselves.
"""

from __future__ import annotations

import hmac
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from twisted.internet.defer import DeferredLock
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from twisted.web.static import File

from farm import pool as pool_on_disk
from farm.pool import INCOMING, PoolError

_UPLOADS = ".uploads"
_SMALL = 1 << 14
"""Bytes of a body that is taken from anybody: it may be for another part of the site."""
_log = Logger()


@dataclass(frozen=True)
class Access:
    """What a token opens."""

    pools: tuple[Path, ...]
    """Read in this order; written is the first alone."""

    @property
    def pool(self) -> Path:
        """The pool that is written."""
        return self.pools[0]

    @property
    def uploads(self) -> Path:
        """Where bodies of requests wait, on the pool's file system."""
        return self.pool / INCOMING / _UPLOADS


def pool_site(accesses: Mapping[str, Access]) -> Site:
    """A site that serves and fills pools, for whoever knows a token.

    :param accesses: by token.
    """
    for access in accesses.values():
        shutil.rmtree(access.uploads, ignore_errors=True)
        access.uploads.mkdir(parents=True)
        pool_on_disk.drop_stale_incoming(access.pool)
    access_of = partial(_access_of, accesses)
    return Site(_Pool(access_of), requestFactory=partial(_PoolRequest, access_of))


def commit(pool: Path, key: str) -> str:
    """Add a completely handed-in build to the pool, unless the pool has it already.

    :returns: one line that says what was done.
    :raises PoolError: the upload is incomplete or damaged; it is dropped, to be begun anew.
    """
    incoming = pool_on_disk.incoming_directory(pool, key)
    if pool_on_disk.result(pool, key) is not None:
        shutil.rmtree(incoming, ignore_errors=True)
        return f"build {key} is in the pool already"
    try:
        result = pool_on_disk.verify(incoming, key)
    except PoolError:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    pool_on_disk.add(pool, key, incoming)
    return f"build {key} of {result.component} {result.version} is in the pool"


def _access_of(accesses: Mapping[str, Access], request: Request) -> Access | None:
    given = request.getHeader(b"Authorization") or b""
    found = None
    for token, access in accesses.items():
        if hmac.compare_digest(given, f"Bearer {token}".encode()):
            found = access
    return found


AccessOf = Callable[[Request], "Access | None"]
"""What the token of a request opens; None: nothing."""


class _Upload(io.BufferedIOBase):
    """The body of a request, written to the disk while it comes in; gone when it is closed.

    A full disk must not take the connection down: `problem` keeps the reason for the answer.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.problem: OSError | None = None
        self._path: Path | None = None
        try:
            descriptor, name = tempfile.mkstemp(dir=folder)
            self._path = Path(name)
            self._file = os.fdopen(descriptor, "wb")
        except OSError as error:
            self.problem = error

    def write(self, data: bytes) -> int:
        if self.problem is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.problem = error
        return len(data)

    def tell(self) -> int:
        return 0

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return 0

    def move_to(self, place: Path) -> None:
        """Make what was received the file at `place`.

        :raises OSError: it could not be written.
        """
        try:
            self._file.close()
        except OSError as error:
            self.problem = self.problem or error
        if self.problem:
            raise self.problem
        place.parent.mkdir(parents=True, exist_ok=True)
        self._path.chmod(0o644)
        self._path.replace(place)

    def close(self) -> None:
        super().close()
        if self._path is not None:
            try:
                self._file.close()
            except OSError as error:
                self.problem = error
            self._path.unlink(missing_ok=True)


class _Refused(io.BytesIO):
    """The body of a request that has no right to one."""

    def write(self, data: bytes) -> int:
        return len(data)


class _PoolRequest(Request):
    """Spools its body beside the pool, so that a finished upload is moved and not copied."""

    def __init__(self, access_of: AccessOf, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._access_of = access_of

    def gotLength(self, length: int | None) -> None:
        """Called between the headers and the body."""
        access = self._access_of(self)
        if (access is None and length is not None and length <= _SMALL) or length == 0:
            self.content = io.BytesIO()
        else:
            self.content = _Upload(access.uploads) if access else _Refused()


class _Pool(Resource):
    """All of the pool's URLs."""

    isLeaf = True

    def __init__(self, access_of: AccessOf):
        super().__init__()
        self._access_of = access_of
        self._committing: dict[str, DeferredLock] = {}

    def render(self, request: Request):
        """Answer one request; what is wrong with it is one line of text."""
        access = self._access_of(request)
        if access is None:
            request.setHeader(b"WWW-Authenticate", b"Bearer")
            return _answer(request, http.UNAUTHORIZED, "the pool needs its token as bearer token")
        try:
            parts = [part.decode("utf-8") for part in request.postpath]
            match request.method, parts:
                case b"GET" | b"HEAD", [key, name]:
                    return self._get(access, request, key, name)
                case b"PUT", ["incoming", key, name]:
                    return self._put(access, request, key, name)
                case b"POST", ["incoming", key]:
                    return self._post(access, request, pool_on_disk.checked_key(key))
        except (PoolError, UnicodeDecodeError) as error:
            return _answer(request, http.BAD_REQUEST, str(error))
        return _answer(request, http.NOT_FOUND, "the pool has no such address for this method")

    def _get(self, access: Access, request: Request, key: str, name: str):
        name = pool_on_disk.checked_filename(name)
        places = (pool_on_disk.directory(pool, key) / name for pool in access.pools)
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            return _answer(request, http.NOT_FOUND, f"the pool has no {name} of build {key}")
        file = File(str(path), defaultType="application/octet-stream")
        # A .gz is sent as it is, not as an encoding that clients undo.
        file.contentEncodings = file.contentTypes = {}
        return file.render_GET(request)

    def _put(self, access: Access, request: Request, key: str, name: str) -> bytes:
        place = pool_on_disk.incoming_directory(access.pool, key)
        place /= pool_on_disk.checked_filename(name)
        try:
            if isinstance(request.content, _Upload):
                request.content.move_to(place)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(b"")
        except OSError as error:
            _log.error("{name} of build {key}: {error}", name=name, key=key, error=error)
            return _answer(
                request, http.INSUFFICIENT_STORAGE_SPACE, f"the pool cannot store {name}: {error}"
            )
        return _answer(request, http.CREATED, f"received {name}")

    def _post(self, access: Access, request: Request, key: str):
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)

        def answer(said: object) -> None:
            if isinstance(said, Failure):
                code = http.CONFLICT if said.check(PoolError) else http.INSUFFICIENT_STORAGE_SPACE
                if not said.check(PoolError, OSError):
                    code = http.INTERNAL_SERVER_ERROR
                    _log.failure("adding build {key}", failure=said, key=key)
                said = said.getErrorMessage()
            else:
                code = http.OK
            if not gone:
                request.write(_answer(request, code, str(said)))
                request.finish()

        lock = self._committing.setdefault(key, DeferredLock())
        done = lock.run(deferToThread, commit, access.pool, key)
        done.addBoth(answer)
        done.addBoth(lambda _: lock.locked or self._committing.pop(key, None))
        return NOT_DONE_YET


def _answer(request: Request, code: int, text: str) -> bytes:
    request.setResponseCode(code)
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    return (text + "\n").encode()
