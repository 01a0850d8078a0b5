"""`farm user` and `farm audit`: who may do what on the farm of a site, and who did."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from farm.access.roles import Role
from farm.cli.show import plain, print_json, print_table, when

SiteFile = Annotated[
    Path | None,
    typer.Option(
        "--site", metavar="FILE", envvar="FARM_SITE", help="The site file; default: site.yml."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]
PASSWORD = "FARM_NEW_PASSWORD"  # noqa: S105 - the name of a variable


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    user = typer.Typer(
        help="Users of this farm, their passwords and roles; on its own host.",
        no_args_is_help=True,
    )
    user.command("add")(add)
    user.command("list")(list_)
    user.command("remove")(remove)
    app.add_typer(user, name="user")
    app.command()(audit)


def add(
    name: Name,
    role: Annotated[
        Role, typer.Option("--role", help="What they may do.", case_sensitive=False)
    ] = Role.DEVELOPER,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password up, and print it.")
    ] = False,
    site: SiteFile = None,
) -> None:
    """Add a user, or change the role and password of one; the master sees it at once.

    Example: farm user add ada --role developer

    The password is asked for, or taken from FARM_NEW_PASSWORD, or made up with --generate. Only its
    hash is kept.
    """
    from farm.access.users import new_password, put_user, users_path
    from farm.errors import FarmError
    from farm.site import load_site

    path = users_path(load_site(site).state)
    if generate:
        password = new_password()
    elif PASSWORD in os.environ:
        password = os.environ[PASSWORD]
    elif sys.stdin.isatty():
        password = typer.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True)
    else:
        raise FarmError(f"no terminal to ask for a password: set {PASSWORD}, or say --generate")
    put_user(path, name, role, password)
    print(f"{name} is a {role.value} now ({path})")
    if generate:
        print(f"password: {password}")


def list_(site: SiteFile = None, as_json: Json = False) -> None:
    """List the users and their roles.

    Example: farm user list
    """
    from farm.access.users import read_users, users_path
    from farm.site import load_site

    where = load_site(site)
    roles = {name: user.role.value for name, user in read_users(users_path(where.state)).items()}
    roles |= dict.fromkeys(where.admins, Role.ADMIN.value)
    if as_json:
        print_json(roles)
    else:
        print_table(("user", "role"), sorted(roles.items()))


def remove(name: Name, site: SiteFile = None) -> None:
    """Remove a user: their next request is refused.

    Example: farm user remove ada
    """
    from farm.access.users import remove_user, users_path
    from farm.site import load_site

    remove_user(users_path(load_site(site).state), name)
    print(f"{name} is no user of this farm any more")


def audit(
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="How many entries to show.")
    ] = 50,
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Only what this user asked for.")
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Show who asked this farm for what, the newest last.

    Example: farm audit --who ada --last 20
    """
    from itertools import islice

    from farm.access.audit import audit_path, newest
    from farm.site import load_site

    entries = (
        entry
        for entry in newest(audit_path(load_site(site).state))
        if who in (None, entry.who) and not (refused and entry.allowed)
    )
    shown = list(islice(entries, last))[::-1]
    if as_json:
        print_json([entry.model_dump() for entry in shown])
        return
    print_table(
        ("when", "who", "from", "action", "on", "allowed", "details"),
        [
            (
                when(one.at),
                f"{one.who} ({one.role})",
                one.address,
                one.action,
                one.target,
                "yes" if one.allowed else "no",
                plain("; ".join([*(f"{k}: {v}" for k, v in one.details.items()), one.outcome])),
            )
            for one in shown
        ],
    )
