"""Roles, what each of them may do, and who has which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from farm.model.names import Line


class Permission(StrEnum):
    """One kind of action. Looking is for everybody."""

    FORCE = "force"
    """Have components built again."""
    CANCEL = "cancel"
    """Take back or stop a build."""
    TOPIC = "topic"
    """Make, refresh and end topics."""
    RELEASE = "release"
    PROMOTE = "promote"
    """Make a snapshot of one channel another channel's."""
    WORKER = "worker"
    """Pause, resume and stop workers."""
    ADMINISTER = "administer"
    """Everything else: schedulers, users, reading the audit log."""


class Role(StrEnum):
    """What a person is to the farm; each may do all that the one before it may."""

    VISITOR = "visitor"
    DEVELOPER = "developer"
    RELEASE_MANAGER = "release-manager"
    ADMIN = "admin"


_DEVELOPER = frozenset({Permission.FORCE, Permission.CANCEL, Permission.TOPIC})
_RELEASE_MANAGER = _DEVELOPER | {Permission.RELEASE, Permission.PROMOTE}
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VISITOR: frozenset(),
    Role.DEVELOPER: _DEVELOPER,
    Role.RELEASE_MANAGER: _RELEASE_MANAGER,
    Role.ADMIN: frozenset(Permission),
}


class Members(BaseModel):
    """Who has a role, by what the login service says of a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: tuple[Line, ...] = Field((), description="User names")
    groups: tuple[Line, ...] = Field(
        (),
        description="Groups: an organisation, organisation/team (GitHub), a group",
    )


RoleName = Annotated[Role, Field(description="developer, release-manager or admin")]


def role_among(members: Mapping[Role, Members], username: str, groups: Collection[str]) -> Role:
    """The highest role that a person has whom a login service knows.

    :param members: as the site file says.
    """
    found = Role.VISITOR
    for role in Role:
        of = members.get(role)
        if of is not None and (username in of.users or not set(groups).isdisjoint(of.groups)):
            found = role
    return found


def lowest_role(permission: Permission) -> Role:
    """The first role that may do something, for messages that say what is missing."""
    return next(role for role in Role if permission in PERMISSIONS[role])
