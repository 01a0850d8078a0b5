"""The farm's interface without a master: what a farm without Buildbot answers to a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet import defer
from twisted.web.test.requesthelper import DummyRequest

from farm.site import Site
from tests.farm_worlds import FarmWorld
from www.api.answers.known import Known
from www.api.kept import Kept
from www.api.resource import FarmApi
from www.api.source import Source
from www.gate import Gate


def known(world: FarmWorld, **settings: Any) -> Known:
    """What answers are made from."""
    return Known(world.farm, site(**settings), world.now)


def site(state: Path = Path("/nonexistent"), **settings: Any) -> Site:
    """A site of defaults."""
    fields = {"state": state, "components": "components.yml", **settings}
    return Site.model_validate(fields)


class WorldSource(Source):
    """A farm without Buildbot, and a plan scheduler that a test has made."""

    def __init__(self, world: FarmWorld, where: Site, plan: Any):
        super().__init__(None, where)
        self.scheduler = plan or SimpleNamespace(state=SimpleNamespace(farm=world.farm))

    @property
    def plan(self) -> Any:
        return self.scheduler


@dataclass
class Interface:
    """An interface that answers at once."""

    world: FarmWorld
    where: Site = field(default_factory=site)
    plan: Any = None

    def __post_init__(self) -> None:
        self.source = WorldSource(self.world, self.where, self.plan)
        self.api = FarmApi(self.source, Gate(self.where))

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: object = None,
        user: dict[str, Any] | None = None,
        **headers: str,
    ) -> Kept:
        """The answer to a request.

        :param user: of a session, as Buildbot has it.
        :param headers: with `_` for `-`.
        """
        where, _, query = path.partition("?")
        request = DummyRequest([part.encode() for part in where.split("/")])
        request.prepath = [b"api", b"farm", b"v1"]
        request.method = method.encode()
        request.path = f"/api/farm/v1/{where}".encode()
        request.getSession = lambda: SimpleNamespace(user_info=user or {"anonymous": True})
        for one in query.split("&") if query else ():
            name, _, value = one.partition("=")
            request.addArg(name.encode(), value.encode())
        request.content = BytesIO(b"" if body is None else json.dumps(body).encode())
        if body is not None:
            headers = {"content_type": "application/json", **headers}
        for name, value in headers.items():
            request.requestHeaders.addRawHeader(name.replace("_", "-"), value)
        found: list[Any] = []
        defer.ensureDeferred(self.api._answer(request)).addBoth(found.append)
        assert isinstance(found[0], Kept), found
        return found[0]

    def told(self, path: str) -> Any:
        """The document at an address."""
        answer = self.ask(path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)
