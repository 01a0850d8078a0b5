"""What forges are told of commits, in the words of each."""

from __future__ import annotations

from farm.notices.settings import Notices
from farm.notices.statuses import Changed, forge_of, host_of, worth_saying
from farm.topics import Verdict
from services.forge import Status, Target, headers_for, status_body, status_url
from tests.farm_worlds import FarmWorld
from tests.stacks import stack

COMMIT = "c" * 40
LINE = ("development", "bookworm")


def status(repository: str, state: str = "failure") -> Status:
    verdict = Verdict(state, "test: 3 of 4 tests failed")
    return Status(repository, COMMIT, "Farm/development/bookworm", "https://farm/", verdict)


def test_each_forge_has_an_address_for_statuses() -> None:
    nested = status("https://gitlab.example.org/group/sub/lib.git")
    plain = status("git@git.example.org:team/lib.git")
    assert status_url("gitlab", "https://gitlab.example.org/api/v4", nested) == (
        f"https://gitlab.example.org/api/v4/projects/group%2Fsub%2Flib/statuses/{COMMIT}"
    )
    for kind in ("github", "gitea"):
        assert status_url(kind, "https://git.example.org/api/v1/", plain) == (
            f"https://git.example.org/api/v1/repos/team/lib/statuses/{COMMIT}"
        )


def test_gitlab_has_a_word_of_its_own_for_a_failure() -> None:
    assert status_body("gitlab", status("https://h/a/b"))["state"] == "failed"
    assert status_body("gitlab", status("https://h/a/b", "pending"))["state"] == "pending"
    assert status_body("gitea", status("https://h/a/b"))["state"] == "failure"


def test_each_forge_takes_the_token_in_its_own_header() -> None:
    assert headers_for(Target("gitlab", "", "t")) == {"PRIVATE-TOKEN": "t"}
    assert headers_for(Target("gitea", "", "t")) == {"Authorization": "token t"}
    assert headers_for(Target("github", "", "t"))["Authorization"] == "Bearer t"


def test_a_repository_is_at_the_forge_of_its_host() -> None:
    gitea = {"kind": "gitea", "host": "Git.example.org", "token": "gitea"}
    settings = Notices.model_validate({"forges": [gitea]})
    for url in (
        "https://git.example.org/a/b",
        "git@git.example.org:a/b",
        "ssh://git.example.org/a",
    ):
        assert forge_of(settings, url) is not None, url
    assert forge_of(settings, "https://git.example.org.evil.example/a/b") is None
    assert forge_of(None, "https://git.example.org/a/b") is None
    assert host_of("/srv/git/a") == ""


def test_a_commit_gets_a_verdict_and_no_noise_when_it_is_built_again() -> None:
    assert worth_saying(None, "one", "pending")
    assert worth_saying(("one", "pending"), "one", "success")
    assert not worth_saying(("one", "success"), "one", "pending")
    assert worth_saying(("one", "success"), "one", "failure")
    assert not worth_saying(("one", "failure"), "one", "failure")
    assert worth_saying(("one", "success"), "two", "pending")


def test_only_what_changed_is_looked_at() -> None:
    world = FarmWorld(stack({"base": (), "leaf": ("base",)}))
    world.push("base", "leaf")
    changed = Changed()
    first = {name: verdict.state for name, _, verdict in changed.on(world.farm, LINE)}
    assert first == {"base": "pending", "leaf": "pending"}
    assert list(changed.on(world.farm, LINE)) == []
    world.run("base")
    said = {name: verdict for name, _, verdict in changed.on(world.farm, LINE)}
    assert said["base"] == Verdict("failure", "test: 3 of 4 tests failed")
    assert said["leaf"] == Verdict("pending", "waits for base")
    world.records.close()
