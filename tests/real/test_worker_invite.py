"""A worker on another machine: invited once, over TLS, on a bad line; and whom the farm refuses.

The other machine is a network namespace. Packets are lost with iptables; they are also delayed
where the kernel has netem.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from farm.growing.authority import Authority, key_pem, new_key, request_pem
from farm.growing.settings import Remote
from tests.farms import BIN, TestFarm, free_port, quick_repository
from tests.links import Link, link
from tests.stacks import debian

pytestmark = pytest.mark.real

LINE = "development/bookworm"
FARM = BIN / "farm"
LOSS = 0.03


@pytest.fixture
def cable() -> Iterator[Link]:
    with link() as made:
        yield made


@pytest.fixture
def farm(tmp_path: Path, cable: Link) -> Iterator[TestFarm]:
    """A farm that takes workers over the cable; nothing of it is built yet."""
    stack = {
        "channels": {"development": {}},
        "distros": {"bookworm": debian()},
        "components": {
            "base": {"git": quick_repository(tmp_path, "base")},
            "top": {
                "git": quick_repository(tmp_path, "top", {"behaviour": "wait"}),
                "depends": ["base"],
            },
        },
    }
    ports = {"workers_port": free_port(), "files_port": free_port()}
    remote = {"host": cable.here, "interface": cable.here, **ports}
    # Only the worker that will be invited builds anything.
    site = {"remote": remote, "workers": {"apart": {"distros": ["bookworm"], "untrusted": True}}}
    farm = TestFarm(tmp_path, stack, site=site)
    try:
        yield farm.start()
    finally:
        farm.stop()


class Machine:
    """The other machine, with the farm's commands on it."""

    def __init__(self, farm: TestFarm, cable: Link):
        self.farm, self.cable = farm, cable
        self.home = farm.base / "far"
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *argv: object) -> subprocess.CompletedProcess[str]:
        command = self.cable.command(*argv)
        return subprocess.run(command, env=self.farm.environment, capture_output=True, text=True)

    def join(self, told: dict[str, Any], *options: object, pin: str = "") -> list[object]:
        """The command that the bootstrap script ends with."""
        where = [told["url"], "--pin", pin or told["pin"], "--token", told["token"]]
        return [FARM, "worker", "join", *where, "--directory", self.home, "--no-install", *options]

    def start(self, *argv: object) -> None:
        with (self.farm.base / "far.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.cable.command(*argv), env=self.farm.environment, stdout=log, stderr=log
            )

    def start_worker(self) -> None:
        program = self.home / "buildbot.tac"
        running = self.home / "twistd.pid"
        running.unlink(missing_ok=True)
        where = [f"--rundir={self.home}", f"--pidfile={running}", "--logfile=-"]
        self.start(BIN / "twistd", "--nodaemon", *where, f"--python={program}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    @property
    def log(self) -> str:
        place = self.home / "twistd.log"
        return place.read_text() if place.exists() else ""


@pytest.fixture
def machine(farm: TestFarm, cable: Link) -> Iterator[Machine]:
    machine = Machine(farm, cable)
    try:
        yield machine
    finally:
        machine.stop()


def invite(farm: TestFarm, *options: str) -> dict[str, Any]:
    return dict(json.loads(farm.run(FARM, "worker", "invite", "far", *options, "--json")))


def state_of(farm: TestFarm, name: str) -> str:
    rows = json.loads(farm.run(FARM, "worker", "list", "--json"))
    return str(next((row["state"] for row in rows if row["name"] == name), "none"))


def builds_on(farm: TestFarm, worker: str) -> list[dict[str, Any]]:
    ids = {one["name"]: one["workerid"] for one in farm.get("workers")["workers"]}
    return list(farm.get(f"workers/{ids[worker]}/builds?property=*")["builds"])


def test_an_invited_machine_builds_over_a_bad_line(
    farm: TestFarm, cable: Link, machine: Machine
) -> None:
    assert state_of(farm, "awaited-bookworm") == "missing"
    told = invite(farm, "--distro", "bookworm", "--builds", "2")
    assert told["reconfigured"]
    assert cable.lose(LOSS)
    cable.delay(20)

    script = machine.run(*told["command"].split(" | ")[0].split())
    assert script.returncode == 0 and f"url='{told['url']}'" in script.stdout, script.stderr
    machine.start(*machine.join(told, "--foreground"))
    farm.wait("far connects", lambda: state_of(farm, "far") == "connected")

    again = machine.run(*machine.join(told))
    assert again.returncode == 1 and "used already" in again.stderr

    log = farm.run(FARM, "audit")
    assert "worker join" in log and machine.cable.there in log
    waits = machine.home / "started"
    farm.wait("top is being built", lambda: waits.exists() and "top" in waits.read_text())
    cable.up(good=False)
    time.sleep(3)
    cable.up(good=True)
    (machine.home / "go").touch()
    farm.wait_states(LINE, base="published", top="published")
    assert [build["results"] for build in builds_on(farm, "far")] == [0, 0], "each built once"

    checked = machine.run(FARM, "worker", "doctor", "--directory", machine.home, "--json")
    subjects = {finding["subject"]: finding["state"] for finding in json.loads(checked.stdout)}
    assert subjects["clock"] == subjects["certificate"] == "good", checked.stdout

    farm.run(FARM, "worker", "drain", "far", "--wait", "20")
    assert state_of(farm, "far") == "paused"
    farm.run(FARM, "worker", "resume", "far")
    before = (machine.home / "tls" / "cert.pem").read_text()
    renewed = machine.run(FARM, "worker", "renew", "--now", "--directory", machine.home)
    assert renewed.returncode == 0, renewed.stderr
    assert (machine.home / "tls" / "cert.pem").read_text() != before
    assert machine.process.wait(30) == 0, "it ends when idle, for systemd to start it again"
    machine.start_worker()
    farm.wait("far is back", lambda: state_of(farm, "far") == "connected")

    farm.run(FARM, "worker", "remove", "far", "--yes")
    assert state_of(farm, "far") == "none"
    tls = machine.home / "tls"
    token = (farm.state / "secrets" / "pool-token").read_text().strip()
    refused = requests.get(
        f"{told['url']}/pool/{'ab' * 32}/result.json",
        verify=str(tls / "trust" / "ca.pem"),
        cert=(str(tls / "cert.pem"), str(tls / "key.pem")),
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    assert refused.status_code == 403, "its certificate counts no more"


def test_who_is_not_the_farm_and_who_is_not_its_worker_are_refused(
    farm: TestFarm, machine: Machine
) -> None:
    told = invite(farm)
    wrong = machine.run(*machine.join(told, pin="sha256//" + "A" * 43 + "="))
    assert wrong.returncode == 1 and "somebody is in between" in wrong.stderr
    curl = told["command"].split(" | ")[0].replace(told["pin"], "sha256//" + "A" * 43 + "=")
    assert machine.run(*curl.split()).returncode == 90, "curl: the key does not match"
    joined = machine.run(*machine.join(told, "--no-start"))
    assert joined.returncode == 0, "a wrong key did not use the invitation up"

    stranger = Authority(farm.base / "stranger", Remote(host=machine.cable.here))
    trust = machine.home / "tls" / "trust" / "ca.pem"
    ours = trust.read_text()
    shutil.copy(stranger.certificate_path, trust)
    machine.start_worker()
    farm.wait("it tries again", lambda: machine.log.lower().count("retry") >= 2)
    assert state_of(farm, "far") == "missing", machine.log
    machine.stop()
    checked = machine.run(FARM, "worker", "doctor", "--directory", machine.home)
    assert checked.returncode == 1 and "certificate verify failed" in checked.stdout
    trust.write_text(ours)
    machine.start_worker()
    farm.wait("with the farm's own it connects", lambda: state_of(farm, "far") == "connected")

    key = new_key()
    false = farm.base / "false"
    false.mkdir()
    issued = stranger.issue(request_pem(key, "far"), "far", first=True)
    (false / "cert.pem").write_bytes(issued.pem)
    (false / "key.pem").write_bytes(key_pem(key))
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(
            f"{told['url']}/join/ca.pem",
            verify=str(trust),
            cert=(str(false / "cert.pem"), str(false / "key.pem")),
            timeout=20,
        )
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{told['url']}/join", timeout=20)
    nobody = requests.get(f"{told['url']}/pool/x/y", verify=str(trust), timeout=20)
    assert nobody.status_code == 403 and "certificate" in nobody.text
