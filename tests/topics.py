"""What tests of topics and of the farm's interface say to a running farm."""

from __future__ import annotations

from typing import Any

import requests

from tests.farms import BIN, TestFarm, change, git

BELOW = "api/farm/v1/"


def ask(farm: TestFarm, path: str, method: str = "GET", **options: Any) -> requests.Response:
    """Send a request to the farm's interface."""
    return requests.request(method, f"{farm.url}{BELOW}{path}", timeout=60, **options)


def told(farm: TestFarm, path: str) -> Any:
    """What the interface answers."""
    answer = ask(farm, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def command(farm: TestFarm, *arguments: str) -> str:
    """What a `farm` command prints that has to succeed; the real one, not the stand-in."""
    return farm.run(BIN / "farm", *arguments)


def branch(farm: TestFarm, name: str, component: str, **files: str) -> str:
    """Give a component a branch with one more commit; return the commit."""
    repository = farm.base / "git" / component
    git(repository, "switch", "-q", "-c", name)
    commit = change(repository, files)
    git(repository, "switch", "-q", "main")
    return commit


def push(farm: TestFarm, component: str, **files: str) -> str:
    """Commit to a component's main branch and tell the farm."""
    repository = farm.base / "git" / component
    commit = change(repository, files)
    assert farm.hook(f"file://{repository}") == 200
    return commit


def topic_line(farm: TestFarm, name: str) -> dict[str, Any]:
    """How a topic stands on its only distro."""
    (line,) = told(farm, f"topics/{name}")["lines"]
    return dict(line)


def wait_settled(
    farm: TestFarm, name: str, verdict: str = "success", timeout_s: float = 60
) -> None:
    """Wait until a topic is built and published."""
    farm.wait(
        f"topic {name} ends with {verdict}",
        lambda: (line := topic_line(farm, name))["state"] == "idle" and line["verdict"] == verdict,
        timeout_s,
    )
