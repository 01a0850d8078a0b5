"""One message by one way: SMTP, webhooks as Slack takes them, Matrix's client interface.

All of it blocks, for a thread.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import quote

import requests

from farm.errors import FarmError
from farm.notices.model import Notice
from farm.notices.settings import SMTP_SECRET, Chat, Mail
from farm.notices.text import MAIL
from farm.site import Site

TIMEOUT_S = 30.0


class NotSent(FarmError):
    """A message could not be sent; another attempt may do better."""


class Undeliverable(NotSent):
    """A message that will never be taken: everybody whom it is for was refused for good."""


class Unwanted(Undeliverable):
    """The site does not use this way any more."""


def send(site: Site, notice: Notice, made_at: float) -> str:
    """Send a message.

    :param made_at: when it was made, in seconds since 1970.
    :returns: what went wrong with a part of it; empty if nothing.
    :raises NotSent: it could not be sent.
    """
    settings = site.notices
    if settings is None or (notice.way == MAIL and settings.mail is None):
        raise Unwanted(f"{notice.way} is not set up any more")
    if notice.way == MAIL and settings.mail is not None:
        return _mail(settings.mail, site, message_of(settings.mail, notice, made_at))
    chat = next((one for one in settings.chats if one.secret == notice.way), None)
    if chat is None:
        raise Unwanted(f"{notice.way} is not set up any more")
    return _chat(chat, site.token(chat.secret), notice)


def message_of(mail: Mail, notice: Notice, made_at: float) -> EmailMessage:
    """The mail; its id is that of the notice, so that one sent twice is seen to be the same."""
    domain = mail.sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = ", ".join(notice.to)
    message["Subject"] = " ".join(notice.subject.split())
    message["Date"] = formatdate(made_at, localtime=True)
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.threads:
        # Nobody has a mail of this id, but failure and fix have it in common.
        message["References"] = " ".join(f"<failure.{one}@{domain}>" for one in notice.threads[:20])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    message.set_content(notice.text)
    return message


def _mail(mail: Mail, site: Site, message: EmailMessage) -> str:
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=context)
            if mail.tls == "tls"
            else smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
        ) as server:
            if mail.tls == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, site.token(SMTP_SECRET))
            refused = server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        said = _refusals(error.recipients)
        kind = Undeliverable if all(c >= 500 for c, _ in error.recipients.values()) else NotSent
        raise kind(f"{mail.host} refuses {said}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"{mail.host}:{mail.port}: {error}") from error
    return f"{mail.host} refuses {_refusals(refused)}" if refused else ""


def _refusals(recipients: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(
        f"{address} ({code} {said.decode(errors='replace')})"
        for address, (code, said) in recipients.items()
    )


def _chat(chat: Chat, secret: str, notice: Notice) -> str:
    if not secret:
        raise NotSent(f"{chat.name}: <state>/secrets/{chat.secret} is missing")
    try:
        if chat.kind == "matrix":
            # A transaction that comes twice is one message to the server.
            answer = requests.put(
                matrix_url(chat, notice.id),
                json={"msgtype": "m.notice", "body": notice.text},
                headers={"Authorization": f"Bearer {secret}"},
                timeout=TIMEOUT_S,
            )
        else:
            answer = requests.post(secret, json={"text": escaped(notice.text)}, timeout=TIMEOUT_S)
    except (requests.RequestException, ValueError) as error:
        # The address is the secret: what the library says may hold it.
        raise NotSent(f"{chat.name} cannot be reached ({type(error).__name__})") from None
    if not answer.ok:
        raise NotSent(f"{chat.name} answers with status {answer.status_code}: {answer.text[:200]}")
    return ""


def matrix_url(chat: Chat, transaction: str) -> str:
    """Where a message is put (client-server API, section 10.6: sending events to a room)."""
    server, room = (chat.server or "").rstrip("/"), quote(chat.room or "", safe="")
    return f"{server}/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}"


def escaped(text: str) -> str:
    """As Slack wants its three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
