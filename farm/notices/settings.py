"""Settings of the notices: by which ways people are told, and of what. Secrets are files."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from farm.model.names import Line, MailAddress

SMTP_SECRET = "smtp"  # noqa: S105 - the name of a secret
"""In <state>/secrets: the password of the mail server."""
ForgeKind = Literal["github", "gitlab", "gitea"]

_Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]*$", max_length=253)]
_LinePattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.*?-]+/[a-z0-9.*?-]+$")]
_AddressPattern = Annotated[str, StringConstraints(pattern=r"^[^\s<>,;:]+$", max_length=254)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=50)]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@]+(/[^\s]*)?$", max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mail(_Strict):
    """How mail is sent, and to whom."""

    host: _Host = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="starttls: asked for after connecting; tls: from the first byte"
    )
    user: Line | None = Field(None, description="Its password is in <state>/secrets/smtp")
    sender: MailAddress = Field(alias="from", description="Such as farm@example.org")
    maintainers: bool = Field(True, description="The `maintainers` of components.yml")
    committers: tuple[_AddressPattern, ...] = Field(
        (), description="Which authors of commits may be written to, such as *@example.org"
    )
    also: tuple[MailAddress, ...] = Field((), description="Told of everything: a list, say")

    @model_validator(mode="after")
    def _password_is_not_shown(self) -> Mail:
        if self.user and self.tls == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(
                f"user and password would travel to {self.host} in the clear; "
                "expected tls: starttls or tls: tls"
            )
        return self

    def may_tell(self, address: str) -> bool:
        """Whether the author of a commit may be written to."""
        return any(fnmatchcase(address.lower(), one.lower()) for one in self.committers)


class Chat(_Strict):
    """A room that is told of everything."""

    name: _Name = Field(description="Its secret is <state>/secrets/chat-<name>")
    kind: Literal["slack", "matrix"] = Field(
        description="slack: whatever takes Slack's webhooks, the secret is the URL to post to; "
        "matrix: the secret is the access token of the farm's user"
    )
    server: _Url | None = Field(None, description="Of matrix: https://matrix.example.org")
    room: Annotated[str, StringConstraints(pattern=r"^![^\s/]+$", max_length=255)] | None = Field(
        None, description="Of matrix: the room's internal id, such as !abc:example.org"
    )

    @model_validator(mode="after")
    def _says_where(self) -> Chat:
        if (self.kind == "matrix") != bool(self.server and self.room):
            wanted = "server and room" if self.kind == "matrix" else "neither server nor room"
            raise ValueError(f"a chat of kind {self.kind} has {wanted}")
        if (self.kind == "matrix") != bool(self.server or self.room):
            raise ValueError("a chat of kind slack has neither server nor room")
        return self

    @property
    def secret(self) -> str:
        """Name of its secret."""
        return f"chat-{self.name}"


class ForgeSettings(_Strict):
    """A forge that is told of builds, as statuses of commits."""

    kind: ForgeKind
    host: _Host = Field(description="As in the clone URLs: github.com")
    api: _Url | None = Field(None, description="Default: what the forge has at its host")
    token: _Name = Field(description="Name of the secret in <state>/secrets")

    @property
    def api_url(self) -> str:
        """Where its interface is, without a slash at the end."""
        if self.api:
            return self.api.rstrip("/")
        if self.kind == "github":
            github = self.host == "github.com"
            return "https://api.github.com" if github else f"https://{self.host}/api/v3"
        return f"https://{self.host}/api/{'v4' if self.kind == 'gitlab' else 'v1'}"


class Notices(_Strict):
    """By which ways people are told, and of what."""

    lines: tuple[_LinePattern, ...] = Field(
        ("*/*",), description="channel/distro; topics and pull requests are never told"
    )
    collect_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        10, description="How long failures of a running generation are collected"
    )
    mail: Mail | None = None
    chats: tuple[Chat, ...] = ()
    forges: tuple[ForgeSettings, ...] = ()

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Notices:
        for what, names in (
            ("chats", [chat.name for chat in self.chats]),
            ("forges", [forge.host for forge in self.forges]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"two {what} are called {', '.join(twice)}")
        return self

    def wants(self, channel: str, distro: str) -> bool:
        """Whether anything is told of a line."""
        return any(fnmatchcase(f"{channel}/{distro}", pattern) for pattern in self.lines)
