"""jhbuild: a moduleset of checkouts, built in place into a prefix, one module after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as XML

from bench.measured import Cost
from bench.peers.builder import JOBS, Builder
from bench.workspace_stack import PLAIN, Stack


class Jhbuild(Builder):
    """Checkouts with a commit of the developer's each; nothing is fetched, as with `farm build`.

    The build policy is the default one: what changed and what depends on it. `make check` is the
    phase for tests; the stack's target of that name links the test without running it.
    """

    program = "jhbuild"

    def variables(self) -> Mapping[str, str]:
        """Leave to run it as root, as in a container."""
        return {"JHBUILD_RUN_AS_ROOT": "1"}

    def prepare(self) -> None:
        """Write the moduleset and the settings."""
        super().prepare()
        self.prefix.mkdir()
        (self.root / "stack.modules").write_text(moduleset(self.stack, self.sources))
        (self.root / "jhbuildrc").write_text(settings(self.root))

    def build(self) -> Cost:
        """``jhbuild build``."""
        return self.command(
            "jhbuild", "-f", self.root / "jhbuildrc", "--no-interact", "build", "--no-network"
        )

    def built(self) -> Mapping[str, object]:
        """When its record of what is installed was written."""
        records = (self.prefix / "_jhbuild" / "info").iterdir()
        return {path.name: path.stat().st_mtime_ns for path in records}


def settings(root: Path) -> str:
    """A jhbuildrc; the defaults but for places, jobs and tests.

    Builds are not niced, since their wall time is measured, and are made in the source trees:
    the stack's makefiles know no other place.
    """
    values = {
        "moduleset": str(root / "stack.modules"),
        "modules": ["all"],
        "use_local_modulesets": True,
        "checkoutroot": str(root / "src"),
        "prefix": str(root / "prefix"),
        "buildroot": None,
        "jobs": JOBS,
        "makecheck": True,
        "autogenargs": "",
        "nice_build": False,
        "check_sysdeps": False,
        "exit_on_error": True,
    }
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def moduleset(stack: Stack, repositories: Path) -> str:
    """The stack as modules of type autotools, the plain variant without configure."""
    top = XML.Element("moduleset")
    XML.SubElement(
        top, "repository", type="git", name="local", href=f"file://{repositories}/", default="yes"
    )
    for part in stack.parts.values():
        module = XML.SubElement(top, "autotools", id=part.name, bootstrap="true")
        if stack.variant == PLAIN:
            module.set("skip-autogen", "true")
            module.set("makeargs", "PREFIX=${prefix}")
            module.set("makeinstallargs", "PREFIX=${prefix} install")
        XML.SubElement(module, "branch", module=part.name)
        _dependencies(module, part.depends)
    _dependencies(XML.SubElement(top, "metamodule", id="all"), tuple(stack.parts))
    XML.indent(top)
    return '<?xml version="1.0"?>\n' + XML.tostring(top, encoding="unicode") + "\n"


def _dependencies(module: XML.Element, names: tuple[str, ...]) -> None:
    dependencies = XML.SubElement(module, "dependencies")
    for name in names:
        XML.SubElement(dependencies, "dep", package=name)
