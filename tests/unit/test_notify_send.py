"""The messages as they go out, and which of them are given up."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from farm.notices.model import Notice
from farm.notices.settings import Chat, Mail
from farm.site import Site, load_site
from services.notify_send import NotSent, Undeliverable, escaped, matrix_url, message_of, send
from tests.farm_worlds import site_file

MAIL = Mail.model_validate({"from": "farm@example.org"})
NOTICE = Notice("id1", "mail", ("ada@example.org",), "[Farm] lib fails", "Text ✘\n", ("f1",))


def site(folder: Path, notices: str = "{mail: {from: farm@example.org}}") -> Site:
    return load_site(site_file(folder, "", notices=notices))


class Server:
    """A mail server that refuses with a code."""

    def __init__(self, code: int):
        self.code = code

    def __call__(self, *_: object, **__: object) -> Server:
        return self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_message(self, message: object) -> dict[str, tuple[int, bytes]]:
        raise smtplib.SMTPRecipientsRefused({"ada@example.org": (self.code, b"no such user")})


def test_a_mail_has_the_id_of_its_notice_and_asks_for_no_holiday_answer() -> None:
    message = message_of(MAIL, NOTICE, 1_700_000_000)
    assert message["Message-ID"] == "<id1@example.org>"
    assert message["References"] == "<failure.f1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "ada@example.org"
    assert message.get_content() == "Text ✘\n"


def test_what_a_build_says_adds_no_headers() -> None:
    evil = Notice("id1", "mail", ("ada@example.org",), "a\r\nBcc: all@example.org", "b", ())
    message = message_of(MAIL, evil, 0)
    assert message["Bcc"] is None
    assert message["Subject"] == "a Bcc: all@example.org"


@pytest.mark.parametrize(("code", "kind"), [(550, Undeliverable), (451, NotSent)])
def test_who_is_refused_for_good_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[NotSent]
) -> None:
    monkeypatch.setattr(smtplib, "SMTP", Server(code))
    with pytest.raises(NotSent, match=r"refuses ada@example\.org") as caught:
        send(site(tmp_path), NOTICE, 0)
    assert type(caught.value) is kind


def test_a_way_that_is_no_more_loses_its_messages(tmp_path: Path) -> None:
    chat = Notice("id2", "chat-room", (), "s", "t", ())
    with pytest.raises(Undeliverable, match="not set up any more"):
        send(site(tmp_path), chat, 0)
    (tmp_path / "other").mkdir()
    with pytest.raises(Undeliverable, match="not set up any more"):
        send(site(tmp_path / "other", "{chats: [{name: room, kind: slack}]}"), NOTICE, 0)


def test_a_chat_without_its_secret_waits_and_no_secret_is_ever_said(tmp_path: Path) -> None:
    where = site(tmp_path, "{chats: [{name: room, kind: slack}]}")
    chat = Notice("id2", "chat-room", (), "s", "t", ())
    with pytest.raises(NotSent, match="chat-room is missing"):
        send(where, chat, 0)
    secret = where.state / "secrets" / "chat-room"
    secret.parent.mkdir(parents=True)
    for address in ("http://127.0.0.1:1/services/hidden", "hidden"):
        secret.write_text(address)
        with pytest.raises(NotSent, match="cannot be reached") as caught:
            send(where, chat, 0)
        assert "hidden" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_chats_are_told_in_their_own_way() -> None:
    room = {"name": "m", "kind": "matrix", "server": "https://m.example.org/", "room": "!a:m.org"}
    assert matrix_url(Chat.model_validate(room), "id3") == (
        "https://m.example.org/_matrix/client/v3/rooms/%21a%3Am.org/send/m.room.message/id3"
    )
    assert escaped("<b> & </b>") == "&lt;b&gt; &amp; &lt;/b&gt;"
