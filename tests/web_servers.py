"""Debian's nginx with the configuration that the project ships, for tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SITE = Path(__file__).parents[1] / "examples/nginx-archive.conf"
START_S = 20


def site_configuration(archive: Path, port: int, master: str) -> str:
    """The shipped configuration, with the lines changed that it says are to be changed."""
    text = SITE.read_text()
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server_name packages.example.org;", "server_name localhost;"),
        ("root /srv/farm/state/archive;", f"root {archive};"),
        ("proxy_pass http://127.0.0.1:8020;", f"proxy_pass {master};"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(archive: Path, work: Path, master: str) -> Iterator[str]:
    """Serve a directory with nginx on a free loopback port; its address.

    :param master: where the master serves it.
    """
    work.mkdir()
    port = free_port()
    (work / "site.conf").write_text(site_configuration(archive, port, master))
    (work / "nginx.conf").write_text(
        # The directories of tests are nobody else's to read.
        f"user root;\ndaemon off;\npid {work}/pid;\nerror_log {work}/error.log;\n"
        "worker_processes 1;\nevents {}\n"
        "http {\n  include /etc/nginx/mime.types;\n  gzip on;\n"
        f"  access_log off;\n  client_body_temp_path {work}/body;\n"
        f"  proxy_temp_path {work}/proxy;\n  fastcgi_temp_path {work}/fastcgi;\n"
        f"  uwsgi_temp_path {work}/uwsgi;\n  scgi_temp_path {work}/scgi;\n"
        f"  include {work}/site.conf;\n}}\n"
    )
    with subprocess.Popen(["/usr/sbin/nginx", "-c", str(work / "nginx.conf")]) as server:
        try:
            wait_for_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Return once somebody listens on a loopback port."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
