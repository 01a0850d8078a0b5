"""Who may do what once other machines reach the UI: roles, logins, refusals, and the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.diamond import LINE, diamond
from tests.farms import BIN, TestFarm
from tests.topics import ask, branch, command, told

pytestmark = pytest.mark.real

PASSWORDS = {
    "ada": "correct horse battery",
    "eve": "only looks at things",
    "joe": "soon to be gone",
}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFarm]:
    """A diamond behind a public name."""
    www = {"url": "http://farm.example.org/"}
    with diamond(tmp_path_factory.mktemp("farm"), www=www) as farm:
        add_user(farm, "ada", "developer")
        add_user(farm, "eve", "visitor")
        yield farm


def add_user(farm: TestFarm, name: str, role: str) -> None:
    password = f"FARM_NEW_PASSWORD={PASSWORDS[name]}"
    farm.run("env", password, BIN / "farm", "user", "add", name, "--role", role)


def as_user(name: str) -> dict[str, Any]:
    return {"auth": (name, PASSWORDS[name])}


def force(farm: TestFarm, **options: Any) -> requests.Response:
    body = {"components": ["left"], "reason": "a test"}
    return ask(farm, "force", "POST", json=body, **options)


def admin(farm: TestFarm) -> tuple[str, str]:
    return "admin", (farm.state / "secrets" / "user-admin").read_text().strip()


def test_everybody_looks_and_is_told_who_may_do_more(farm: TestFarm) -> None:
    assert ask(farm, f"lines/{LINE}").status_code == 200
    me = told(farm, "me")
    assert (me["role"], me["may"]) == ("visitor", [])
    assert me["login"] == "http://farm.example.org/auth/login"
    anonymous = force(farm)
    assert anonymous.status_code == 403
    assert anonymous.json()["detail"] == (
        "'force' is for a developer or above, and you are not logged in: "
        "log in at http://farm.example.org/auth/login"
    )
    assert anonymous.json()["login"] == "http://farm.example.org/auth/login"
    visitor = force(farm, **as_user("eve"))
    assert visitor.status_code == 403 and "eve is a visitor" in visitor.json()["detail"]
    assert force(farm, auth=("ada", "wrong")).status_code == 401
    assert force(farm, auth=("nobody", "wrong")).status_code == 401
    assert ask(farm, "audit", **as_user("ada")).status_code == 403
    assert farm.started().count("left") == 1


def test_a_developer_forces_and_makes_topics_by_password_and_by_session(farm: TestFarm) -> None:
    assert force(farm, **as_user("ada")).status_code == 202
    farm.wait("left is built again", lambda: farm.started().count("left") == 2)
    session = farm.log_in("ada", PASSWORDS["ada"])
    me = session.get(f"{farm.url}api/farm/v1/me", timeout=20).json()
    assert me["may"] == ["cancel", "force", "topic"] and me["logged_in"]
    branch(farm, "mine", "left", code="2")
    body = {"name": "mine", "reason": "Mine"}
    made = session.post(f"{farm.url}api/farm/v1/topics", json=body, timeout=60)
    assert made.status_code == 201 and made.json()["who"] == "ada"
    again = session.post(f"{farm.url}api/farm/v1/topics", json=body, timeout=60)
    assert again.status_code == 409
    assert session.delete(f"{farm.url}api/farm/v1/topics/mine", timeout=60).status_code == 200


def test_the_command_line_takes_its_user_from_the_environment_or_the_site(farm: TestFarm) -> None:
    argv = [BIN / "farm", "force", "right", "--reason", "x", "--farm", farm.url]
    with pytest.raises(AssertionError, match="set FARM_USER and FARM_PASSWORD"):
        farm.run(*argv)
    with pytest.raises(AssertionError, match=r"eve is a visitor.*asked as eve"):
        farm.run("env", "FARM_USER=eve", f"FARM_PASSWORD={PASSWORDS['eve']}", *argv)
    farm.run("env", "FARM_USER=ada", f"FARM_PASSWORD={PASSWORDS['ada']}", *argv)
    farm.wait("right is built again", lambda: farm.started().count("right") == 2)


def control(farm: TestFarm, path: str, method: str, session: requests.Session) -> int:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}
    return session.post(f"{farm.url}api/v2/{path}", json=call, timeout=20).status_code


def test_buildbots_own_controls_obey_the_same_roles(farm: TestFarm) -> None:
    nobody, ada = requests.Session(), farm.log_in("ada", PASSWORDS["ada"])
    boss = farm.log_in(*admin(farm))
    refused = farm.force("left-bookworm")
    assert refused.status_code == 403
    assert "log in at http://farm.example.org/auth/login" in refused.json()["error"]["message"]
    worker = farm.get("workers")["workers"][0]["workerid"]
    build = farm.get("builds")["builds"][0]["buildid"]
    request = farm.get("buildrequests")["buildrequests"][0]["buildrequestid"]
    scheduler = farm.get("schedulers")["schedulers"][0]["schedulerid"]
    for path, method, allowed in (
        (f"builds/{build}", "stop", ada),
        (f"buildrequests/{request}", "cancel", ada),
        (f"workers/{worker}", "pause", boss),
        (f"workers/{worker}", "unpause", boss),
        (f"schedulers/{scheduler}", "enable", boss),
    ):
        assert control(farm, path, method, nobody) == 403, (path, method)
        if allowed is boss:
            assert control(farm, path, method, ada) == 403, (path, method)
        assert control(farm, path, method, allowed) != 403, (path, method)


def test_everything_that_was_asked_for_is_in_the_audit_log(farm: TestFarm) -> None:
    force(farm)
    path = farm.state / "audit.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    newest = ask(farm, "audit?limit=1", auth=admin(farm)).json()["entries"][0]
    assert (newest["who"], newest["action"], newest["target"]) == ("anonymous", "force", "left")
    assert not newest["allowed"] and newest["address"] == "127.0.0.1"
    assert newest["details"]["reason"] == "a test" and "not logged in" in newest["outcome"]
    force(farm, auth=("ada", "wrong"))
    newest = ask(farm, "audit?limit=1", auth=admin(farm)).json()["entries"][0]
    assert newest["outcome"] == "this is not the password of a user 'ada' of this farm"
    farm.force("left-bookworm")
    lines = command(farm, "audit", "--refused", "--last", "1")
    assert "force forceschedulers" in lines and "left-bookworm" in lines


def test_a_user_who_is_removed_is_refused_at_once(farm: TestFarm) -> None:
    add_user(farm, "joe", "admin")
    session = farm.log_in("joe", PASSWORDS["joe"])
    assert session.get(f"{farm.url}api/farm/v1/audit", timeout=20).status_code == 200
    command(farm, "user", "remove", "joe")
    assert session.get(f"{farm.url}api/farm/v1/audit", timeout=20).status_code == 403
    assert ask(farm, "audit", **as_user("joe")).status_code == 401
