"""What a site may say of its notices, and who may be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import ConfigError
from farm.notices.people import address_of, authors_of
from farm.notices.settings import ForgeSettings, Mail, Notices
from farm.site import load_site
from tests.farm_worlds import site_file


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("{mail: {}}", "notices.mail.from: missing"),
        ("{mail: {from: Farm}}", "notices.mail.from"),
        ("{mail: {from: f@example.org, to: [a]}}", "notices.mail.to: unknown"),
        (
            "{mail: {from: f@example.org, user: f, host: mx.example.org}}",
            "user and password would travel to mx.example.org in the clear",
        ),
        ("{chats: [{name: room, kind: irc}]}", "notices.chats[0].kind"),
        ("{chats: [{name: room, kind: matrix}]}", "a chat of kind matrix has server and room"),
        (
            "{chats: [{name: room, kind: slack, room: '!a:b'}]}",
            "a chat of kind slack has neither server nor room",
        ),
        ("{chats: [{name: ../evil, kind: slack}]}", "notices.chats[0].name"),
        ("{forges: [{kind: gitea, host: g.example.org}]}", "notices.forges[0].token: missing"),
        ("{lines: [development]}", "notices.lines[0]"),
        (
            "{chats: [{name: room, kind: slack}, {name: room, kind: slack}]}",
            "two chats are called room",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, said: str, complaint: str) -> None:
    path = site_file(tmp_path, "", notices=said)
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    assert complaint in str(caught.value)
    assert "site.yml:3" in str(caught.value)


def test_lines_are_chosen_by_patterns() -> None:
    settings = Notices.model_validate({"lines": ["development/*", "stable-*/el9"]})
    assert settings.wants("development", "bookworm")
    assert not settings.wants("stable-1.2", "bookworm")


@pytest.mark.parametrize(
    ("author", "address"),
    [
        ("Ada <Ada@Example.org>", "ada@example.org"),
        ("ada@example.org", "ada@example.org"),
        ("Bot <1234+bot@users.noreply.github.com>", ""),
        ("Nobody", ""),
        ("Evil <a@b.example\r\nBcc: all@example.org>", "a@b.example"),
        ("Evil <a b@example.org, c@example.org>", ""),
    ],
)
def test_an_author_has_one_address_or_none(author: str, address: str) -> None:
    assert address_of(author) == address


def test_only_authors_whom_the_site_allows_are_written_to() -> None:
    nobody = Mail.model_validate({"from": "farm@example.org"})
    ours = Mail.model_validate({"from": "farm@example.org", "committers": ["*@example.org"]})
    assert not nobody.may_tell("ada@example.org")
    assert ours.may_tell("ADA@example.org")
    assert not ours.may_tell("ada@example.org.evil.example")


@pytest.mark.parametrize(
    ("reasons", "authors"),
    [
        (["first build"], ("own",)),
        (["new commit 1..2"], ("own",)),
        (["dependency base changed"], ("base's",)),
        (["new commit 1..2", "dependency base changed", "forced"], ("own", "base's")),
        (["forced"], ("own",)),
        (["dependency gone is gone"], ()),
    ],
)
def test_whose_commits_were_new(reasons: list[str], authors: tuple[str, ...]) -> None:
    assert authors_of(reasons, "own", {"base": "base's"}.get) == authors


@pytest.mark.parametrize(
    ("kind", "host", "api"),
    [
        ("github", "github.com", "https://api.github.com"),
        ("github", "git.example.org", "https://git.example.org/api/v3"),
        ("gitlab", "gitlab.com", "https://gitlab.com/api/v4"),
        ("gitea", "git.example.org", "https://git.example.org/api/v1"),
    ],
)
def test_a_forge_has_its_interface_where_its_kind_has_it(kind: str, host: str, api: str) -> None:
    forge = ForgeSettings.model_validate({"kind": kind, "host": host, "token": "forge"})
    assert forge.api_url == api
