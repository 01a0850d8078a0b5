"""The production profile: systemd's units, nginx with TLS in front, container images."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML

from tests.diamond import ALL_PUBLISHED, DEPENDS, LINE, stack_of
from tests.farms import BIN, TOP, TestFarm
from tests.fronts import Front, running

pytestmark = pytest.mark.real

UNITS = TOP / "deploy" / "systemd"
CONTAINER = TOP / "deploy" / "container"
WITHOUT_ROOT = ("farm-master", "farm-publisher")
MOST_EXPOSED = 2.5
"""Of 10, as systemd judges units without root."""


class OneValue(ConfigParser):
    """A unit file: names have capitals, and an equals sign is what separates."""

    def __init__(self) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign] # as configparser's documentation does


def unit(name: str) -> ConfigParser:
    found = OneValue()
    found.read(UNITS / f"{name}.service")
    return found


def command(farm: TestFarm, name: str, which: str) -> list[str]:
    """A command of a unit, for a farm that lies elsewhere."""
    line = unit(name)["Service"][which]
    line = line.replace("/opt/farm/.venv/bin", str(BIN)).replace("/opt/farm", str(TOP))
    return shlex.split(line.replace("/var/lib/farm", str(farm.state)))


def confined(farm: TestFarm, argv: list[str]) -> list[str]:
    """The command as systemd confines it: no capabilities, nothing writable but the state."""
    return [
        *("bwrap", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--bind", str(farm.state), str(farm.state), "--cap-drop", "ALL", "--", *argv),
    ]


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, with programs where this checkout has them."""
    folder = tmp_path_factory.mktemp("units")
    for path in UNITS.glob("farm*.[st]*"):
        if path.suffix in (".service", ".timer"):
            text = path.read_text().replace("/opt/farm/.venv/bin", str(BIN))
            (folder / path.name).write_text(text.replace("/opt/farm", str(TOP)))
    return folder


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    paths = sorted(units.iterdir())
    assert len(paths) == 7
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, paths)], capture_output=True, text=True
    )
    about_ours = [line for line in done.stderr.splitlines() if "farm" in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.parametrize("name", WITHOUT_ROOT)
def test_what_listens_or_signs_is_confined(units: Path, name: str) -> None:
    assert unit(name)["Service"]["User"] == "farm"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", str(units / f"{name}.service")],
        capture_output=True,
        text=True,
    )
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure[1]) <= MOST_EXPOSED


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Front:
    return Front(tmp_path_factory.mktemp("front") / "nginx")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory, front: Front) -> Iterator[TestFarm]:
    """A farm whose processes are started as the units do, confined, with nginx in front."""
    base = tmp_path_factory.mktemp("production")
    addresses = {"www": {"url": f"{front.url}/"}, "pool": {"url": f"{front.url}/pool"}}
    workers = {"builder-1": {"builds": 2}}
    farm = TestFarm(base, stack_of(base), site={"workers": workers, **addresses})
    site = YAML(typ="safe").load(base / "site.yml")
    ports = (site["www"]["port"], site["pool"]["port"])
    (farm.state / "archive").mkdir()
    configuration = front.configure(*ports, farm.state / "archive", site["archive"]["port"])
    with ExitStack() as processes:
        processes.enter_context(running(front, configuration))
        begin(farm, processes)
        for name, service in (("publisher", "farm-publisher"), ("builder-1", "farm-worker@")):
            argv = [word.replace("%i", name) for word in command(farm, service, "ExecStart")]
            background(farm, processes, argv)
        farm.wait_states(LINE, **ALL_PUBLISHED)
        yield farm


def background(farm: TestFarm, processes: ExitStack, argv: list[str]) -> subprocess.Popen[bytes]:
    log = processes.enter_context((farm.base / "said").open("ab"))
    process = subprocess.Popen(argv, env=farm.environment, cwd=TOP, stdout=log, stderr=log)
    processes.callback(process.wait)
    processes.callback(process.kill)
    return process


def begin(farm: TestFarm, processes: ExitStack) -> subprocess.Popen[bytes]:
    """Start the master as its unit does."""
    prepare = confined(farm, command(farm, "farm-master", "ExecStartPre"))
    farm.run(*prepare)
    farm.run(*prepare)  # another start finds it made, and upgrades it
    start = command(farm, "farm-master", "ExecStart")
    return background(farm, processes, confined(farm, start))


def ask(front: Front, path: str, method: str = "GET", **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(front.certificate)
        return session.request(
            method, f"{front.url}{path}", timeout=60, allow_redirects=False, **options
        )


def test_the_confined_farm_builds_and_publishes(farm: TestFarm, front: Front) -> None:
    assert sorted(farm.started()) == sorted(DEPENDS)
    gate = farm.state / "cache" / "gate"
    assert gate.is_dir(), "the publisher's, before a worker, who is root, makes its folder"
    page = ask(front, "/")
    assert page.status_code == 200
    assert "Buildbot" in page.text
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    builders = ask(front, "/api/v2/builders").json()["builders"]
    assert {"base-bookworm", "publish-bookworm"} <= {one["name"] for one in builders}
    assert ask(front, "/api/farm/v1/lines").status_code == 200


def test_who_comes_without_tls_is_sent_to_where_there_is_some(farm: TestFarm, front: Front) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{front.ports['plain']}/page?x=1",
        headers={"Host": "localhost"},
        timeout=20,
        allow_redirects=False,
    )
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://localhost/page?x=1"


