"""How people log in to a farm's web UI: what the site file says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from farm.model.names import Line

_Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GitHubLogin(_Strict):
    """Logging in with GitHub; its OAuth application's secret is <state>/secrets/oauth-github."""

    client_id: Line
    server: _Url | None = Field(None, description="Of GitHub Enterprise; default: github.com")


class GitLabLogin(_Strict):
    """Logging in with GitLab; the application's secret is <state>/secrets/oauth-gitlab."""

    client_id: Line
    server: _Url = Field("https://gitlab.com", description="The GitLab")


class OidcLogin(_Strict):
    """Logging in with OpenID Connect; the client's secret is <state>/secrets/oauth-oidc."""

    client_id: Line
    issuer: _Url = Field(description="Below it lies .well-known/openid-configuration")
    name: Line = Field("OpenID", description="What the login button says")
    scope: Line = "openid profile email groups"
    username_claim: Line = "preferred_username"
    groups_claim: Line = "groups"


class Login(_Strict):
    """With what people log in; without any of these, with the farm's own users and passwords."""

    github: GitHubLogin | None = None
    gitlab: GitLabLogin | None = None
    oidc: OidcLogin | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Login:
        given = [name for name in ("github", "gitlab", "oidc") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"Buildbot takes one way to log in; found {' and '.join(given)}")
        return self
