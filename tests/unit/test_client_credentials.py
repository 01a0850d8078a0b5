"""Which farm a command talks to, and as whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.client.credentials import Farm, NoFarm, chosen_farm
from farm.errors import FarmError
from tests.farm_worlds import site_file

OURS = "https://farm.example.org"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory without a site file."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")


def site(tmp_path: Path) -> dict[str, str]:
    path = site_file(tmp_path, "channels: {}\n", www="{port: 9999}")
    return {"FARM_SITE": str(path)}


def test_what_the_user_says_goes_before_what_is_remembered(tmp_path: Path) -> None:
    environment = {"FARM_URL": "https://second.example.org", **site(tmp_path)}
    assert chosen_farm(OURS, "https://third", environment, tmp_path) == Farm(f"{OURS}/")
    found = chosen_farm(None, "https://third", environment, tmp_path)
    assert found.url == "https://second.example.org/"
    del environment["FARM_URL"]
    assert chosen_farm(None, "https://third", environment, tmp_path).url == "https://third/"
    assert chosen_farm(None, "", environment, tmp_path).url == "http://127.0.0.1:9999/"


def test_without_any_hint_the_user_is_asked(tmp_path: Path) -> None:
    with pytest.raises(NoFarm, match="--farm URL"):
        chosen_farm(None, "", {}, tmp_path)
    with pytest.raises(NoFarm, match=r"expected https://"):
        chosen_farm("farm.example.org", "", {}, tmp_path)


def test_users_come_from_the_environment_then_from_netrc(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine farm.example.org login eve password looks\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert chosen_farm(OURS, "", {}, tmp_path) == Farm(f"{OURS}/", "eve", "looks")
    environment = {"FARM_USER": "ada", "FARM_PASSWORD": "secret"}
    assert chosen_farm(OURS, "", environment, tmp_path) == Farm(f"{OURS}/", "ada", "secret")
    (tmp_path / ".netrc").write_text("machine\n")
    with pytest.raises(FarmError, match=r"\.netrc"):
        chosen_farm(OURS, "", {}, tmp_path)


def test_on_the_farms_own_host_its_admin_speaks_and_only_to_it(tmp_path: Path) -> None:
    environment = site(tmp_path)
    secrets = tmp_path / "state" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "user-admin").write_text("generated\n")
    own = chosen_farm(None, "", environment, tmp_path)
    assert own == Farm("http://127.0.0.1:9999/", "admin", "generated")
    assert chosen_farm(OURS, "", environment, tmp_path) == Farm(f"{OURS}/"), "not sent elsewhere"
