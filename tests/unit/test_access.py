"""Roles, users with hashed passwords, and the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.access import audit
from farm.access.identity import Identity, refusal
from farm.access.roles import PERMISSIONS, Members, Permission, Role, lowest_role, role_among
from farm.access.users import UserError, is_password, put_user, read_users, remove_user

PHRASE = "correct horse battery"
LOGIN = "https://farm.example.org/auth/login"


def test_each_role_may_do_all_that_the_one_before_may() -> None:
    for lower, higher in zip(list(Role), list(Role)[1:], strict=False):
        assert PERMISSIONS[lower] < PERMISSIONS[higher]
    assert PERMISSIONS[Role.VISITOR] == frozenset()
    assert lowest_role(Permission.TOPIC) is Role.DEVELOPER
    assert lowest_role(Permission.RELEASE) is Role.RELEASE_MANAGER
    assert lowest_role(Permission.WORKER) is Role.ADMIN


def test_the_highest_role_counts_by_name_or_group() -> None:
    members = {
        Role.DEVELOPER: Members(groups=("our-org",)),
        Role.ADMIN: Members(users=("ada",), groups=("our-org/admins",)),
    }
    assert role_among(members, "eve", []) is Role.VISITOR
    assert role_among(members, "eve", ["our-org"]) is Role.DEVELOPER
    assert role_among(members, "eve", ["our-org", "our-org/admins"]) is Role.ADMIN
    assert role_among(members, "ada", []) is Role.ADMIN


def test_who_is_refused_is_told_what_is_missing_and_what_to_do() -> None:
    assert refusal(Identity(), Permission.FORCE, LOGIN) == (
        f"'force' is for a developer or above, and you are not logged in: log in at {LOGIN}"
    )
    eve = Identity("eve", Role.DEVELOPER, known=True)
    assert refusal(eve, Permission.WORKER, LOGIN) == (
        "'worker' is for an admin or above, and eve is a developer: ask an admin of this farm"
    )


def test_users_are_kept_with_hashed_passwords_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    put_user(path, "ada", Role.DEVELOPER, PHRASE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert PHRASE not in path.read_text()
    user = read_users(path)["ada"]
    assert user.role is Role.DEVELOPER and user.password.startswith("$argon2id$")
    assert is_password(user, PHRASE)
    assert not is_password(user, "another") and not is_password(None, PHRASE)
    put_user(path, "ada", Role.ADMIN, None)
    changed = read_users(path)["ada"]
    assert changed.role is Role.ADMIN and changed.password == user.password
    remove_user(path, "ada")
    assert read_users(path) == {}


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [
        ("a b", PHRASE, "cannot be a user's name"),
        ("ada", "short", "at least 12 characters"),
        ("ada", None, "needs a password"),
    ],
)
def test_a_user_that_will_not_do_is_refused(
    tmp_path: Path, name: str, password: str | None, message: str
) -> None:
    path = tmp_path / "users.json"
    with pytest.raises(UserError, match=message):
        put_user(path, name, Role.DEVELOPER, password)
    assert not path.exists()


def test_a_damaged_users_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_text('{"ada": {"role": "king", "password": "x"}}')
    with pytest.raises(UserError, match=r"users\.json: ada\.role: "):
        read_users(path)
    with pytest.raises(UserError, match="has no user 'eve'"):
        path.write_text("{}")
        remove_user(path, "eve")


def entry(who: str, at: float = 1.0, **fields: object) -> audit.Entry:
    return audit.Entry.model_validate(
        {
            "at": at,
            "who": who,
            "role": "developer",
            "address": "127.0.0.1",
            "action": "force",
            "target": "libogg",
            "allowed": True,
            **fields,
        }
    )


def test_the_audit_log_is_read_from_its_end_and_survives_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert list(audit.newest(path)) == []
    entries = [entry("ada", float(n), details={"reason": "x" * 500}) for n in range(400)]
    for one in entries:
        audit.append(path, one)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size > 2 * 65536, "more than one block is read"
    assert list(audit.newest(path)) == entries[::-1]
    with path.open("a") as file:
        file.write('{"at": 7, "who": "cut')
    assert next(audit.newest(path)) == entries[-1]


def test_a_line_break_in_a_reason_does_not_forge_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    forged = entry("admin").model_dump_json()
    audit.append(path, entry("eve", details={"reason": f"\n{forged}\n"}))
    assert [one.who for one in audit.newest(path)] == ["eve"]
