from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from farm import pool
from steps.pool_site import Access, pool_site
from tests.builds import FILES, write_build
from tests.jobs import TOKEN, eventually, served_pool

AUTH = {"Authorization": f"Bearer {TOKEN}"}
OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One server for all tests; each uses a key of its own."""
    folder = tmp_path_factory.mktemp("served") / "pool"
    folder.mkdir()
    with served_pool(folder) as url:
        yield folder, url


def key_of(test: str) -> str:
    return hashlib.sha256(test.encode()).hexdigest()


def put(url: str, key: str, name: str, data: object) -> requests.Response:
    return requests.put(f"{url}/incoming/{key}/{name}", data=data, headers=AUTH, timeout=10)


def hand_in(url: str, key: str, folder: Path) -> None:
    for path in folder.iterdir():
        assert put(url, key, path.name, path.read_bytes()).status_code == 201


def commit(url: str, key: str) -> requests.Response:
    return requests.post(f"{url}/incoming/{key}", headers=AUTH, timeout=10)


def get(url: str, key: str, name: str, **headers: str) -> requests.Response:
    return requests.get(f"{url}/{key}/{name}", headers={**AUTH, **headers}, timeout=10)


def test_a_build_is_handed_in_committed_and_fetched(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = served
    key = key_of("whole")
    said = write_build(tmp_path / "out", key=key)
    hand_in(url, key, tmp_path / "out")
    assert get(url, key, "build.log").status_code == 404

    answer = commit(url, key)

    assert (answer.status_code, answer.text) == (
        200,
        f"build {key} of tiny 1.0-1 is in the pool\n",
    )
    assert pool.result(folder, key) == said
    assert get(url, key, "build.log").content == FILES["build.log"]
    assert not list((folder / "incoming/.uploads").iterdir())


def test_committing_twice_is_fine(served: tuple[Path, str], tmp_path: Path) -> None:
    _, url = served
    key = key_of("twice")
    write_build(tmp_path / "out", key=key)
    hand_in(url, key, tmp_path / "out")
    commit(url, key)
    hand_in(url, key, tmp_path / "out")
    answer = commit(url, key)
    assert (answer.status_code, answer.text) == (200, f"build {key} is in the pool already\n")


def test_a_damaged_upload_is_refused_and_dropped(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = served
    key = key_of("damaged")
    write_build(tmp_path / "out", key=key)
    hand_in(url, key, tmp_path / "out")
    put(url, key, "build.log", b"else")
    answer = commit(url, key)
    assert answer.status_code == 409
    assert answer.text == "build.log is not the file that result.json describes\n"
    assert pool.result(folder, key) is None
    assert commit(url, key).text == "result.json is missing\n"


def test_large_and_empty_files_come_through(served: tuple[Path, str], tmp_path: Path) -> None:
    _, url = served
    key = key_of("large")
    large = b"0123456789abcdef" * (1 << 16)
    write_build(tmp_path / "out", {"large.tar.gz": large, "empty": b""}, key=key)
    hand_in(url, key, tmp_path / "out")
    put(url, key, "large.tar.gz", iter([large[:1000], large[1000:]]))  # chunked
    assert commit(url, key).status_code == 200
    answer = get(url, key, "large.tar.gz")
    assert answer.content == large
    assert "Content-Encoding" not in answer.headers
    assert get(url, key, "empty").content == b""
    part = get(url, key, "large.tar.gz", Range="bytes=16-19")
    assert (part.status_code, part.content) == (206, b"0123")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
def test_nothing_works_without_the_token(
    served: tuple[Path, str], method: str, header: dict[str, str]
) -> None:
    folder, url = served
    key = key_of("stranger")
    for path in (f"{key}/result.json", f"incoming/{key}/x", f"incoming/{key}"):
        data = b"x" * 300_000 if method == "PUT" else b""
        answer = requests.request(method, f"{url}/{path}", data=data, headers=header, timeout=10)
        assert answer.status_code == 401
    assert not (folder / "incoming" / key).exists()
    assert not list((folder / "incoming/.uploads").iterdir())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "short/result.json"),
        ("GET", f"{OTHER}/..%2F..%2Fetc%2Fpasswd"),
        ("GET", f"{OTHER}/.hidden"),
        ("GET", f"{OTHER}/%00"),
        ("GET", f"{OTHER}/%ff"),
        ("PUT", f"incoming/{OTHER}/a%2Fb"),
        ("PUT", "incoming/..%2Fx/name"),
        ("POST", "incoming/..%2F..%2Fx"),
    ],
)
def test_names_that_are_none_are_refused(served: tuple[Path, str], method: str, path: str) -> None:
    _, url = served
    answer = requests.request(method, f"{url}/{path}", headers=AUTH, data=b"x", timeout=10)
    assert answer.status_code == 400
    assert "is not a" in answer.text or "decode" in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", OTHER), ("GET", f"incoming/{OTHER}/x/y"), ("DELETE", f"{OTHER}/x")],
)
def test_other_addresses_do_not_exist(served: tuple[Path, str], method: str, path: str) -> None:
    _, url = served
    answer = requests.request(method, f"{url}/{path}", headers=AUTH, timeout=10)
    assert answer.status_code == 404


def test_a_pool_that_cannot_store_says_why_and_goes_on(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = served
    key = key_of("full")
    (folder / "incoming" / key).write_text("in the way")
    answer = put(url, key, "x", b"data")
    assert answer.status_code == 507
    assert answer.text.startswith("the pool cannot store x: ")
    (folder / "incoming" / key).unlink()
    assert put(url, key, "x", b"data").status_code == 201


def test_an_upload_that_breaks_off_leaves_nothing(served: tuple[Path, str]) -> None:
    folder, url = served
    key = key_of("broken")
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"PUT /incoming/{key}/x HTTP/1.1\r\nHost: pool\r\nAuthorization: Bearer {TOKEN}\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\nonly this".encode())
        assert eventually(lambda: any((folder / "incoming/.uploads").iterdir()))
    assert eventually(lambda: not any((folder / "incoming/.uploads").iterdir()))
    assert not (folder / "incoming" / key).exists()


def test_a_new_server_forgets_half_uploads(tmp_path: Path) -> None:
    leftover = tmp_path / "incoming/.uploads/tmp123"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    pool_site({TOKEN: Access((tmp_path,))})
    assert not leftover.exists()
