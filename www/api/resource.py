"""The HTTP edge of the interface: addresses, parameters, sessions, ETags, compression, errors."""

from __future__ import annotations

import inspect
import json
import time
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from twisted.internet import defer
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from farm.access.identity import NOBODY, Identity
from farm.access.roles import Permission
from farm.errors import FarmError, InfrastructureError
from www.api.actions import Actor
from www.api.answers.known import Known
from www.api.kept import Kept, KeptAnswers
from www.api.problem import Problem, bad_request, invalid, not_found
from www.api.routes import JSON, PREFIX, Found, Route, find
from www.api.source import Source
from www.api.table import ROUTES
from www.gate import Gate, WrongPassword, address_of

MAX_BODY = 1 << 20
"""Bytes."""
TIMED_S = 10
"""An answer that goes with the time is made anew after so long, when somebody asks."""
PROBLEM = "application/problem+json"
_log = Logger()


@dataclass(frozen=True)
class Reader:
    """What a reading route may use."""

    source: Source
    gate: Gate
    identity: Identity = NOBODY
    """Who asks; found out only for answers that are not kept."""

    @cached_property
    def known(self) -> Known:
        """The farm now."""
        return self.source.known()


class FarmApi(Resource):
    """Everything below ``/api/farm``.

    :param source: what answers are made from.
    :param gate: knows who may do what.
    """

    isLeaf = True

    def __init__(self, source: Source, gate: Gate):
        super().__init__()
        self._source = source
        self._gate = gate
        self._kept = KeptAnswers()

    def render(self, request: Any) -> int:
        """Answer a request."""
        done = defer.ensureDeferred(self._answer(request))
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)

        def send(answer: Kept) -> None:
            if not gone:
                _send(request, answer)

        def failed(failure: Any) -> None:
            _log.failure("answering {uri}", failure, uri=request.uri)
            problem = Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the farm made a mistake; its log has it"
            )
            send(_told(problem))

        done.addCallbacks(send, failed)
        return NOT_DONE_YET

    async def _answer(self, request: Any) -> Kept:
        method = request.method.decode("latin-1")
        try:
            found = self._find(request)
            route = found.routes.get("GET" if method == "HEAD" else method)
            if route is None:
                allowed = ", ".join(sorted(found.routes))
                request.setHeader("allow", allowed)
                raise Problem(
                    HTTPStatus.METHOD_NOT_ALLOWED, f"this address takes {allowed}, not {method}"
                )
            asked = _parameters(route, found, request)
            if route.reads or route.needs is None:
                return await self._read(route, asked, request)
            return await self._write(route, route.needs, asked, request)
        except Problem as problem:
            return _told(problem)
        except WrongPassword as error:
            request.setHeader("www-authenticate", 'Basic realm="farm", charset="UTF-8"')
            claimed = Identity(error.name)
            where, path = address_of(request), request.path.decode(errors="replace")[:200]
            self._gate.record(claimed, where, "log in", path, {}, allowed=False, outcome=str(error))
            return _told(Problem(HTTPStatus.UNAUTHORIZED, str(error), self._gate.login_url))
        except InfrastructureError as error:
            return _told(Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))
        except FarmError as error:
            _log.error("{method} {uri}: {error}", method=method, uri=request.uri, error=error)
            return _told(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)))

    def _find(self, request: Any) -> Found:
        path = "/" + "/".join(_decoded(part) for part in (*request.prepath, *request.postpath))
        found = find(ROUTES, path.removeprefix(PREFIX))
        if not path.startswith(PREFIX) or not found.routes:
            raise not_found(f"the farm has no address {path}; {PREFIX}openapi.json lists them")
        return found

    async def _read(self, route: Route, asked: BaseModel, request: Any) -> Kept:
        reader = Reader(self._source, self._gate)
        if not route.kept:
            reader = replace(reader, identity=await self._gate.identify(request))
            if route.needs and (why := self._gate.refusal(reader.identity, route.needs)):
                raise _forbidden(why, self._gate, reader.identity)
            return _body(route, await _result(route.work(reader, asked)))
        revision = self._source.revision()
        if route.timed:
            revision += f" {time.time() // TIMED_S}"
        place = (route.path, asked.model_dump_json())
        young = self._kept.young(place, route.settles_s)
        etag = young.etag if young else self._kept.etag(place, revision)
        if etag in (request.getHeader("if-none-match") or ""):
            return Kept(HTTPStatus.NOT_MODIFIED, etag=etag)
        known = self._kept.get(place, etag)
        if known is None:
            answer = await _result(route.work(reader, asked))
            known = self._kept.put(place, etag, _body(route, answer))
        return known

    async def _write(self, route: Route, needs: Permission, asked: BaseModel, request: Any) -> Kept:
        _refuse_other_sites(request, self._gate)
        body = _read_body(route, request)
        identity = await self._gate.identify(request)
        details = _details(body)
        named = [str(value) for value in asked.model_dump().values() if value is not None]
        target = "/".join(named) or details.get("name") or details.get("components", "")
        action = route.name
        where = address_of(request)
        if why := self._gate.refusal(identity, needs):
            self._gate.record(identity, where, action, target, details, allowed=False, outcome=why)
            raise _forbidden(why, self._gate, identity)
        actor = Actor(self._source.known(), self._source.plan, identity)
        self._gate.record(identity, where, action, target, details, allowed=True)
        try:
            answer = await _result(route.work(actor, asked, body))
        except FarmError as error:
            self._gate.record(
                identity, where, action, target, details, allowed=True, outcome=str(error)
            )
            raise
        return _body(route, answer)


