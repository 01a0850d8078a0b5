"""Reports that come over HTTP."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.web.server import NOT_DONE_YET
from twisted.web.test.requesthelper import DummyRequest

from repo_publish.line import Line
from repo_publish.qa import receive
from repo_publish.qa.receive import LONGEST_BODY, Reports
from repo_publish.qa.reports import reports
from tests.manifests import a_line, a_manifest

TOKEN = "secret-token"  # noqa: S105 (of a test)
GOOD = {"by": "smoke", "result": "pass", "url": "https://lab.example.org/1"}


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    def at_once(function, *arguments) -> Deferred:
        return succeed(None).addCallback(lambda _: function(*arguments))

    monkeypatch.setattr(receive, "deferToThread", at_once)
    return a_line(tmp_path, a_manifest(number=42))


def post(line: Line, body: bytes, path: str = "development/bookworm/42", token: str = TOKEN):
    request = DummyRequest([])
    request.method = b"POST"
    request.postpath = [part.encode() for part in path.split("/")]
    request.content = io.BytesIO(body)
    request.requestHeaders.setRawHeaders("authorization", [f"Bearer {token}"])
    assert Reports(line.archive, TOKEN).render(request) is NOT_DONE_YET
    return request.responseCode, json.loads(b"".join(request.written))


def test_a_report_is_recorded(line: Line) -> None:
    status, answer = post(line, json.dumps(GOOD).encode())

    assert (status, answer["snapshot"], answer["result"]) == (201, 42, "pass")
    (report,) = reports(line)
    assert (report.by, report.url) == ("smoke", "https://lab.example.org/1")


@pytest.mark.parametrize("token", ["", "wrong", "secret-toke", "secret-token2"])
def test_without_the_token_nothing_is_recorded(line: Line, token: str) -> None:
    status, _ = post(line, json.dumps(GOOD).encode(), token=token)

    assert status == 401
    assert reports(line) == []


@pytest.mark.parametrize(
    "path",
    [
        "development/bookworm/43",
        "development/bookworm",
        "development/bookworm/latest",
        "development/bookworm/٤٢",
        "development/../../etc/42",
        "snapshots/development/42",
        "",
    ],
)
def test_what_is_not_there_is_not_found(line: Line, path: str) -> None:
    status, answer = post(line, json.dumps(GOOD).encode(), path=path)

    assert status == 404, answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'{"by": "smoke"}',
        b'{"by": "smoke", "result": "pass", "snapshot": 1}',
        b'{"by": "../smoke", "result": "pass"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_report_is_refused_with_the_reason(line: Line, body: bytes) -> None:
    status, answer = post(line, body)

    assert status == 400
    assert answer["error"]
    assert reports(line) == []


def test_a_huge_body_is_refused(line: Line) -> None:
    status, _ = post(line, b" " * (LONGEST_BODY + 1))

    assert status == 413
