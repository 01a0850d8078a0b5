from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.errors import InfrastructureError
from farm.job.pool_client import PAUSES_S, PoolClient, PoolRefusal
from tests.builds import KEY
from tests.http_server import Silent, serving
from tests.jobs import TOKEN


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """A server that answers with these statuses, the last one for ever, and its requests."""
    left = list(statuses)
    seen: list[str] = []

    class Handler(Silent):
        def answer(self) -> None:
            self.content()
            seen.append(f"{self.command} {self.path} {self.headers['Authorization']}")
            status = left.pop(0) if len(left) > 1 else left[0]
            if status == 0:  # hang up
                return
            self.reply(status, b"" if self.command == "HEAD" else b"as told")

        do_GET = do_PUT = do_POST = do_HEAD = answer

    with serving(Handler) as url:
        yield url, seen


class Clock:
    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def test_a_lost_connection_or_a_server_error_is_tried_again(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "x.deb").write_bytes(b"data")
    with answering(0, 503, 201) as (url, seen):
        PoolClient(url, TOKEN, clock.sleep).upload(KEY, tmp_path / "x.deb")
    assert seen == [f"PUT /incoming/{KEY}/x.deb Bearer {TOKEN}"] * 3
    assert clock.waits == list(PAUSES_S[:2])


def test_patience_ends() -> None:
    clock = Clock()
    client = PoolClient("http://127.0.0.1:1", TOKEN, clock.sleep)
    with pytest.raises(InfrastructureError, match=r"^commit: .*Connection refused$"):
        client.commit(KEY)
    assert clock.waits == list(PAUSES_S)


@pytest.mark.parametrize("status", [400, 401, 409])
def test_a_refusal_is_final_and_quoted(status: int) -> None:
    clock = Clock()
    said = f"the pool answered {status}: as told"
    with answering(status) as (url, _), pytest.raises(PoolRefusal, match=said):
        PoolClient(url, TOKEN, clock.sleep).commit(KEY)
    assert clock.waits == []


def test_whether_the_pool_has_a_build() -> None:
    with answering(404, 200) as (url, seen):
        client = PoolClient(url + "/", TOKEN)
        assert (client.has(KEY), client.has(KEY)) == (False, True)
    assert seen[0].startswith(f"HEAD /{KEY}/result.json ")


def test_special_characters_of_file_names_are_quoted(tmp_path: Path) -> None:
    path = tmp_path / "a_1%3a1.0+git1~deb12_amd64.deb"
    path.touch()
    with answering(201) as (url, seen):
        PoolClient(url, TOKEN).upload(KEY, path)
    assert seen[0].split()[1] == f"/incoming/{KEY}/a_1%253a1.0%2Bgit1~deb12_amd64.deb"


def test_a_download_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with answering(200) as (url, _):
        client = PoolClient(url, TOKEN, lambda _: None)
        with pytest.raises(InfrastructureError, match="it has other bytes"):
            client.download(KEY, "x", "0" * 64, 7, tmp_path / "in" / "x")
    assert not list((tmp_path / "in").iterdir())


def test_the_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARM_POOL_TOKEN", raising=False)
    with pytest.raises(InfrastructureError, match="FARM_POOL_TOKEN is not set"):
        PoolClient.from_environment("http://pool")
