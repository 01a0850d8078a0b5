"""Who asks: a person with a name and a role, or nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass

from farm.access.roles import PERMISSIONS, Permission, Role, lowest_role

ANYBODY = "anonymous"


@dataclass(frozen=True)
class Identity:
    """One who asks something of the farm."""

    name: str = ANYBODY
    role: Role = Role.VISITOR
    known: bool = False
    """Logged in."""

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]


NOBODY = Identity()


def refusal(identity: Identity, permission: Permission, login_url: str) -> str:
    """Why somebody may not do something, and what to do about it."""
    needed = lowest_role(permission)
    article = "an" if needed is Role.ADMIN else "a"
    if not identity.known:
        return (
            f"'{permission}' is for {article} {needed} or above, and you are not logged in: "
            f"log in at {login_url}"
        )
    return (
        f"'{permission}' is for {article} {needed} or above, and {identity.name} is a "
        f"{identity.role}: ask an admin of this farm"
    )
