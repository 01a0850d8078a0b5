"""What workers of other machines ask over HTTPS: to join, a new certificate, the pool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import Request
from twisted.web.static import File

from farm.errors import FarmError
from farm.growing.authority import Authority
from farm.growing.change import record
from farm.growing.invitations import BadToken, Invitations
from farm.growing.offer import Offer, Welcome, offer
from farm.model import Stack
from farm.site import Site
from services.worker_certificates import worker_of

MAX_BODY = 1 << 14
_log = Logger()


class Joining(Resource):
    """The addresses below ``/join``.

    :param packages: what a new worker installs.
    """

    def __init__(self, site: Site, stack: Stack, authority: Authority, packages: Path):
        super().__init__()
        self._site, self._stack, self._authority = site, stack, authority
        self._invitations = Invitations(site.state)
        self.putChild(b"", _Text(self._script))
        self.putChild(b"ca.pem", _Text(lambda: authority.certificate_path.read_text()))
        self.putChild(b"packages", File(str(packages), defaultType="application/octet-stream"))
        self.putChild(b"ask", _Asked(self._ask))
        self.putChild(b"redeem", _Asked(self._redeem))
        self.putChild(b"renew", _Asked(self._renew))

    def render_GET(self, request: Request) -> bytes:
        """``/join`` without a slash is the script, too."""
        return _Text(self._script).render_GET(request)

    def _script(self) -> str:
        templates = Environment(
            loader=PackageLoader("farm"),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - a shell script
        )
        remote = self._site.remote
        return templates.get_template("join.sh").render(
            title=self._site.title, url=remote.url if remote else "", pin=self._authority.pin()
        )

    def _offer(self, worker: str) -> Offer:
        return offer(self._site, self._stack, worker)

    def _ask(self, asked: dict[str, str], _request: Request) -> str:
        return self._offer(self._invitations.worker(asked["token"])).model_dump_json()

    def _redeem(self, asked: dict[str, str], request: Request) -> str:
        worker = self._invitations.worker(asked["token"])
        offered = self._offer(worker)
        issued = self._authority.issue(asked["request"].encode(), worker, first=True)
        address = str(getattr(request.getClientAddress(), "host", "unknown"))
        record(self._site, ("worker join", worker), who=worker, address=address)
        self._invitations.redeem(asked["token"])
        _log.info("{worker} joined from {address}", worker=worker, address=address)
        return Welcome(
            offer=offered,
            password=self._site.secret(f"worker-{worker}"),
            certificate=issued.pem.decode(),
            authority=self._authority.certificate_path.read_text(),
        ).model_dump_json()

    def _renew(self, asked: dict[str, str], request: Request) -> str:
        worker = worker_of(request.transport, self._authority, self._site)
        if not worker:
            raise BadToken("a certificate is renewed for whoever has a valid one")
        issued = self._authority.issue(asked["request"].encode(), worker, first=False)
        authority = self._authority.certificate_path.read_text()
        return json.dumps({"certificate": issued.pem.decode(), "authority": authority})


class ForWorkers(Resource):
    """A resource for those alone who have a worker's certificate."""

    isLeaf = True

    def __init__(self, inner: Any, site: Site, authority: Authority):
        super().__init__()
        self._inner, self._site, self._authority = inner, site, authority

    def render(self, request: Request) -> Any:
        """Answer, or say who may ask."""
        if not worker_of(request.transport, self._authority, self._site):
            return _said(request, http.FORBIDDEN, "this needs the certificate of a worker")
        return self._inner.render(request)


class _Text(Resource):
    """A text that anybody may read."""

    isLeaf = True

    def __init__(self, text: Callable[[], str]):
        super().__init__()
        self._text = text

    def render_GET(self, request: Request) -> bytes:
        """The text."""
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        return self._text().encode()


class _Asked(Resource):
    """Something that is asked with a JSON object of texts."""

    isLeaf = True

    def __init__(self, work: Callable[[dict[str, str], Request], str]):
        super().__init__()
        self._work = work

    def render_POST(self, request: Request) -> bytes:
        """The answer as JSON, or one line that says what is wrong."""
        try:
            asked = json.loads(request.content.read(MAX_BODY))
            if not isinstance(asked, dict) or not all(isinstance(v, str) for v in asked.values()):
                return _said(request, http.BAD_REQUEST, "expected a JSON object of texts")
            answer = self._work(asked, request)
        except ValueError:
            return _said(request, http.BAD_REQUEST, "expected JSON")
        except KeyError as error:
            return _said(request, http.BAD_REQUEST, f"{error.args[0]} is missing")
        except BadToken as error:
            return _said(request, http.FORBIDDEN, str(error))
        except FarmError as error:
            return _said(request, http.CONFLICT, str(error))
        request.setHeader(b"Content-Type", b"application/json")
        return answer.encode()


def _said(request: Request, code: int, text: str) -> bytes:
    request.setResponseCode(code)
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    return f"{text}\n".encode()
