"""The hand-off, end to end: events to a lab that is down at first, reports, promotion, apt."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from repo_publish.manifest import load_manifest
from repo_publish.verify import verify_snapshot
from tests.archive_clients import AptClient, Farm, add_package, run_client, served
from tests.diamond import diamond
from tests.http_server import Silent, serving

pytestmark = pytest.mark.real

FARM = Path(sys.executable).with_name("farm")
WAIT_S = 60
TOKEN = "of-a-test"  # noqa: S105


@dataclass
class Lab:
    """A system under test that listens over HTTP."""

    url: str = ""
    fails: int = 0
    """So many of the next requests are answered with an error."""
    hangs: bool = False
    """Requests are read and never answered."""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[dict]:
        return [json.loads(body) for _, body in self.requests]


@contextmanager
def listening() -> Iterator[Lab]:
    """A lab on a loopback port."""
    lab = Lab()
    done = threading.Event()

    class Handler(Silent):
        def do_POST(self) -> None:
            body = self.content()
            lab.requests.append((dict(self.headers), body))
            if lab.hangs:
                done.wait(WAIT_S)
                return
            lab.fails -= 1
            self.reply(503 if lab.fails >= 0 else 204)

    with serving(Handler) as url:
        lab.url = f"{url}/farm"
        try:
            yield lab
        finally:
            done.set()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path, "deb")
    with served(farm.archive) as farm.url:
        yield farm


def site_of(farm: Farm, lab: Lab) -> Path:
    """A site file for that archive, with the lab as a hook, and a rule."""
    (farm.directory / "components.yml").write_text("{}")
    path = farm.directory / "site.yml"
    rule = {"from": "development", "to": "testing", "passed": ["smoke", "upgrade"]}
    port = int(farm.url.rpartition(":")[2])
    qa = {"webhooks": [{"name": "lab", "url": lab.url}], "promotions": [rule]}
    settings = {
        "state": str(farm.directory),
        "components": "components.yml",
        "archive": {"port": port},
        "qa": qa,
    }
    path.write_text(json.dumps(settings))
    return path


def farm_command(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `farm` with a site."""
    return run_client([FARM, *arguments], FARM_SITE=str(site))


