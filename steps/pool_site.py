"""The pool over HTTP: workers fetch a build's inputs and hand in what they made.

``GET <key>/<file>`` reads, ``PUT incoming/<key>/<file>`` hands in one file, ``POST incoming/<key>``
adds the complete build to the pool. Every request needs the workers' token as its bearer token.
"""

from __future__ import annotations

import hmac
import io
import os
import shutil
import tempfile
from collections.abc import Callable
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
_log = Logger()


def pool_site(pool: Path, token: str) -> Site:
    """A site that serves and fills the pool, for whoever knows the token."""
    uploads = pool / INCOMING / _UPLOADS
    shutil.rmtree(uploads, ignore_errors=True)
    uploads.mkdir(parents=True)
    pool_on_disk.drop_stale_incoming(pool)
    allowed = partial(_has_token, token=f"Bearer {token}".encode())
    return Site(_Pool(pool, allowed), requestFactory=partial(_PoolRequest, uploads, allowed))


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


def _has_token(request: Request, token: bytes) -> bool:
    given = request.getHeader(b"Authorization") or b""
    return hmac.compare_digest(given, token)


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

    def __init__(self, uploads: Path, allowed: Callable[[Request], bool], *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._uploads = uploads
        self._allowed = allowed

    def gotLength(self, length: int | None) -> None:
        """Called between the headers and the body."""
        if length == 0:
            self.content = io.BytesIO()
        else:
            self.content = _Upload(self._uploads) if self._allowed(self) else _Refused()


class _Pool(Resource):
    """All of the pool's URLs."""

    isLeaf = True

    def __init__(self, pool: Path, allowed: Callable[[Request], bool]):
        super().__init__()
        self._pool = pool
        self._allowed = allowed
        self._committing: dict[str, DeferredLock] = {}

    def render(self, request: Request):
        """Answer one request; what is wrong with it is one line of text."""
        if not self._allowed(request):
            request.setHeader(b"WWW-Authenticate", b"Bearer")
            return _answer(request, http.UNAUTHORIZED, "the pool needs its token as bearer token")
        try:
            parts = [part.decode("utf-8") for part in request.postpath]
            match request.method, parts:
                case b"GET" | b"HEAD", [key, name]:
                    return self._get(request, key, name)
                case b"PUT", ["incoming", key, name]:
                    return self._put(request, key, name)
                case b"POST", ["incoming", key]:
                    return self._post(request, pool_on_disk.checked_key(key))
        except (PoolError, UnicodeDecodeError) as error:
            return _answer(request, http.BAD_REQUEST, str(error))
        return _answer(request, http.NOT_FOUND, "the pool has no such address for this method")

    def _get(self, request: Request, key: str, name: str):
        path = pool_on_disk.directory(self._pool, key) / pool_on_disk.checked_filename(name)
        if not path.is_file():
            return _answer(request, http.NOT_FOUND, f"the pool has no {name} of build {key}")
        file = File(str(path), defaultType="application/octet-stream")
        # A .gz is sent as it is, not as an encoding that clients undo.
        file.contentEncodings = file.contentTypes = {}
        return file.render_GET(request)

    def _put(self, request: Request, key: str, name: str) -> bytes:
        place = pool_on_disk.incoming_directory(self._pool, key)
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

    def _post(self, request: Request, key: str):
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
        done = lock.run(deferToThread, commit, self._pool, key)
        done.addBoth(answer)
        done.addBoth(lambda _: lock.locked or self._committing.pop(key, None))
        return NOT_DONE_YET


def _answer(request: Request, code: int, text: str) -> bytes:
    request.setResponseCode(code)
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    return (text + "\n").encode()
