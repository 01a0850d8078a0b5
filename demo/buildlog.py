"""Why a build failed, from the master's REST interface: where to look, and the end of its log."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT_S = 10
LINES = 15
WIDTH = 160
_GOOD = (0, 1, 3)
"""Buildbot's results that are no failure: success, warnings, skipped."""


def last_build(www: str, builder: str) -> str:
    """The address of a builder's newest build in the web UI, and the end of the log that failed.

    Only as much as can be had: it explains another error and must not hide it.

    :param www: the web UI's address, with a slash at the end.
    """
    session = requests.Session()
    session.trust_env = False  # a proxy has no business between this machine and itself

    def get(path: str) -> Any:
        answer = session.get(f"{www}api/v2/{path}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer

    found = f"  {builder}: {www}#/builders"
    try:
        builds = get(f"builders/{builder}/builds?order=-number&limit=1").json()["builds"]
        if not builds:
            return found
        build = builds[0]
        found = f"  {builder}: {www}#/builders/{build['builderid']}/builds/{build['number']}"
        steps = get(f"builds/{build['buildid']}/steps").json()["steps"]
        for step in (s for s in steps if s["results"] not in _GOOD):
            for log in get(f"steps/{step['stepid']}/logs").json()["logs"]:
                text = get(f"logs/{log['logid']}/raw_inline").text
                return "\n".join([found, *_tail(text)])
    except (requests.RequestException, ValueError, KeyError):
        pass
    return found


def _tail(text: str) -> list[str]:
    """The last lines that say something, without Buildbot's own around the program's output."""
    lines = [line.rstrip() for line in text.splitlines()]
    own = ("program finished with exit code", "elapsedTime=")
    return [f"    {line[:WIDTH]}" for line in lines if line and not line.startswith(own)][-LINES:]
