"""Where a suite comes from: its own mirror, or what apt on this machine uses."""

from __future__ import annotations

import pytest

from farm.build.deb import mirrors
from farm.build.deb.mirrors import (
    Target,
    given_mirror,
    mirror_directory,
    network_environment,
    parse_targets,
    sources_of_host,
)
from farm.model import Root

HOST = (
    Target("http://third.example/apt/", "bookworm", "contrib"),
    Target("http://mirror.example/debian/", "bookworm", "main"),
    Target("http://mirror.example/debian/", "bookworm", "main"),
    Target("http://mirror.example/debian/", "bookworm-updates", "main"),
    Target("http://mirror.example/security/", "bookworm-security", "main"),
    Target("http://other.example/tool/", "nodistro", "main"),
)


def test_the_machines_own_suite_comes_with_its_updates() -> None:
    assert sources_of_host(Root(suite="bookworm"), HOST, "bookworm") == (
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://mirror.example/security/ bookworm-security main",
    )


def test_another_suite_comes_from_the_mirror_of_the_machines_release() -> None:
    root = Root(suite="trixie", areas=("main", "contrib"))

    assert sources_of_host(root, HOST[1:], "bookworm") == (
        "deb http://mirror.example/debian/ trixie main contrib",
    )


def test_a_machine_that_calls_its_release_stable_has_a_mirror_too() -> None:
    targets = [Target("http://mirror.example/debian/", "stable", "main")]

    assert sources_of_host(Root(suite="trixie"), targets, "bookworm") == (
        "deb http://mirror.example/debian/ trixie main",
    )


def test_foreign_repositories_are_no_mirror() -> None:
    assert sources_of_host(Root(suite="trixie"), HOST[5:], "bookworm") == ()


def test_a_given_mirror_is_taken_as_it_is() -> None:
    root = Root(suite="noble", mirror="http://ports.example/ubuntu", areas=("main", "universe"))

    assert given_mirror(root) == ("deb http://ports.example/ubuntu noble main universe",)
    assert mirror_directory(root) == ""


@pytest.mark.parametrize("mirror", ["/srv/debian", "file:///srv/debian"])
def test_a_mirror_on_this_machine_is_copied_from(mirror: str) -> None:
    root = Root(suite="bookworm", mirror=mirror)

    assert given_mirror(root) == ("deb copy:///srv/debian bookworm main",)
    assert mirror_directory(root) == "/srv/debian"


def test_targets_are_read_and_what_is_none_is_left_out() -> None:
    text = "http://m.example/|bookworm|main\n\nE: nonsense\n"

    assert parse_targets(text) == (Target("http://m.example/", "bookworm", "main"),)


def test_proxies_are_all_that_a_download_learns_of_the_environment() -> None:
    environ = {"http_proxy": "http://p.example:3128", "AWS_SECRET": "s", "no_proxy": ""}

    assert network_environment(environ) == {"http_proxy": "http://p.example:3128"}


def test_the_proxy_of_apt_is_used_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirrors, "_proxy_of_apt", lambda: "http://apt.example:3142")

    assert network_environment({}) == {"http_proxy": "http://apt.example:3142"}
