"""components.yml files for tests: a small right one, into which a test writes its mistake."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

CHANNELS = "channels:\n  development:\n"

DISTROS = dedent("""\
    distros:
      bookworm:
        family: deb
        release: Debian 12
        architecture: amd64
        root: {suite: bookworm}
        version_suffix: ~deb12
      el9:
        family: rpm
        release: EL 9
        architecture: x86_64
        root: {mock: rocky-9-x86_64}
        version_suffix: .el9
    """)

COMPONENTS_LINE = len((CHANNELS + DISTROS).splitlines()) + 2
"""Line of the first component in `stack_text`."""


def stack_text(components: str = "", *, channels: str = CHANNELS, distros: str = DISTROS) -> str:
    """The text of a components.yml with these components."""
    if not components:
        return f"{channels}{distros}components: {{}}\n"
    return f"{channels}{distros}components:\n{indent(dedent(components), '  ')}"


def write(folder: Path, text: str) -> Path:
    """The text as `folder`/components.yml."""
    path = folder / "components.yml"
    path.write_text(text, encoding="utf-8")
    return path
