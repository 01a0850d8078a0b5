"""The farm's pages in Buildbot's frame with made answers: no master, any size of farm."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.http_server import Silent, serving

FRAME = Path(str(files("buildbot_www"))) / "static"
PAGES = Path(__file__).resolve().parent.parent / "www" / "pages" / "static"
_CONFIG = {
    "title": "Farm",
    "titleURL": "/",
    "buildbotURL": "/",
    "auth": {"name": "NoAuth"},
    "authz": {},
    "avatar_methods": [],
    "plugins": {"farm": {}},
    "port": 0,
    "ui_default_config": {"Home.sidebar_menu_groups_expand_behavior": "Always expand"},
    "user": {"anonymous": True},
    "versions": [],
    "multiMaster": False,
}
_KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}


@dataclass
class MadeSite:
    """What is answered, and what was asked."""

    answers: Mapping[str, Any]
    """Address below ``api/farm/v1/``, without its query, to the document."""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    unchanged: int = 0
    """How often the answer was that nothing has changed."""


def _file(path: str) -> tuple[bytes, str] | None:
    if path in ("", "index.html"):
        head = f"<script>window.buildbotFrontendConfig = {json.dumps(_CONFIG)};</script>"
        page = (FRAME / "index.html").read_text()
        return page.replace("<!-- BUILDBOT_CONFIG_PLACEHOLDER -->", head).encode(), "text/html"
    inside, _, name = path.partition("plugins/farm/")
    place = PAGES / name if not inside else FRAME / path
    if not place.is_file():
        return None
    return place.read_bytes(), _KINDS.get(place.suffix, "application/octet-stream")


def _handler(site: MadeSite) -> type[BaseHTTPRequestHandler]:
    class Handler(Silent):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            below, _, address = path.partition("api/farm/v1/")
            if below or not address:
                found = _file(path)
                self.reply(*((200, *found) if found else (404,)))
                return
            site.asked.append(address)
            if address not in site.answers:
                problem = {"detail": f"the farm has no address {address}"}
                self.reply(404, json.dumps(problem).encode(), "application/problem+json")
                return
            body = json.dumps(site.answers[address]).encode()
            etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
            if self.headers.get("if-none-match") == etag:
                site.unchanged += 1
                self.reply(304, b"", "application/json", etag=etag)
            else:
                self.reply(200, body, "application/json", etag=etag)

    return Handler


@contextmanager
def made_site(answers: Mapping[str, Any]) -> Iterator[MadeSite]:
    """Serve the pages with these answers."""
    site = MadeSite(answers)
    with serving(_handler(site)) as url:
        site.url = f"{url}/"
        yield site
