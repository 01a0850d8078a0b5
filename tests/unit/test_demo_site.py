"""The demo's site file and the ports in it."""

import socket

import pytest

from demo.errors import DemoError
from demo.paths import Paths
from demo.site import (
    DEFAULT_PORTS,
    choose_ports,
    port_is_free,
    ports_of,
    read_site,
    settings,
    write_site,
)


def everything_free(port):
    return True


def test_free_ports_are_the_wanted_ones():
    assert choose_ports(DEFAULT_PORTS, everything_free) == DEFAULT_PORTS


def test_a_taken_port_gives_the_next_free_one():
    ports = choose_ports({"www": 8010}, lambda port: port not in (8010, 8011))
    assert ports == {"www": 8012}


def test_no_port_is_given_twice():
    assert choose_ports({"a": 80, "b": 80}, everything_free) == {"a": 80, "b": 81}


def test_without_a_free_port_it_says_so():
    with pytest.raises(DemoError, match="no free port for www"):
        choose_ports({"www": 65530}, lambda port: False)


def test_a_port_somebody_listens_on_is_not_free():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not port_is_free(server.getsockname()[1])


def test_what_a_person_added_to_the_site_stays(tmp_path):
    known = {"poll_interval_s": 5, "www": {"host": "192.0.2.1", "port": 1}, "variables": {"x": "y"}}
    content = settings(known, {"www": 2}, Paths(tmp_path))
    assert content["poll_interval_s"] == 5
    assert content["www"] == {"host": "192.0.2.1", "port": 2}
    assert content["variables"] == {"x": "y", "demo": str(tmp_path / "demo")}


def test_ports_are_remembered(tmp_path):
    paths = Paths(tmp_path)
    first = write_site(paths, running=False)
    assert write_site(paths, running=True) == first
    assert ports_of(read_site(paths.site_file)) == first


def test_a_running_farm_keeps_its_ports(tmp_path):
    paths = Paths(tmp_path)
    first = write_site(paths, running=False)
    with socket.socket() as master:
        master.bind(("127.0.0.1", first["www"]))
        master.listen()
        assert write_site(paths, running=True) == first
        assert write_site(paths, running=False)["www"] > first["www"]


def test_the_site_file_is_the_farms_own_format(tmp_path):
    from farm.site import load_site

    paths = Paths(tmp_path)
    ports = write_site(paths, running=False)
    site = load_site(paths.site_file)
    assert site.state == tmp_path
    assert site.variables["demo"] == str(paths.demo)
    assert {name: getattr(site, name).port for name in ports} == ports


def test_a_damaged_site_file_is_named(tmp_path):
    (tmp_path / "site.yml").write_text("www: [")
    with pytest.raises(DemoError, match="is not YAML"):
        read_site(tmp_path / "site.yml")


@pytest.mark.parametrize("name", ["with space", "semi;colon", 'quo"te', "ümlaut", "co:lon"])
def test_a_state_directory_that_tools_trip_over_is_refused(tmp_path, name):
    with pytest.raises(DemoError, match="in its name"):
        Paths.from_environment({"FARM_STATE": str(tmp_path / name)})


def test_the_state_directory_is_in_the_checkout_unless_said():
    assert Paths.from_environment({}).state.name == "state"
    assert str(Paths.from_environment({"FARM_STATE": "/srv/farm"}).state) == "/srv/farm"
