"""`farm topic`, `farm force`, `farm user` and `farm audit`, against a farm that answers by rote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from farm.cli.main import build_app
from farm.client.api import FarmClient, FarmRefusal
from farm.client.credentials import Farm
from farm.client.topics import watched
from farm.errors import FarmError, InfrastructureError
from tests.farm_worlds import site_file
from tests.http_server import Silent, serving

BELOW = "/api/farm/v1/"
LINE = {
    "distro": "bookworm",
    "state": "idle",
    "verdict": "success",
    "description": "built left",
    "archive": "http://archive/topic-migrate/bookworm/",
}
TOPIC = {
    "name": "topic-migrate",
    "branch": "migrate",
    "base": "development",
    "reason": "Try",
    "who": "ada",
    "created_at": 1.0,
    "expires_at": 2.0,
    "components": ["left"],
    "lines": [LINE],
}
NO_SUCH = {"title": "Not Found", "status": 404, "detail": "there is no topic 'migrate'"}


@dataclass
class Rote:
    """A farm: what it answers, and what it was asked."""

    answers: dict[str, tuple[int, Any]]
    """Method and address to status and document."""
    url: str = ""
    asked: list[tuple[str, Any, str]] = field(default_factory=list)
    """Method and address, body, user."""


@pytest.fixture
def farm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rote]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("FARM_SITE", raising=False)
    rote = Rote({})

    class Handler(Silent):
        def answer(self) -> None:
            what = f"{self.command} {self.path.removeprefix(BELOW)}"
            sent = self.content()
            body = json.loads(sent) if sent else None
            pair = self.headers.get("Authorization", "").removeprefix("Basic ")
            rote.asked.append((what, body, base64.b64decode(pair).decode()))
            status, document = rote.answers.get(what, (404, NO_SUCH))
            self.reply(status, json.dumps(document).encode() if document is not None else b"<html>")

        do_GET = do_POST = do_DELETE = answer

    with serving(Handler) as rote.url:
        monkeypatch.setenv("FARM_URL", rote.url)
        yield rote


def run(*arguments: str) -> str:
    """What a command prints that has to succeed."""
    done = CliRunner().invoke(build_app(), arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_topic_is_made_with_what_was_said(farm: Rote, monkeypatch: pytest.MonkeyPatch) -> None:
    farm.answers = {"POST topics": (201, TOPIC)}
    monkeypatch.setenv("FARM_USER", "ada")
    monkeypatch.setenv("FARM_PASSWORD", "päss")
    said = run("topic", "create", "migrate", "--days", "3", "--reason", "Try")
    assert farm.asked == [
        ("POST topics", {"name": "migrate", "days": 3.0, "reason": "Try"}, "ada:päss")
    ]
    assert "topic-migrate: branch migrate of left; the rest of development" in said
    assert "bookworm: success: built left" in said and LINE["archive"] in said


def test_json_is_the_farms_own_answer(farm: Rote) -> None:
    farm.answers = {
        "GET topics": (200, {"topics": [TOPIC], "found": 1}),
        "GET topics/migrate": (200, TOPIC),
    }
    assert json.loads(run("topic", "show", "migrate", "--json")) == TOPIC
    assert json.loads(run("topic", "list", "--json"))["topics"] == [TOPIC]
    assert "bookworm success" in run("topic", "list")


def test_topics_are_refreshed_and_deleted(farm: Rote) -> None:
    farm.answers = {
        "POST topics/migrate/refresh": (200, TOPIC),
        "DELETE topics/migrate": (200, TOPIC),
    }
    run("topic", "refresh", "migrate", "--days", "14")
    assert farm.asked[-1][:2] == ("POST topics/migrate/refresh", {"days": 14.0})
    assert "topic-migrate is over" in run("topic", "delete", "migrate")


def test_force_and_rebuild_failed_say_what_was_asked_for(farm: Rote) -> None:
    answer = {"channel": "development", "builds": {"bookworm": ["base", "left"]}}
    again = "POST lines/development/bookworm/rebuild-failed"
    farm.answers = {"POST force": (202, answer), again: (202, answer)}
    said = run("force", "base", "--dependents", "--at", "fix", "--reason", "Because")
    assert said == "development/bookworm: 2 builds asked for: base, left\n"
    assert farm.asked[-1][1] == {
        "components": ["base"],
        "dependents": True,
        "at": "fix",
        "reason": "Because",
    }
    run("rebuild-failed", "development/bookworm")
    assert farm.asked[-1][:2] == (again, {"reason": ""})
    done = CliRunner().invoke(build_app(), ["rebuild-failed", "bookworm"])
    assert done.exit_code == 2 and "expected CHANNEL/DISTRO" in done.output


def test_a_refusal_is_the_farms_message_with_a_way_out(farm: Rote) -> None:
    client = FarmClient(Farm(f"{farm.url}/"))
    with pytest.raises(FarmRefusal, match=r"^there is no topic 'migrate'$"):
        client.get("topics", "migrate")
    farm.answers = {"POST topics": (403, {"detail": "'topic' is for a developer"})}
    with pytest.raises(FarmRefusal, match="set FARM_USER and FARM_PASSWORD"):
        client.post("topics", body={})
    farm.answers = {"GET topics": (502, None)}
    with pytest.raises(FarmRefusal, match="is not a farm's interface: it answered 502"):
        client.get("topics")
    with pytest.raises(InfrastructureError, match=r"does not answer: .*refused"):
        FarmClient(Farm("http://127.0.0.1:1/")).get("topics")


def test_waiting_ends_with_the_verdict_and_says_what_changes(farm: Rote) -> None:
    client = FarmClient(Farm(f"{farm.url}/"))
    pending = {**LINE, "state": "building", "verdict": "pending", "description": "2 to go"}
    publishing = {**LINE, "state": "publishing"}
    answers = iter([{**TOPIC, "lines": [publishing]}, TOPIC])
    said: list[str] = []

    def next_answer(_seconds: float) -> None:
        farm.answers = {"GET topics/topic-migrate": (200, next(answers))}

    found = watched(client, {**TOPIC, "lines": [pending]}, said.append, next_answer)
    assert found == TOPIC
    assert said == [
        "bookworm: building: 2 to go",
        "bookworm: publishing: built left",
        "bookworm: idle: built left",
    ]
    farm.answers = {}
    with pytest.raises(FarmError, match="there is no topic"):
        watched(client, {**TOPIC, "lines": [pending]}, said.append, lambda _: None)


def test_users_and_the_audit_log_are_managed_on_the_farms_own_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = str(site_file(tmp_path, "channels: {}\n"))
    monkeypatch.setenv("FARM_NEW_PASSWORD", "correct horse battery")
    assert "ada is a developer now" in run("user", "add", "ada", "--site", site)
    assert json.loads(run("user", "list", "--site", site, "--json")) == {
        "ada": "developer",
        "admin": "admin",
    }
    said = run("user", "add", "eve", "--role", "visitor", "--generate", "--site", site)
    assert "password: " in said
    assert "eve is no user" in run("user", "remove", "eve", "--site", site)
    assert json.loads(run("audit", "--site", site, "--json")) == []
    monkeypatch.delenv("FARM_NEW_PASSWORD")
    with pytest.raises(FarmError, match="no terminal to ask"):
        run("user", "add", "joe", "--site", site)
