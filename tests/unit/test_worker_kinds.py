"""Workers that are started for builds: Buildbot's own classes, set up by the site file."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from buildbot.worker import docker, ec2, libvirt, openstack
from packaging.version import parse

from farm.errors import ConfigError, FarmError
from farm.growing.hosts import ALWAYS, DEB, NEEDS, RPM, RPM_MOCK
from farm.growing.invitations import Invitations
from farm.site import Site, load_site
from tests.stacks import BOOKWORM, EL9, stack
from workers import kinds
from workers.config import KINDS, buildbot_workers, worker_plans, workers_for

STACK = stack({"liba": ()}, BOOKWORM, EL9)
SETTINGS: dict[str, dict[str, Any]] = {
    "docker": {"image": "farm-worker-deb", "network": "host", "idle_minutes": 0},
    "kubernetes": {
        "image": "registry.example.org/farm-worker-deb:1",
        "namespace": "farm",
        "access": "kubectl-proxy",
        "node_selector": {"disk": "fast"},
    },
    "ec2": {
        "ami": "ami-1",
        "instance_type": "c7a.xlarge",
        "region": "eu-central-1",
        "keypair": "farm",
        "subnet": "subnet-1",
        "security_groups": ["sg-1"],
    },
    "openstack": {
        "image": "debian-12",
        "flavor": "large",
        "auth_url": "https://id.example.org/v3",
        "username": "farm",
        "project": "builds",
    },
    "libvirt": {"image": "/srv/one.qcow2", "base_image": "/srv/base.qcow2"},
}
IMAGES = Path(__file__).resolve().parents[2] / "workers" / "images"


def site_with(folder: Path, kind: str, *, remote: bool = True, **more: Any) -> Site:
    """A site whose worker `one` is of that kind."""
    return Site.model_validate(
        {
            "state": folder,
            "components": folder / "components.yml",
            "remote": {"host": "farm.example.org"} if remote else None,
            "workers": {"one": {"builds": 3, kind: SETTINGS[kind], **more}},
        }
    )


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clouds' libraries, as far as Buildbot asks for them while it is configured."""
    monkeypatch.setattr(kinds, "_is_there", lambda _: True)
    monkeypatch.setattr(docker, "docker_py_version", parse("7.0"))
    amazon = MagicMock()
    amazon.Session.return_value.get_available_regions.return_value = ["eu-central-1"]
    monkeypatch.setattr(ec2, "boto3", amazon)
    for module, names in ((openstack, ("client", "loading", "session")), (libvirt, ("libvirt",))):
        for name in names:
            monkeypatch.setattr(module, name, MagicMock())


def made(site: Site) -> Any:
    workers = buildbot_workers(site, worker_plans(site, STACK))
    return next(one for one in workers if one.name == "one")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_what_buildbot_takes(tmp_path: Path, libraries: None, kind: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "openstack").write_text("secret\n")
    site = site_with(tmp_path, kind)
    worker = made(site)
    arguments = worker._config_kwargs
    assert arguments.get("max_builds", getattr(worker, "max_builds", None)) == 3
    assert (
        arguments["build_wait_timeout"]
        == site.workers["one"].__getattribute__(kind).idle_minutes * 60
    )


@pytest.mark.parametrize("kind", [kind for kind, one in KINDS.items() if one.modules])
def test_a_missing_library_is_one_message_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(kinds, "_is_there", lambda _: False)
    packages = " ".join(KINDS[kind].modules.values())
    with pytest.raises(FarmError, match=f"worker one is of kind {kind}.*pip install {packages}$"):
        made(site_with(tmp_path, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_without_tls_none_is_started(tmp_path: Path, libraries: None, kind: str) -> None:
    with pytest.raises(FarmError, match=r"remote: \{host: farm.example.org\}"):
        made(site_with(tmp_path, kind, remote=False))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("untrusted", [True, False])
def test_pull_requests_go_to_workers_for_them_and_nowhere_else_whatever_their_kind(
    tmp_path: Path, kind: str, untrusted: bool
) -> None:
    plans = worker_plans(site_with(tmp_path, kind, untrusted=untrusted), STACK)
    assert ("one" in workers_for(plans, "el9", untrusted=True)) == untrusted
    assert ("one" in workers_for(plans, "el9")) != untrusted


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_each_start_of_a_container_has_an_invitation_of_its_own(
    tmp_path: Path, libraries: None, kind: str
) -> None:
    worker = made(site_with(tmp_path, kind))
    first, second = worker.createEnvironment(), worker.createEnvironment()
    assert first["FARM_JOIN_URL"] == "https://farm.example.org:9991"
    assert first["FARM_JOIN_TOKEN"] != second["FARM_JOIN_TOKEN"]
    invitations = Invitations(tmp_path)
    assert invitations.redeem(second["FARM_JOIN_TOKEN"]) == "one"
    with pytest.raises(FarmError):
        invitations.redeem(first["FARM_JOIN_TOKEN"])
    assert not any("PASS" in name for name in first), "its password it gets over TLS"


def test_a_machine_of_a_cloud_joins_by_its_user_data(
    tmp_path: Path, libraries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ec2.EC2LatentWorker, "start_instance", lambda self, build: self.user_data)
    script = made(site_with(tmp_path, "ec2")).start_instance(None)
    token = re.search(r"sh -s -- (\S+)\n$", script)
    assert script.startswith("#!/bin/sh\ncurl ") and token
    assert Invitations(tmp_path).worker(token[1]) == "one"


def test_a_pod_may_mount_and_has_what_it_asked_for(tmp_path: Path, libraries: None) -> None:
    worker = made(site_with(tmp_path, "kubernetes"))
    assert worker.getBuildContainerResources(None)["requests"] == {"cpu": "2", "memory": "4Gi"}
    assert worker.get_node_selector(None) == {"disk": "fast"}
    assert worker.getRandomPass() == (tmp_path / "secrets" / "worker-one").read_text().strip()


def test_a_reconfiguration_brings_the_new_settings(
    tmp_path: Path, libraries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        docker.DockerLatentWorker, "reconfigServiceWithSibling", lambda *_: None, raising=False
    )
    worker = made(site_with(tmp_path, "docker"))
    worker.reconfigServiceWithSibling(SimpleNamespace(start="new"))
    assert worker.start == "new"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("docker: {image: x}, ec2: {}", "ec2"),
        ("docker: {image: x}, libvirt: {image: /a, base_image: /b}", "expected one kind of worker"),
        ("docker: {}", "image"),
        ("docker: {image: x, volumes: [relative:/x]}", "volumes"),
        ("docker: {image: '--privileged'}", "image"),
    ],
)
def test_mistakes_in_the_site_file_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "site.yml"
    path.write_text(f"state: s\ncomponents: c\nworkers:\n  one: {{{text}}}\n")
    with pytest.raises(ConfigError, match=message):
        load_site(path)


@pytest.mark.parametrize(
    ("image", "manager", "wanted"),
    [("deb", "apt", (ALWAYS, DEB)), ("rpm", "dnf", (ALWAYS, RPM, RPM_MOCK))],
)
def test_the_images_have_what_builds_need(
    image: str, manager: str, wanted: tuple[str, ...]
) -> None:
    words = set((IMAGES / f"{image}.Dockerfile").read_text().split())
    assert {name for what in wanted for name in NEEDS[manager][what]} <= words
