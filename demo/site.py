"""The site file of the demo's farm, with ports that are free on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from demo.errors import DemoError
from demo.paths import TOP, Paths

DEFAULT_PORTS: Mapping[str, int] = {
    "www": 8010,
    "archive": 8020,
    "pool": 8030,
    "workers_listen": 9989,
}
"""Where each server of the farm listens unless that port is taken."""

PORTS_TO_TRY = 200
POLL_INTERVAL_S = 20
COMPONENTS = TOP / "examples" / "demo" / "components.yml"


def port_is_free(port: int) -> bool:
    """Whether a server could listen there on the loopback interface now."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_ports(wanted: Mapping[str, int], is_free: Callable[[int], bool]) -> dict[str, int]:
    """For each server the wanted port, or the next one above it that is free and not given away.

    :raises DemoError: none of the next `PORTS_TO_TRY` is.
    """
    chosen: dict[str, int] = {}
    for name, first in wanted.items():
        candidates = range(first, min(first + PORTS_TO_TRY, 65536))
        port = next((p for p in candidates if p not in chosen.values() and is_free(p)), None)
        if port is None:
            raise DemoError(
                f"no free port for {name} from {first} up",
                "Free one of them (ss -ltnp shows who listens).",
            )
        chosen[name] = port
    return chosen


def settings(
    known: Mapping[str, Any], ports: Mapping[str, int], paths: Paths, components: Path = COMPONENTS
) -> dict[str, Any]:
    """The content of the site file: what it said before, with the demo's own keys made right."""
    variables = {**known.get("variables", {}), "demo": str(paths.demo)}
    servers = {name: {**known.get(name, {}), "port": port} for name, port in ports.items()}
    defaults = {"title": "Farm demo", "poll_interval_s": POLL_INTERVAL_S, "hooks": ["base"]}
    return {
        **defaults,
        **known,
        "state": str(paths.state),
        "components": str(components),
        "variables": variables,
        **servers,
    }


def ports_of(known: Mapping[str, Any]) -> dict[str, int]:
    """The ports in a site file's content; the default where it names none."""
    return {
        name: int((known.get(name) or {}).get("port", port)) for name, port in DEFAULT_PORTS.items()
    }


def read_site(path: Path) -> dict[str, Any]:
    """The content of the site file; empty when there is none.

    :raises DemoError: it is not YAML.
    """
    try:
        content = YAML(typ="safe").load(path)
    except FileNotFoundError:
        return {}
    except YAMLError as error:
        raise DemoError(
            f"{path} is not YAML: {error}", "Mend it, or delete it to have it written anew."
        ) from error
    return dict(content or {})


def write_site(paths: Paths, *, running: bool) -> dict[str, int]:
    """Write the site file; ports stay those of the last time while they can.

    :param running: the farm runs, so its ports are taken by itself.
    :return: the port of each server.
    """
    known = read_site(paths.site_file)
    wanted = ports_of(known)
    ports = wanted if running else choose_ports(wanted, port_is_free)
    content = settings(known, ports, paths)
    if content != known:
        paths.state.mkdir(parents=True, exist_ok=True)
        fresh = paths.site_file.with_suffix(f".{os.getpid()}")
        with fresh.open("w", encoding="utf-8") as file:
            file.write("# Written by the demo. Other settings may be added (farm/site.py).\n")
            YAML().dump(content, file)
        fresh.rename(paths.site_file)
    return ports
