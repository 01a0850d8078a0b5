"""How people log in, as the site file says: Buildbot's own plugins, or the farm's passwords."""

from __future__ import annotations

from typing import Any

import requests
from buildbot.plugins import util
from buildbot.www.auth import AuthBase
from buildbot.www.oauth2 import OAuth2Auth
from twisted.internet import defer, threads

from farm.access.settings import OidcLogin
from farm.errors import FarmError
from farm.site import Site
from www.accounts import Accounts, FarmAuth

DISCOVERY_TIMEOUT_S = 20.0


def login(site: Site, accounts: Accounts) -> AuthBase:
    """The value of Buildbot's ``auth``.

    :raises FarmError: the secret of the login service's client is missing.
    """
    github, gitlab, oidc = site.login.github, site.login.gitlab, site.login.oidc
    if github is not None:
        # Teams, as organisation/team, need version 4.
        return util.GitHubAuth(
            github.client_id,
            _secret(site, "oauth-github"),
            serverURL=github.server,
            apiVersion=4,
            getTeamsMembership=True,
        )
    if gitlab is not None:
        return util.GitLabAuth(gitlab.server, gitlab.client_id, _secret(site, "oauth-gitlab"))
    if oidc is not None:
        return OidcAuth(oidc, _secret(site, "oauth-oidc"))
    return FarmAuth(accounts)


def _secret(site: Site, name: str) -> str:
    secret = site.token(name)
    if not secret:
        path = site.state / "secrets" / name
        raise FarmError(f"{path}: put the client's secret there, mode 0600: the login needs it")
    return secret


class OidcAuth(OAuth2Auth):
    """OpenID Connect by Buildbot's OAuth: the authorisation code flow, and the claims from the
    provider's own userinfo endpoint over TLS (OpenID Connect Core 1.0, 3.1 and 5.3).

    :param settings: of the site file.
    """

    faIcon = "fa-openid"

    def __init__(self, settings: OidcLogin, secret: str):
        super().__init__(settings.client_id, secret)
        self.name = settings.name
        self.authUriAdditionalParams = {"scope": settings.scope}
        self._settings = settings
        self._found: dict[str, Any] = {}

    def _discovered(self, name: str) -> str:
        """An address of the provider (OpenID Connect Discovery 1.0), asked for once."""
        if not self._found:
            issuer = self._settings.issuer.rstrip("/")
            url = f"{issuer}/.well-known/openid-configuration"
            answer = requests.get(url, timeout=DISCOVERY_TIMEOUT_S)
            answer.raise_for_status()
            said = dict(answer.json())
            if str(said.get("issuer", "")).rstrip("/") != issuer:
                raise FarmError(f"{url} speaks for another issuer: {said.get('issuer')}")
            self._found = said
        return str(self._found[name])

    @defer.inlineCallbacks
    def getLoginURL(self, redirect_url: str | None) -> Any:
        """Where a browser is sent, with all that the provider wants to know."""
        yield threads.deferToThread(self._discovered, "authorization_endpoint")
        url = yield super().getLoginURL(redirect_url)
        return url

    @property
    def authUri(self) -> str:
        """Where a browser is sent."""
        return self._discovered("authorization_endpoint")

    @property
    def tokenUri(self) -> str:
        """Where its code becomes a token."""
        return self._discovered("token_endpoint")

    def getUserInfoFromOAuthClient(self, c: requests.Session) -> dict[str, Any]:
        """What Buildbot keeps in the session."""
        answer = c.get(
            self._discovered("userinfo_endpoint"),
            headers={"Authorization": f"Bearer {c.params['access_token']}"},
            params={"access_token": None},
            timeout=DISCOVERY_TIMEOUT_S,
        )
        answer.raise_for_status()
        return user_info(self._settings, answer.json())


def user_info(settings: OidcLogin, claims: dict[str, Any]) -> dict[str, Any]:
    """What Buildbot's session holds of a person, from the provider's claims.

    :raises FarmError: they do not say who it is.
    """
    username = claims.get(settings.username_claim) or claims.get("sub")
    if not username:
        raise FarmError(f"{settings.name} does not say who logged in")
    groups = claims.get(settings.groups_claim) or []
    return {
        "username": str(username),
        "full_name": str(claims.get("name") or username),
        "email": str(claims.get("email") or username),
        "groups": [str(g) for g in groups] if isinstance(groups, list) else [str(groups)],
    }
