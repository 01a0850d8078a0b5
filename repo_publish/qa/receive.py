"""The address that systems under test report to: ``POST /qa/<channel>/<distro>/<snapshot>``."""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from farm.errors import FarmError
from repo_publish.errors import PublishError
from repo_publish.line import line_of
from repo_publish.qa.intake import take_report
from repo_publish.qa.reports import Report, checked_report

QA_TOKEN = "qa-token"  # noqa: S105 (the name of the secret)
"""The site's secret that reporters know."""
LONGEST_BODY = 16 * 1024
_FIELDS = frozenset({"by", "result", "url", "note"})


class Reports(Resource):
    """Takes reports from whoever has the token, and shows nothing. (Twisted's methods are
    untyped.)"""

    isLeaf = True

    def __init__(self, archive: Path, token: str):
        base: Any = super()
        base.__init__()
        self._archive = archive
        self._token = token.encode()

    def render_POST(self, request: Any) -> int:
        """Record a report.

        The body is JSON: ``{"by": "smoke", "result": "pass", "url": "…", "note": "…"}``, the last
        two optional.
        """
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        def finish(answer: tuple[HTTPStatus, dict[str, Any]]) -> None:
            if not gone:
                _answer(request, *answer)

        Deferred.fromCoroutine(self._answer_to(request)).addCallback(finish)
        return NOT_DONE_YET

    async def _answer_to(self, request: Any) -> tuple[HTTPStatus, dict[str, Any]]:
        given = (request.getHeader(b"authorization") or b"").removeprefix(b"Bearer ").strip()
        if not hmac.compare_digest(given, self._token):
            request.setHeader(b"www-authenticate", b"Bearer")
            return HTTPStatus.UNAUTHORIZED, {"error": "a token is needed"}
        body = request.content.read(LONGEST_BODY + 1)
        if len(body) > LONGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "the body is too long"}
        path = [part.decode(errors="replace") for part in request.postpath or ()]
        try:
            report = await deferToThread(_take, self._archive, path, body)
        except _NotFoundError as error:
            return HTTPStatus.NOT_FOUND, {"error": str(error)}
        except PublishError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except (OSError, FarmError) as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)}
        return HTTPStatus.CREATED, report.model_dump()


class _NotFoundError(FarmError):
    """The address names no snapshot."""


def _take(archive: Path, path: list[str], body: bytes) -> Report:
    """Runs in a thread: it waits for the disk."""
    if len(path) != 3 or not path[2].isascii() or not path[2].isdecimal():
        raise _NotFoundError("expected /qa/CHANNEL/DISTRO/SNAPSHOT")
    try:
        line = line_of(archive, path[0], path[1])
    except PublishError as error:
        raise _NotFoundError(str(error)) from error
    if int(path[2]) not in line.numbers():
        raise _NotFoundError(f"{line} has no snapshot {path[2]}")
    try:
        said = json.loads(body)
    except ValueError as error:
        raise PublishError("the body is not JSON") from error
    if not isinstance(said, dict) or said.keys() - _FIELDS:
        raise PublishError(f"expected an object with {', '.join(sorted(_FIELDS))}")
    return take_report(line, checked_report(**said, snapshot=int(path[2])))


def _answer(request: Any, status: HTTPStatus, content: dict[str, Any]) -> None:
    request.setResponseCode(status.value)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"cache-control", b"no-store")
    request.write(json.dumps(content).encode() + b"\n")
    request.finish()
