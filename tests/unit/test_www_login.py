"""How people log in: the farm's own passwords, OpenID Connect, and what sessions are worth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from buildbot.plugins import util

from farm.access.roles import Role
from farm.access.settings import OidcLogin
from farm.access.users import put_user, remove_user, users_path
from farm.errors import ConfigError, FarmError
from farm.site import load_site
from tests.http_server import Silent, serving
from tests.interface import site
from www.accounts import Accounts, FarmAuth
from www.gate import Gate, address_of
from www.login import OidcAuth, login, user_info

PHRASE = "correct horse battery"
PUBLIC = {"port": 8010, "url": "https://farm.example.org"}


def run(work: Any) -> Any:
    """What a coroutine returns that waits for threads alone, which are run at once."""
    try:
        while True:
            work.send(None)
    except StopIteration as done:
        return done.value


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reactor runs: what goes to a thread is done here."""

    async def here(work: Any, *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr("www.accounts.threads.deferToThread", here)


def test_passwords_of_users_and_of_admins_are_checked(tmp_path: Path) -> None:
    where = site(tmp_path)
    put_user(users_path(tmp_path), "ada", Role.DEVELOPER, PHRASE)
    accounts = Accounts(where)
    assert run(accounts.check("ada", PHRASE))
    assert not run(accounts.check("ada", "wrong"))
    assert not run(accounts.check("nobody", PHRASE))
    assert run(accounts.check("admin", where.secret("user-admin")))
    assert not run(accounts.check("admin", PHRASE))
    assert (accounts.role("ada"), accounts.role("admin")) == (Role.DEVELOPER, Role.ADMIN)
    assert accounts.role("nobody") is Role.VISITOR


def test_a_password_is_remembered_until_the_user_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = users_path(tmp_path), [0.0]
    put_user(path, "ada", Role.DEVELOPER, PHRASE)
    accounts = Accounts(site(tmp_path), clock=lambda: now[0])
    assert run(accounts.check("ada", PHRASE))
    monkeypatch.setattr("www.accounts.is_password", lambda *_: False)
    assert run(accounts.check("ada", PHRASE)), "not hashed again"
    now[0] = 301.0
    assert not run(accounts.check("ada", PHRASE)), "after five minutes it is"
    now[0] = 0.0
    remove_user(path, "ada")
    assert not run(accounts.check("ada", PHRASE))


def test_the_site_says_with_what_people_log_in(tmp_path: Path) -> None:
    accounts = Accounts(site(tmp_path))
    assert isinstance(login(site(tmp_path), accounts), FarmAuth)
    hub = site(tmp_path, login={"github": {"client_id": "id"}})
    with pytest.raises(FarmError, match=r"secrets/oauth-github: put the client's secret there"):
        login(hub, accounts)
    (tmp_path / "secrets").mkdir()
    for name in ("github", "gitlab"):
        (tmp_path / "secrets" / f"oauth-{name}").write_text("secret\n")
    assert isinstance(login(hub, accounts), util.GitHubAuth)
    lab = site(tmp_path, login={"gitlab": {"client_id": "id"}})
    assert isinstance(login(lab, accounts), util.GitLabAuth)


def test_two_ways_to_log_in_are_a_mistake_of_the_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    both = "{github: {client_id: a}, gitlab: {client_id: b}}"
    path.write_text(f"state: state\ncomponents: components.yml\nlogin: {both}\n")
    with pytest.raises(ConfigError, match="found github and gitlab"):
        load_site(path)


def test_on_loopback_everybody_may_and_elsewhere_by_role(tmp_path: Path) -> None:
    nobody = {"anonymous": True}
    assert Gate(site(tmp_path)).of_session(nobody).role is Role.ADMIN
    public = Gate(site(tmp_path, www=PUBLIC, roles={"admin": {"groups": ["us/admins"]}}))
    assert public.of_session(nobody).role is Role.VISITOR
    ada = {"username": "ada", "groups": ["us", "us/admins"]}
    assert public.of_session(ada).role is Role.ADMIN
    assert public.login_url == "https://farm.example.org/auth/login"


def request_from(host: str, forwarded: str = "") -> Any:
    headers = {"x-forwarded-for": forwarded or None}
    return SimpleNamespace(
        getClientAddress=lambda: SimpleNamespace(host=host), getHeader=headers.get
    )


def test_only_a_proxy_on_this_machine_is_believed_where_a_request_comes_from() -> None:
    assert address_of(request_from("192.0.2.1")) == "192.0.2.1"
    assert address_of(request_from("192.0.2.1", "198.51.100.7")) == "192.0.2.1"
    assert address_of(request_from("127.0.0.1", "198.51.100.7")) == "198.51.100.7"
    assert address_of(request_from("127.0.0.1", "forged, 198.51.100.7")) == "198.51.100.7"


@pytest.fixture
def provider() -> Iterator[tuple[str, list[str]]]:
    """An OpenID provider, and the tokens that it was shown."""
    shown: list[str] = []

    class Handler(Silent):
        def do_GET(self) -> None:
            own = f"http://127.0.0.1:{self.server.server_port}"
            if self.path == "/.well-known/openid-configuration":
                names = ("authorization", "token", "userinfo")
                said = {f"{name}_endpoint": f"{own}/{name}" for name in names}
                self.reply_json(200, {**said, "issuer": own})
            else:
                shown.append(f"{self.path} {self.headers['Authorization']}")
                self.reply_json(200, {"sub": "7", "preferred_username": "ada", "groups": ["us"]})

        def do_POST(self) -> None:
            self.reply_json(200, {"access_token": "a-token", "token_type": "Bearer"})

    with serving(Handler) as url:
        yield url, shown


def test_openid_finds_its_addresses_and_asks_who_it_is(provider: tuple[str, list[str]]) -> None:
    issuer, shown = provider
    auth = OidcAuth(OidcLogin(client_id="farm", issuer=issuer), "secret")
    assert (auth.authUri, auth.tokenUri) == (f"{issuer}/authorization", f"{issuer}/token")
    session = auth.createSessionFromToken({"access_token": "a-token"})
    found = auth.getUserInfoFromOAuthClient(session)
    assert found == {"username": "ada", "full_name": "ada", "email": "ada", "groups": ["us"]}
    assert shown == ["/userinfo Bearer a-token"], "the token is in no address"


def test_an_openid_provider_that_speaks_for_another_is_not_believed(
    provider: tuple[str, list[str]],
) -> None:
    issuer = provider[0].replace("127.0.0.1", "localhost")
    auth = OidcAuth(OidcLogin(client_id="farm", issuer=issuer), "secret")
    with pytest.raises(FarmError, match="speaks for another issuer"):
        _ = auth.authUri


def test_claims_that_name_nobody_are_refused() -> None:
    settings = OidcLogin(client_id="farm", issuer="https://id.example.org")
    with pytest.raises(FarmError, match="does not say who logged in"):
        user_info(settings, {"groups": ["us"]})
    assert user_info(settings, {"sub": "7", "groups": "us"})["groups"] == ["us"]
