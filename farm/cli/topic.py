"""`farm topic`: archives of one's own, with a branch of every component that has it."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from farm.cli.farm_options import FarmUrl, Json, Reason, client
from farm.cli.show import ago, print_json, print_table

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the topic: migrate.")]
Branch = Annotated[
    str | None,
    typer.Option("--branch", metavar="BRANCH", help="Default: the name of the topic."),
]
Base = Annotated[
    str | None,
    typer.Option(
        "--base", metavar="CHANNEL", help="Gives what does not have the branch; default: the first."
    ),
]
Days = Annotated[
    float | None,
    typer.Option("--days", metavar="N", help="That it lives from now; default: the site's."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    topic = typer.Typer(
        help="Archives with a branch of every component that has it.", no_args_is_help=True
    )
    topic.command("create")(create)
    topic.command("list")(list_)
    topic.command("show")(show)
    topic.command("refresh")(refresh)
    topic.command("delete")(delete)
    topic.command("push")(push)
    app.add_typer(topic, name="topic")


def create(
    name: Name,
    branch: Branch = None,
    base: Base = None,
    days: Days = None,
    reason: Reason = "",
    farm: FarmUrl = None,
    as_json: Json = False,
) -> None:
    """Make a topic: what has the branch is built from it, the rest is as the base channel has it.

    Example: farm topic create migrate --branch feature/migrate --days 7
    """
    body = {"name": name, "branch": branch, "base": base, "days": days, "reason": reason}
    _print(client(farm).post("topics", body=body), as_json=as_json)


def list_(farm: FarmUrl = None, as_json: Json = False) -> None:
    """List topics, and the pull requests that are built.

    Example: farm topic list
    """
    answer = client(farm).get("topics")
    if as_json:
        print_json(answer)
        return
    if not answer["topics"]:
        print("there is no topic")
        return
    print_table(
        ("topic", "branch", "base", "made by", "expires", "verdict"),
        [
            (
                one["name"],
                one["branch"],
                one["base"],
                f"{one['who']}, {ago(one['created_at'])} ago",
                _day(one["expires_at"]),
                "; ".join(f"{line['distro']} {line['verdict']}" for line in one["lines"]),
            )
            for one in answer["topics"]
        ],
    )


def show(name: Name, farm: FarmUrl = None, as_json: Json = False) -> None:
    """Show how a topic stands on every distro, and where its archives are.

    Example: farm topic show migrate
    """
    _print(client(farm).get("topics", name), as_json=as_json)


def refresh(name: Name, days: Days = None, farm: FarmUrl = None, as_json: Json = False) -> None:
    """Take a topic up again on the newest commits of its branch and of its base.

    Example: farm topic refresh migrate --days 14
    """
    answer = client(farm).post("topics", name, "refresh", body={"days": days})
    _print(answer, as_json=as_json)


def delete(name: Name, farm: FarmUrl = None, as_json: Json = False) -> None:
    """End a topic and withdraw its archives.

    Example: farm topic delete migrate
    """
    answer = client(farm).delete("topics", name)
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['name']} is over; its archives are being withdrawn")


def push(
    name: Name,
    branch: Branch = None,
    base: Base = None,
    days: Days = None,
    reason: Reason = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Until the verdict; exit status 1 when something fails.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the branches in the repositories.")
    ] = False,
    farm: FarmUrl = None,
    as_json: Json = False,
) -> None:
    """Push a topic's branch from this workspace, and have the farm build the topic.

    Example: farm topic push migrate --wait

    Every checkout that is on the branch is pushed to its repository. Then the topic is made, or
    taken up again where there is one.
    """
    from farm.cli.workspace_show import open_here
    from farm.client.topics import create_or_refresh, watched
    from farm.workspace import pushing

    workspace = open_here()
    speaker = client(farm)
    wanted = branch or name.removeprefix("topic-")
    states = pushing.read_states(workspace.git, workspace.checkouts)
    pushes = pushing.chosen_pushes(states, wanted)
    pushing.push(workspace.git, pushes, wanted, force=force, say=_say)
    if farm:
        workspace.change_settings(farm=farm)
    topic = create_or_refresh(
        speaker, name, {"branch": wanted, "base": base, "days": days, "reason": reason}
    )
    if wait:
        topic = watched(speaker, topic, _say)
    _print(topic, as_json=as_json)
    if wait and any(line["verdict"] != "success" for line in topic["lines"]):
        raise typer.Exit(1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(topic: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(topic)
        return
    of = ", ".join(topic["components"]) or "nothing that the farm builds"
    print(f"{topic['name']}: branch {topic['branch']} of {of}; the rest of {topic['base']}")
    if topic["reason"]:
        print(f"  why      {topic['reason']}")
    print(f"  made     {ago(topic['created_at'])} ago by {topic['who']}")
    print(f"  expires  {_day(topic['expires_at'])}")
    for line in topic["lines"]:
        print(f"{line['distro']}: {line['verdict']}: {line['description']}")
        print(f"  archive  {line['archive'] or 'not published yet'}")


def _day(moment: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
