"""A package of a few lines, built as the farm builds everything: does this machine manage?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from farm.job.workspace import Cache
from farm.local.build import build_checkout, require_root
from farm.model import Component, Distro

NAME = "farm-smoke"
_FILES = {
    "configure": "#!/bin/sh\nexit 0\n",
    "Makefile": (
        "all:\n\tprintf '#!/bin/sh\\necho it works\\n' >farm-smoke\n\tchmod 755 farm-smoke\n"
        "check:\n\tsh farm-smoke\n"
        "install:\n\tmkdir -p $(DESTDIR)/usr/bin\n\tcp farm-smoke $(DESTDIR)/usr/bin/\n"
    ),
    "README": "Shows that a worker can build.\n",
}
_COMPONENT = {
    "name": NAME,
    "git": f"https://example.invalid/{NAME}.git",
    "version": "1.0",
    "summary": "Shows that a worker can build",
    "licence": "MIT",
}


def build(distro: Distro, cache: Path) -> tuple[str, ...]:
    """Make the clean root of a distro, if there is none yet, and build the package in it.

    :param cache: of the worker, where roots are kept.
    :returns: the packages.
    :raises FarmError: it cannot be built.
    """
    require_root()
    component = Component.model_validate(_COMPONENT)
    cache.mkdir(parents=True, exist_ok=True)
    cache = cache.resolve()  # what is mounted below it has to be found again
    with tempfile.TemporaryDirectory(prefix="farm-smoke-", dir=cache) as scratch:
        checkout = Path(scratch) / NAME
        checkout.mkdir()
        for name, text in _FILES.items():
            (checkout / name).write_text(text, encoding="utf-8")
        (checkout / "configure").chmod(0o755)
        made = build_checkout(
            checkout,
            component,
            distro,
            "The farm <farm@example.invalid>",
            (),
            Cache(cache),
            Path(scratch) / "out",
            lambda _: None,
        )
        return tuple(name for name in made.files if name.endswith((".deb", ".rpm")))
