"""The passwords that a farm takes itself: those of its users' file, and its admins' secrets."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from buildbot.util.twisted import async_to_deferred
from buildbot.www.auth import TwistedICredAuthBase, UserInfoProviderBase
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, threads
from twisted.web.guard import BasicCredentialFactory
from zope.interface import implementer

from farm.access.roles import Role
from farm.access.users import User, is_password, read_users, users_path
from farm.site import Site

REMEMBERED_S = 300.0
"""A client that asks again and again is not hashed anew each time."""
LOCAL = "farm_user"
"""Marks, in a session, names that this farm has checked itself: a login service may know others by
the same name."""


class Accounts:
    """Checks names and passwords, and says which role they have.

    :param clock: seconds that only go up.
    """

    def __init__(self, site: Site, clock: Callable[[], float] = time.monotonic):
        self._site = site
        self._clock = clock
        self._salt = secrets.token_bytes(32)
        self._good: dict[tuple[str, bytes], tuple[float, User | None]] = {}
        # Hashing is meant to be slow: one at a time, so that guessing cannot take the machine.
        self._hashing = defer.DeferredSemaphore(1)

    def role(self, name: str) -> Role:
        """The role of a user of this farm, as the file says now."""
        if name in self._site.admins:
            return Role.ADMIN
        user = read_users(users_path(self._site.state)).get(name)
        return user.role if user else Role.VISITOR

    async def check(self, name: str, password: str) -> bool:
        """Whether this is the password of that user."""
        if name in self._site.admins:
            given, wanted = password.encode(), self._site.secret(f"user-{name}").encode()
            return hmac.compare_digest(given, wanted)
        user = read_users(users_path(self._site.state)).get(name)
        place = (name, hashlib.blake2b(password.encode(), key=self._salt).digest())
        until, known = self._good.get(place, (0.0, None))
        if user is not None and known == user and self._clock() < until:
            return True
        await self._hashing.acquire()
        try:
            good = await threads.deferToThread(is_password, user, password)
        finally:
            self._hashing.release()
        if good:
            now = self._clock()
            self._good = {k: v for k, v in self._good.items() if v[0] > now}
            self._good[place] = (now + REMEMBERED_S, user)
        return good


class _LocalUser(UserInfoProviderBase):
    """Says of everybody who logged in with a password that this farm knows them."""

    name = "farm"

    def getUserInfo(self, username: str) -> defer.Deferred[dict[str, object]]:
        return defer.succeed({LOCAL: True})


@implementer(ICredentialsChecker)
class _Checker:
    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, accounts: Accounts):
        self._accounts = accounts

    @async_to_deferred
    async def requestAvatarId(self, credentials):
        name = credentials.username.decode(errors="replace")
        if await self._accounts.check(name, credentials.password.decode(errors="replace")):
            return credentials.username
        raise UnauthorizedLogin


class FarmAuth(TwistedICredAuthBase):
    """Buildbot's login with the farm's own users and passwords."""

    def __init__(self, accounts: Accounts):
        super().__init__(
            [BasicCredentialFactory(b"farm")],
            [_Checker(accounts)],
            userInfoProvider=_LocalUser(),
        )