@contextmanager
def watching(site: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`farm qa hand-off --watch`, killed at the end."""
    environment = {**os.environ, "FARM_SITE": str(site)}
    with subprocess.Popen([FARM, "qa", "hand-off", "--watch"], env=environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def wait_for(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_from_publication_to_promotion(farm: Farm) -> None:
    add_package(farm, "app", "1.0")
    farm.publish()
    with listening() as lab:
        site = site_of(farm, lab)
        lab.fails = 1
        with watching(site):
            wait_for("the event comes, after an error", lambda: len(lab.requests) == 2)
            add_package(farm, "app", "1.1")
            farm.publish()
            wait_for("the next snapshot's event", lambda: len(lab.requests) == 3)
            assert [event["snapshot"] for event in lab.events()] == [1, 1, 2]

            headers, body = lab.requests[-1]
            secret = (farm.directory / "secrets/qa-lab").read_text().strip()
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            assert headers["X-Farm-Signature-256"] == f"sha256={digest}"
            event = json.loads(body)
            assert [change["version"] for change in event["changed"]] == ["1.1"]
            manifest = requests.get(event["manifest"], timeout=20).json()
            assert manifest["number"] == 2

            said = farm_command(
                site, "qa", "report", "2", "pass", "--line", "development/bookworm", "--by", "smoke"
            )
            assert said.returncode == 0, said.stdout
            status = farm_command(site, "qa", "status")
            assert "snapshot 2 (live): smoke pass" in status.stdout
            assert "to testing: waits for upgrade" in status.stdout
            assert "lab: told up to 2" in status.stdout
            assert not (farm.archive / "testing").exists()

            farm_command(
                site,
                *("qa", "report", "2", "pass", "--line", "development/bookworm"),
                *("--by", "upgrade", "--url", "https://lab.example.org/2"),
            )
            testing = farm.archive / "testing/bookworm"
            wait_for("what has passed is promoted", testing.is_symlink)
            wait_for("and told of", lambda: lab.events()[-1]["line"] == "testing/bookworm")

    promoted = verify_snapshot(testing)
    assert promoted.origin is not None
    assert (promoted.origin.channel, promoted.origin.snapshot) == ("development", 2)
    assert promoted.components[0].key == load_manifest(farm.live).components[0].key
    package = next(testing.resolve().rglob("app_*.deb"))
    assert package.samefile(next(farm.live.resolve().rglob(f"{package.name}")))
    client = AptClient(farm.directory / "client", (testing / "farm.sources").read_text())
    assert client.apt_get("update").returncode == 0
    assert client.apt_get("install", "app").returncode == 0
    assert client.version("app") == "1.1"


def test_a_killed_hand_off_loses_nothing_and_delivers_again_what_was_not_recorded(
    farm: Farm,
) -> None:
    for minor in range(3):
        add_package(farm, "app", f"1.{minor}")
        farm.publish()
    with listening() as lab:
        site = site_of(farm, lab)
        lab.hangs = True
        with watching(site):
            wait_for("the lab is asked", lambda: lab.requests)
        add_package(farm, "app", "1.3")
        farm.publish()
        lab.hangs = False

        done = farm_command(site, "qa", "hand-off")

    assert done.returncode == 0, done.stdout
    assert [event["snapshot"] for event in lab.events()] == [3, 3, 4]
    ids = [headers["X-Farm-Delivery"] for headers, _ in lab.requests]
    assert ids[0] == ids[1] != ids[2]
    record = (farm.archive / ".state/qa/deliveries.jsonl").read_text().splitlines()
    outcomes = [(said["snapshot"], said["outcome"]) for said in map(json.loads, record)]
    assert outcomes == [
        (3, "trying"),
        (3, "trying"),
        (3, "delivered"),
        (4, "trying"),
        (4, "delivered"),
    ]


def test_promotion_by_hand_is_all_or_nothing(farm: Farm) -> None:
    add_package(farm, "app", "1.0")
    farm.publish()
    add_package(farm, "app", "1.1")
    farm.publish()
    options = ("--archive", str(farm.archive), "--keys", str(farm.keys), "--to", "testing")

    def promote(snapshot: int) -> subprocess.CompletedProcess[str]:
        line = ("development/bookworm", "--snapshot", str(snapshot))
        return run_client([FARM, "archive", "promote", *line, *options])

    assert "testing/bookworm: snapshot 1 has the content" in promote(2).stdout
    assert "nothing to do" in promote(2).stdout

    back = promote(1)
    assert back.returncode == 3
    assert "app would go from 1.1 down to 1.0" in back.stdout
    assert promote(3).returncode == 3
    assert (farm.archive / "testing/bookworm").readlink().name == "1"


def test_reports_come_by_post_while_the_master_serves_the_archive(farm: Farm) -> None:
    add_package(farm, "app", "1.0")
    farm.publish()
    with served(farm.archive, reports_token=TOKEN) as url:
        address = f"{url}/qa/development/bookworm/1"
        report = {"by": "smoke", "result": "pass", "note": "12 machines"}
        good = {"Authorization": f"Bearer {TOKEN}"}

        assert requests.post(address, json=report, timeout=20).status_code == 401
        assert requests.post(address, json=report, headers=good, timeout=20).status_code == 201
        assert requests.get(address, headers=good, timeout=20).status_code == 405
        page = requests.get(f"{url}/snapshots/development/bookworm/", timeout=20).text
    assert "smoke pass" in page


def test_the_master_hands_over_what_is_published(tmp_path: Path) -> None:
    with listening() as lab:
        hooks = [{"name": "lab", "url": lab.url, "lines": ["stable-*/*"]}]
        with diamond(tmp_path, qa={"webhooks": hooks}) as master:
            farm = Farm(tmp_path / "publishing", "deb", master.archive_url.rstrip("/"))
            farm.directory.mkdir()
            farm.archive.symlink_to(master.state / "archive")
            add_package(farm, "app", "1.0")
            # The master's own line is published by a stand-in; this is a real one beside it.
            farm.publish_json(farm.publication_json().replace('"development"', '"stable-1.0"'))
            wait_for("the event comes", lambda: lab.requests)

            token = (master.state / "secrets/qa-token").read_text().strip()
            answer = requests.post(
                lab.events()[0]["reports"],
                json={"by": "smoke", "result": "pass"},
                headers={"Authorization": f"Bearer {token}"},
                timeout=20,
            )
            assert answer.status_code == 201, answer.text
            watchers = processes("qa hand-off --watch", master.base)
            assert len(watchers) == 1
        wait_for("it ends with the master", lambda: not processes("hand-off", master.base))


def processes(what: str, site: Path) -> list[str]:
    """Running commands that contain `what`, of the site in that directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if what in command and str(site) in environment:
            found.append(command)
    return found
