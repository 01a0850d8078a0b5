"""Who asks, whether they may, and the record of it: for Buildbot's pages and the farm's own."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any

from farm.access import audit
from farm.access.identity import ANYBODY, Identity, refusal
from farm.access.roles import Permission, Role, role_among
from farm.cli.show import plain
from farm.errors import FarmError
from farm.site import LOOPBACK, Site
from www.accounts import LOCAL, Accounts

MAX_NAME = 80
"""Characters of a name that somebody claims to have."""


class WrongPassword(FarmError):
    """A name and password that do not belong together."""

    def __init__(self, message: str, name: str):
        self.name = name
        super().__init__(message)


class Gate:
    """Knows people and what they may do, by the site file."""

    def __init__(self, site: Site):
        self.site = site
        self.accounts = Accounts(site)

    @property
    def open(self) -> bool:
        """Nobody has to log in: only this machine reaches the UI."""
        return not self.site.www.beyond_loopback

    @property
    def login_url(self) -> str:
        """Where a browser logs in."""
        return f"{self.site.www.public_url}auth/login"

    def of_session(self, info: Mapping[str, Any]) -> Identity:
        """Who a Buildbot session belongs to.

        :param info: Buildbot's `user_info`.
        """
        if info.get("anonymous") or not info.get("username"):
            return Identity(ANYBODY, Role.ADMIN if self.open else Role.VISITOR)
        name = str(info["username"])
        if info.get(LOCAL):
            return self._local(name)
        groups = [str(group) for group in info.get("groups") or ()]
        return Identity(name, role_among(self.site.roles, name, groups), known=True)

    def _local(self, name: str) -> Identity:
        role = Role.ADMIN if self.open else self.accounts.role(name)
        return Identity(name, role, known=True)

    async def identify(self, request: Any) -> Identity:
        """Who sends a request: by the name and password that come with it, else by its session.

        :raises WrongPassword: they do not belong together.
        """
        kind, _, given = (request.getHeader("authorization") or "").partition(" ")
        if kind.lower() != "basic":
            return self.of_session(request.getSession().user_info)
        try:
            name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise WrongPassword("the Authorization header is not HTTP basic", ANYBODY) from None
        if not await self.accounts.check(name, password):
            name = plain(name)[:MAX_NAME]
            raise WrongPassword(f"this is not the password of a user '{name}' of this farm", name)
        return self._local(name)

    def refusal(self, identity: Identity, permission: Permission) -> str:
        """Why somebody may not do something; empty where they may."""
        if identity.may(permission):
            return ""
        return refusal(identity, permission, self.login_url)

    def record(
        self,
        identity: Identity,
        address: str,
        action: str,
        target: str,
        details: Mapping[str, str],
        *,
        allowed: bool,
        outcome: str = "",
    ) -> None:
        """Write what somebody asked for into the audit log.

        :raises FarmError: it cannot be written; then nothing is to be done either.
        """
        entry = audit.Entry(
            at=time.time(),
            who=identity.name,
            role=identity.role.value,
            address=address,
            action=action,
            target=target,
            allowed=allowed,
            details=dict(details),
            outcome=outcome,
        )
        audit.append(audit.audit_path(self.site.state), entry)


def address_of(request: Any) -> str:
    """Where a request comes from; behind a proxy on this machine, what the proxy says."""
    peer = request.getClientAddress()
    host = str(getattr(peer, "host", "") or "unknown")
    forwarded = request.getHeader("x-forwarded-for")
    if forwarded and host in LOOPBACK:
        # The last is the one that our own proxy added: all before it is what the client says.
        return f"{forwarded.split(',')[-1].strip()[:60]}"
    return host
