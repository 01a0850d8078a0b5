"""The farm's own users: a file with their roles and hashed passwords, for its owner's eyes only."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from farm.access.roles import Role
from farm.errors import FarmError
from farm.files import write_atomically

MIN_PASSWORD = 12
MODE = 0o600

UserName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=80)]
_name: TypeAdapter[str] = TypeAdapter(UserName)


class UserError(FarmError):
    """A user that cannot be added, changed or read."""

    exit_code = 2


class User(BaseModel):
    """One user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    password: str
    """Argon2id, in its own notation."""


_users: TypeAdapter[dict[str, User]] = TypeAdapter(dict[str, User])


def users_path(state: Path) -> Path:
    """The file of a site."""
    return state / "users.json"


def read_users(path: Path) -> dict[str, User]:
    """The users by name; none where there is no file.

    :raises UserError: the file cannot be read, or is damaged.
    """
    try:
        return _users.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {where}: {first['msg']}") from error


def put_user(path: Path, name: str, role: Role, password: str | None) -> None:
    """Add a user, or change what is known of one.

    :param password: None leaves the one that there is.
    :raises UserError: the name or password will not do, or a new user has no password.
    """
    try:
        _name.validate_python(name)
    except ValidationError as error:
        raise UserError(
            f"'{name}' cannot be a user's name: expected letters, digits and . _ @ -"
        ) from error
    if password is not None and len(password) < MIN_PASSWORD:
        raise UserError(f"a password has at least {MIN_PASSWORD} characters")
    with _changing(path) as users:
        before = users.get(name)
        if password is None and before is None:
            raise UserError(f"{name} is a new user and needs a password")
        hashed = hash_password(password) if password is not None else before and before.password
        users[name] = User(role=role, password=hashed or "")


def remove_user(path: Path, name: str) -> None:
    """Forget a user.

    :raises UserError: there is none of that name.
    """
    with _changing(path) as users:
        if users.pop(name, None) is None:
            raise UserError(f"{path} has no user '{name}'")


@contextmanager
def _changing(path: Path) -> Iterator[dict[str, User]]:
    """The users, written back at the end; one process at a time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, MODE)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor) as lock:
        flock(lock, LOCK_EX)
        users = read_users(path)
        yield users
        content = {name: user.model_dump(mode="json") for name, user in sorted(users.items())}
        write_atomically(path, json.dumps(content, indent=1) + "\n", mode=MODE)


def new_password() -> str:
    """A random password."""
    return secrets.token_urlsafe(18)


def hash_password(password: str) -> str:
    """The Argon2id hash of a password, with a random salt."""
    return PasswordHasher().hash(password)


def is_password(user: User | None, password: str) -> bool:
    """Whether it is the user's. That a user does not exist takes as long to say (some 50 ms)."""
    try:
        hashed = user.password if user is not None else _nobodys()
        return PasswordHasher().verify(hashed, password) and user is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hash_password(new_password())
