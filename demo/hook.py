"""Tells the farm about a push to one of the demo's repositories, as a git host's webhook would.

Run by git as post-receive. A push never fails because of it: the farm's poller finds the push too,
only later.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import requests

from demo.paths import TOP, Paths
from demo.site import ports_of, read_site
from farm.errors import FarmError

HOOK_USER = "hook"
TIMEOUT_S = 5

_BRANCH = "refs/heads/"


def script(paths: Paths, repository: Path) -> str:
    """The text of the post-receive hook of `repository`."""
    command = [sys.executable, "-m", "demo.hook", str(repository)]
    return (
        "#!/bin/sh\n"
        f"cd {shlex.quote(str(TOP))} && "
        f"FARM_STATE={shlex.quote(str(paths.state))} exec {shlex.join(command)}\n"
    )


def install(paths: Paths) -> None:
    """Give every repository of the demo its hook."""
    for repository in sorted(paths.repositories.glob("*.git")):
        hook = repository / "hooks" / "post-receive"
        text = script(paths, repository)
        if not hook.exists() or hook.read_text(encoding="utf-8") != text:
            fresh = hook.with_suffix(f".{os.getpid()}")
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(0o755)
            fresh.rename(hook)


def change(repository: str, update: str) -> dict[str, str] | None:
    """What to tell Buildbot's base hook about one line of git's input to post-receive.

    :param update: ``OLD NEW REF``.
    :return: None for what is no commit on a branch: a tag, a branch that was deleted.
    """
    _, new, reference = update.split(maxsplit=2)
    if not reference.startswith(_BRANCH) or not new.strip("0"):
        return None
    return {
        "repository": repository,
        "branch": reference.removeprefix(_BRANCH),
        "revision": new,
        "author": "git push",
        "comments": f"push to {Path(repository).name}",
    }


def tell(paths: Paths, repository: str, updates: list[str]) -> list[str]:
    """Report a push; return what to say about it to whoever pushed."""
    changes = [found for line in updates if (found := change(repository, line))]
    port = ports_of(read_site(paths.site_file))["www"]
    session = requests.Session()
    session.trust_env = False  # a proxy has no business between this machine and itself
    said = []
    try:
        password = (paths.state / "secrets" / "hook-password").read_text(encoding="utf-8").strip()
        for found in changes:
            answer = session.post(
                f"http://127.0.0.1:{port}/change_hook/base",
                data=found,
                auth=(HOOK_USER, password),
                timeout=TIMEOUT_S,
            )
            answer.raise_for_status()
            said.append(f"the farm knows of {found['branch']} {found['revision'][:12]}")
    except (OSError, requests.RequestException) as error:
        said.append(f"the farm was not told ({error}); its poller finds the push when it runs")
    return said


def main() -> None:
    """Git's post-receive: the updates are on standard input."""
    repository = Path(sys.argv[1]).as_uri()
    try:
        for line in tell(Paths.from_environment(), repository, sys.stdin.read().splitlines()):
            print(line)
    except FarmError as error:
        print(f"the farm was not told: {error}")


if __name__ == "__main__":
    main()