def test_live_pages_hear_events_at_once(farm: TestFarm, front: Front) -> None:
    """Over both of Buildbot's ways: web sockets, and server-sent events."""
    context = ssl.create_default_context(cafile=str(front.certificate))
    with (
        socket.create_connection(("127.0.0.1", front.ports["tls"]), 20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        key = base64.b64encode(b"0123456789abcdef").decode()
        stream.sendall(
            f"GET /ws HTTP/1.1\r\nHost: localhost:{front.ports['tls']}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {front.url}\r\n\r\n".encode()
        )
        assert stream.recv(1000).startswith(b"HTTP/1.1 101 ")
    with ask(front, "/sse/listen/builds/*/*", stream=True) as events:
        lines = events.iter_lines(chunk_size=1)
        assert next(lines) == b"event: handshake"
        assert farm.force("top-bookworm").status_code == 200
        heard = next(line for line in lines if line.startswith(b"data: {"))
        assert "builderid" in json.loads(heard.removeprefix(b"data: "))["message"] or heard
    farm.wait_states(LINE, **ALL_PUBLISHED)


def test_workers_hand_in_packages_through_it(farm: TestFarm, front: Front) -> None:
    token = (farm.state / "secrets" / "pool-token").read_text().strip()
    content, key = os.urandom(20_000_000), "ab" * 32
    path = f"/pool/incoming/{key}/big.deb"
    assert ask(front, path, "PUT", data=content).status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(front, path, "PUT", data=content, headers=headers).status_code == 201
    assert (farm.state / "pool/incoming" / key / "big.deb").read_bytes() == content
    shutil.rmtree(farm.state / "pool/incoming" / key)


def test_hooks_come_through_and_floods_do_not(farm: TestFarm, front: Front) -> None:
    password = (farm.state / "secrets" / "hook-password").read_text().strip()
    repository = farm.stack["components"]["base"]["git"]
    fields = {"repository": repository, "branch": "main", "author": "dev", "comments": "push"}
    hook = ask(front, "/change_hook/base", "POST", data=fields, auth=("hook", password))
    assert hook.status_code == 200
    assert ask(front, "/change_hook/base", "POST", data=b"x" * 6_000_000).status_code == 413


def test_archives_are_served_from_the_disk_by_the_same_certificate(
    farm: TestFarm, front: Front
) -> None:
    (farm.state / "archive" / "hello.txt").write_text("hello")
    host = {"Host": "packages.localhost"}
    answer = ask(front, "/hello.txt", headers=host)
    assert (answer.text, answer.headers["Cache-Control"]) == ("hello", "no-cache")
    assert ask(front, "/.state/", headers=host).status_code == 404


def test_the_master_stops_and_starts_as_its_unit_says(tmp_path: Path) -> None:
    farm = TestFarm(tmp_path, stack_of(tmp_path))
    with ExitStack() as processes:
        master = begin(farm, processes)
        farm.wait("it runs", lambda: farm.status()["lines"])
        # bwrap, which stands for systemd, is its parent.
        (pid,) = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        os.kill(int(pid), signal.Signals[unit("farm-master")["Service"]["KillSignal"]])
        assert master.wait(60) == 0
        assert "Initiating clean shutdown" in _log(farm)
        (farm.master / "twistd.pid").write_text(f"{os.getpid()}\n")  # of one that was killed
        begin(farm, processes)
        farm.wait("it runs again", lambda: _log(farm).count("BuildMaster is running") == 2)


def _log(farm: TestFarm) -> str:
    return (farm.master / "twistd.log").read_text()


def test_compose_and_images_name_what_there_is() -> None:
    compose = YAML(typ="safe").load(CONTAINER / "compose.yml")
    services, targets = compose["services"], _targets()
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        if build := service.get("build"):
            assert build["target"] in targets
            assert (CONTAINER / build["context"] / build["dockerfile"]).is_file()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            here = source.startswith(".")
            assert here or source in compose["volumes"], f"{name}: {volume}"
            if source.endswith((".sql", ".conf")) and source != "./farm-archive.conf":
                assert (CONTAINER / source).is_file(), source
        for program in (service.get("command") or [])[:1]:
            assert os.access(TOP / program, os.X_OK), program
    for secret in compose["secrets"].values():
        assert secret["file"].startswith("./secrets/")


def _targets() -> set[str]:
    text = (CONTAINER / "Dockerfile").read_text()
    for sources in re.findall(r"^COPY (\S+) ", text, re.MULTILINE):
        assert (TOP / sources).exists()
    return set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", ["deploy/site.yml", "deploy/container/site.yml"])
def test_the_site_files_are_valid(path: str) -> None:
    code = "import sys; from pathlib import Path; from farm.site import load_site; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}load_site(Path(sys.argv[1]))", TOP / path],
        capture_output=True,
        text=True,
        cwd=TOP,
    )
    assert done.returncode == 0, done.stderr
