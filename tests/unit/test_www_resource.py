"""The HTTP edge of the interface: what is kept, refused, recorded; and its own description."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from farm.access import audit
from farm.access.roles import Role
from farm.access.users import put_user, users_path
from farm.errors import FarmError, InfrastructureError
from farm.topics import BadTopic
from tests.farm_worlds import FarmWorld
from tests.interface import Interface, site
from tests.stacks import stack
from www.api.openapi import description
from www.api.problem import Problem
from www.api.source import Source
from www.api.table import ROUTES, WRITES

PUBLIC = {"port": 8010, "url": "https://farm.example.org"}
CHAIN = {"libogg": (), "libvorbis": ("libogg",)}


def interface(**arguments: Any) -> Interface:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run()
    return Interface(world, **arguments)


def audited(one: Interface) -> list[audit.Entry]:
    return list(audit.newest(audit.audit_path(one.where.state)))


def test_an_answer_is_kept_until_something_changes() -> None:
    farm = interface()
    first = farm.ask("lines")
    assert farm.ask("lines").body is first.body, "not made anew"
    assert farm.ask("lines", if_none_match=first.etag).status == 304
    assert farm.ask("lines", if_none_match='"other"').status == 200
    farm.world.push("libogg", commit=2)
    assert farm.ask("lines", if_none_match=first.etag).status == 200
    now = farm.ask("lines")
    farm.world.farm.problems["libogg"] = "it cannot be read"
    assert farm.ask("lines", if_none_match=now.etag).status == 200
    assert farm.ask("lines?limit=1").etag != farm.ask("lines").etag


def test_a_farm_that_starts_says_so() -> None:
    master = SimpleNamespace(scheduler_manager=SimpleNamespace(namedServices={}))
    with pytest.raises(Problem, match="the farm is starting: ask again soon") as raised:
        Source(master, site()).revision()
    assert raised.value.status == 503


def test_large_answers_are_packed_once() -> None:
    answer = interface().ask("openapi.json")
    assert answer.worth_packing and gzip.decompress(answer.packed()) == answer.body
    assert answer.packed() is answer.packed()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "words"),
    [
        ("GET", "nowhere", {}, 404, "openapi.json lists them"),
        ("GET", "lines/development", {}, 404, "no address"),
        ("PUT", "lines", {}, 405, "takes GET, not PUT"),
        ("GET", "lines?limit=0", {}, 400, "limit: Input should be greater than"),
        ("GET", "lines?nonsense=1", {}, 400, "nonsense: Extra inputs"),
        ("GET", "components/UPPER", {}, 400, "name: String should match"),
        ("GET", "components/libogg?name=x", {}, 400, "name is part of the address"),
        ("POST", "topics", {}, 415, "is to be application/json"),
        ("POST", "topics", {"content_type": "application/json"}, 400, "the body: Invalid JSON"),
        ("POST", "topics", {"origin": "https://evil.example.org"}, 403, "may not act"),
        ("GET", "me", {"authorization": "Basic ???"}, 401, "not HTTP basic"),
    ],
)
def test_what_is_wrong_with_a_request_is_one_problem(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], status: int, words: str
) -> None:
    answer = interface(where=site(tmp_path)).ask(path, method, **headers)
    document = json.loads(answer.body)
    assert (answer.status, answer.kind) == (status, "application/problem+json")
    assert document["status"] == status and words in document["detail"]


def test_too_large_a_body_is_refused(tmp_path: Path) -> None:
    body = {"name": "x", "reason": "x" * (1 << 20)}
    assert interface(where=site(tmp_path)).ask("topics", "POST", body).status == 413


class Plan:
    """A plan scheduler that has one answer for everything."""

    def __init__(self, world: FarmWorld, failure: FarmError | None = None):
        self.state = SimpleNamespace(farm=world.farm)
        self.failure = failure
        self.asked: list[dict[str, Any]] = []

    async def force(self, builders: list[str], **wishes: Any) -> None:
        self.asked.append({"builders": builders, **wishes})
        if self.failure:
            raise self.failure

    async def create_topic(self, name: str, **wishes: Any) -> None:
        self.asked.append({"name": name, **wishes})
        raise self.failure or BadTopic("no")


def test_who_may_has_it_done_and_recorded(tmp_path: Path) -> None:
    farm = interface(where=site(tmp_path, www=PUBLIC, roles={"developer": {"groups": ["us"]}}))
    farm.source.scheduler = plan = Plan(farm.world)
    body = {"components": ["libogg"], "dependents": True, "reason": "Because"}
    assert farm.ask("force", "POST", body).status == 403
    ada = {"username": "ada", "groups": ["us"]}
    answer = farm.ask("force", "POST", body, user=ada)
    assert answer.status == 202
    assert json.loads(answer.body)["builds"] == {"bookworm": ["libogg", "libvorbis"]}
    (wish,) = plan.asked
    assert wish["builders"] == ["libogg-bookworm"] and wish["who"] == "ada"
    done, refused = audited(farm)
    assert (done.who, done.role, done.allowed, done.target) == ("ada", "developer", True, "libogg")
    assert (refused.who, refused.allowed) == ("anonymous", False)
    assert "log in at https://farm.example.org/auth/login" in refused.outcome


@pytest.mark.parametrize(
    ("failure", "status"),
    [(BadTopic("no component has a branch"), 409), (InfrastructureError("git is down"), 503)],
)
def test_what_cannot_be_done_is_said_and_recorded(
    tmp_path: Path, failure: FarmError, status: int
) -> None:
    farm = interface(where=site(tmp_path))
    farm.source.scheduler = Plan(farm.world, failure)
    answer = farm.ask("topics", "POST", {"name": "migrate"})
    assert (answer.status, json.loads(answer.body)["detail"]) == (status, str(failure))
    assert [one.outcome for one in audited(farm)] == [str(failure), ""]


def test_nothing_is_done_when_it_cannot_be_recorded(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    farm = interface(where=site(tmp_path))
    farm.source.scheduler = plan = Plan(farm.world)
    body = {"components": ["libogg"], "reason": "Because"}
    assert farm.ask("force", "POST", body).status == 500
    assert plan.asked == []


def test_a_service_may_not_name_its_users_like_ours(tmp_path: Path) -> None:
    put_user(users_path(tmp_path), "ada", Role.ADMIN, "correct horse battery")
    farm = interface(where=site(tmp_path, www=PUBLIC))
    stranger = {"username": "ada", "groups": []}
    assert json.loads(farm.ask("me", user=stranger).body)["role"] == "visitor"
    ours = {"username": "ada", "farm_user": True}
    assert json.loads(farm.ask("me", user=ours).body)["role"] == "admin"
    boss = {"username": "admin"}
    assert json.loads(farm.ask("me", user=boss).body)["role"] == "visitor"


def test_every_route_is_described_and_every_write_needs_a_permission() -> None:
    document = description(ROUTES, "Farm")
    operations = {
        one["operationId"]: one for path in document["paths"].values() for one in path.values()
    }
    assert len(operations) == len(ROUTES)
    assert all(route.needs is not None for route in WRITES)
    assert operations["topic delete"]["description"] == "Needs the permission 'topic'."
    place = {one["name"]: one["in"] for one in operations["line"]["parameters"]}
    assert place["channel"] == "path" and place["state"] == "query"
    schemas = document["components"]["schemas"]
    assert schemas["ComponentState"]["properties"]["waits_for"]["description"]
    text = json.dumps(document)
    assert all(f'"#/components/schemas/{name}"' in text for name in schemas), "nothing is left over"
    assert all(issubclass(r.answer, BaseModel) for r in ROUTES if not isinstance(r.answer, str))