def _forbidden(why: str, gate: Gate, identity: Identity) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, why, None if identity.known else gate.login_url)


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _decoded(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        raise bad_request("the address is not UTF-8") from None


def _parameters(route: Route, found: Found, request: Any) -> BaseModel:
    values: dict[str, Any] = {}
    for name, given in request.args.items():
        key = _decoded(name)
        if len(given) > 1:
            raise bad_request(f"the query: {key} is given {len(given)} times")
        values[key] = _decoded(given[0])
    if twice := values.keys() & found.values.keys():
        raise bad_request(f"the query: {', '.join(sorted(twice))} is part of the address")
    try:
        return route.asked.model_validate({**values, **found.values})
    except ValidationError as error:
        raise invalid(error, "the address") from error


def _read_body(route: Route, request: Any) -> BaseModel | None:
    if route.body is None:
        return None
    kind = (request.getHeader("content-type") or "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body is to be {JSON}")
    content = request.content.read(MAX_BODY + 1)
    if len(content) > MAX_BODY:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {MAX_BODY} bytes"
        )
    try:
        return route.body.model_validate_json(content)
    except ValidationError as error:
        raise invalid(error, "the body") from error


def _refuse_other_sites(request: Any, gate: Gate) -> None:
    """A page of another site must not act with the session of somebody who looks at it."""
    origin = request.getHeader("origin")
    if origin is None:
        return
    own = {urlsplit(gate.site.www.public_url).netloc, request.getHeader("host") or ""}
    if urlsplit(origin).netloc not in own:
        raise Problem(HTTPStatus.FORBIDDEN, f"a page of {origin} may not act on this farm")


def _details(body: BaseModel | None) -> dict[str, str]:
    if body is None:
        return {}
    values = body.model_dump(exclude_defaults=True).items()
    return {k: ", ".join(v) if isinstance(v, list) else str(v) for k, v in values}


def _body(route: Route, answer: Any) -> Kept:
    if isinstance(answer, BaseModel):
        return Kept(route.status, answer.model_dump_json().encode(), JSON)
    if isinstance(answer, bytes):
        return Kept(route.status, answer, str(route.answer))
    return Kept(route.status, json.dumps(answer).encode(), JSON)


def _told(problem: Problem) -> Kept:
    text = problem.document.model_dump_json(exclude_none=True)
    return Kept(problem.status, text.encode(), PROBLEM)


def _send(request: Any, answer: Kept) -> None:
    request.setResponseCode(answer.status)
    request.setHeader("cache-control", "no-cache")
    request.setHeader("vary", "Accept-Encoding")
    request.setHeader("x-content-type-options", "nosniff")
    if answer.etag:
        request.setHeader("etag", answer.etag)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        request.finish()
        return
    body = answer.body
    if answer.worth_packing and "gzip" in (request.getHeader("accept-encoding") or ""):
        body = answer.packed()
        request.setHeader("content-encoding", "gzip")
    request.setHeader("content-type", answer.kind)
    request.setHeader("content-length", str(len(body)))
    if request.method != b"HEAD":
        request.write(body)
    request.finish()
