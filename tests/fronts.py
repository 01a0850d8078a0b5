"""nginx with TLS in front of a farm, from the configuration that the project ships, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.farms import TOP, free_ports
from tests.listeners import certificate
from tests.web_servers import SITE, wait_for_port

NGINX = "/usr/sbin/nginx"


@dataclass
class Front:
    """Ports and certificate of an nginx, and where its configuration lies."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.certificate, self.key = certificate(self.folder, "localhost", "packages.localhost")
        self.ports = free_ports("plain", "tls")

    @property
    def url(self) -> str:
        """Of the farm, without a slash at the end."""
        return f"https://localhost:{self.ports['tls']}"

    def configure(self, www: int, pool: int, archive: Path, archive_port: int) -> Path:
        """Write the configuration as an operator would who changes the marked lines."""
        site = _changed(
            TOP / "deploy/nginx/farm.conf",
            {
                "/etc/ssl/farm/fullchain.pem": str(self.certificate),
                "/etc/ssl/farm/privkey.pem": str(self.key),
                "listen 80;": f"listen 127.0.0.1:{self.ports['plain']};",
                "server_name farm.example.org packages.example.org;": (
                    "server_name localhost packages.localhost;"
                ),
                "listen 443 ssl http2;": f"listen 127.0.0.1:{self.ports['tls']} ssl http2;",
                "server_name farm.example.org;": "server_name localhost;",
            },
        )
        upstreams = _changed(
            TOP / "deploy/nginx/farm-upstreams.conf",
            {"127.0.0.1:8010": f"127.0.0.1:{www}", "127.0.0.1:8030": f"127.0.0.1:{pool}"},
        )
        archives = _changed(
            SITE,
            {
                "listen 80;": f"listen 127.0.0.1:{self.ports['tls']} ssl;",
                "server_name packages.example.org;": "server_name packages.localhost;",
                "root /srv/farm/state/archive;": f"root {archive};",
                "proxy_pass http://127.0.0.1:8020;": (
                    f"proxy_pass http://127.0.0.1:{archive_port};"
                ),
            },
        )
        for name, text in (("farm", site), ("upstreams", upstreams), ("archive", archives)):
            (self.folder / f"{name}.conf").write_text(text)
        path = self.folder / "nginx.conf"
        temporary = "".join(
            f"  {name}_temp_path {self.folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        path.write_text(
            f"user root;\ndaemon off;\npid {self.folder}/pid;\n"
            f"error_log {self.folder}/error.log;\nevents {{}}\n"
            f"http {{\n  include /etc/nginx/mime.types;\n  access_log off;\n{temporary}"
            f"  include {self.folder}/upstreams.conf;\n  include {self.folder}/farm.conf;\n"
            f"  include {self.folder}/archive.conf;\n}}\n"
        )
        return path


def _changed(path: Path, changes: dict[str, str]) -> str:
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, f"{path} has no '{old}'"
        text = text.replace(old, new)
    return text


@contextmanager
def running(front: Front, configuration: Path) -> Iterator[None]:
    """Check the configuration, and run nginx with it."""
    checked = subprocess.run(
        [NGINX, "-t", "-c", str(configuration)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "test is successful" in checked.stderr
    with subprocess.Popen([NGINX, "-c", str(configuration)]) as server:
        try:
            wait_for_port(front.ports["tls"])
            yield
        finally:
            server.terminate()
