"""Those whom a farm tells something, for tests: a mail server, and an HTTP server for the rest."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.farms import free_port
from tests.http_server import Silent, serving

PASSWORD = "of-the-farm"  # noqa: S105 - the stand-ins take no other


@dataclass
class Mailbox:
    """A mail server that takes everything from whoever logs in over TLS."""

    port: int
    certificate: Path
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: int = 0
    """So many of the next mails are put off."""

    @property
    def settings(self) -> dict[str, Any]:
        """`notices.mail` of a site that uses it."""
        return {
            "host": "localhost",
            "port": self.port,
            "tls": "starttls",
            "user": "farm",
            "from": "farm@farm.example.org",
        }

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Called by the server."""
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert sorted(envelope.rcpt_tos) == sorted(mail["To"].split(", "))
        self.mails.append(mail)
        return "250 taken"

    def subjects(self) -> list[str]:
        """Of all mails, in order."""
        return [str(mail["Subject"]) for mail in self.mails]


def _authenticate(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
    wanted = LoginPassword(b"farm", PASSWORD.encode())
    return AuthResult(success=data == wanted)


def certificate(folder: Path, *hosts: str) -> tuple[Path, Path]:
    """A self-made certificate and its key for some hosts."""
    names = ",".join(f"{'IP' if host[0].isdigit() else 'DNS'}:{host}" for host in hosts)
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}"),
            *("-keyout", str(key), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """Run the mail server; its certificate is in `folder`."""
    folder.mkdir(exist_ok=True)
    made, key = certificate(folder, "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    box = Mailbox(free_port(), made)
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=context,
        require_starttls=True,
        authenticator=_authenticate,
        auth_required=True,
        auth_require_tls=True,
    )
    server.start()
    try:
        yield box
    finally:
        server.stop()


@dataclass(frozen=True)
class Told:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Listener:
    """Chats and forges in one: whatever is sent there is taken."""

    url: str = ""
    told: list[Told] = field(default_factory=list)

    def texts(self, path: str) -> list[str]:
        """What a chat below a path heard."""
        found = [one.body for one in self.told if one.path.startswith(path)]
        return [body.get("text") or body["body"] for body in found]

    def states(self, commit: str) -> list[str]:
        """The states that some forge was told of a commit, in order."""
        return [one.body["state"] for one in self.told if one.path.endswith(f"/statuses/{commit}")]


@contextmanager
def listener() -> Iterator[Listener]:
    """Run the HTTP server."""
    one = Listener()

    class Handler(Silent):
        def do_POST(self) -> None:
            body = json.loads(self.content())
            headers = {name.lower(): value for name, value in self.headers.items()}
            one.told.append(Told(self.command, self.path, headers, body))
            self.reply_json(201, {})

        do_PUT = do_POST

    with serving(Handler) as one.url:
        yield one
