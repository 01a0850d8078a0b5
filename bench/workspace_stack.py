"""Generated stacks of small C components whose programs say what they were built from.

Every component is a static library with a header, a test and a .pc file; those of the last layer
are programs as well. A library's value is its own number plus its dependencies' values and the
constants in their headers, so a program's output shows each stale object in it. `Stack.expected`
is what the program has to print.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

AUTOCONF, PLAIN = "autoconf", "plain"
GIT = (
    *("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"),
    *("-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"),
)


@dataclass
class Part:
    """One component."""

    name: str
    depends: tuple[str, ...]
    number: int
    constant: int
    program: bool
    pieces: int = 3
    """Source files besides the one with the value."""
    comment: str = ""
    extra_symbol: bool = False


@dataclass
class Stack:
    """All components, by name, each after those that it depends on."""

    parts: dict[str, Part]
    variant: str = PLAIN
    _configure: str = field(default="", repr=False)

    def expected(self, name: str) -> int:
        """The value of a component as its sources say."""
        part = self.parts[name]
        below = sum(self.expected(d) + self.parts[d].constant for d in part.depends)
        return part.number + part.constant + below

    @property
    def programs(self) -> list[str]:
        """The components that install a program of their own name."""
        return [part.name for part in self.parts.values() if part.program]

    def dependents(self, name: str) -> set[str]:
        """Everything that is built with a component, directly or through others."""
        found: set[str] = set()
        for part in self.parts.values():
            if found.intersection(part.depends) or name in part.depends:
                found.add(part.name)
        return found

    def write(self, name: str, tree: Path) -> None:
        """Write the component's source into a directory; files that are right are not touched."""
        for path, text in self.files(name).items():
            place = tree / path
            if not place.exists() or place.read_text() != text:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
                place.chmod(0o755 if path == "configure" else 0o644)

    def files(self, name: str) -> dict[str, str]:
        """The component's source."""
        part = self.parts[name]
        upper = name.upper()
        texts = {
            "README": f"{name}: a generated component.\n",
            f"include/{name}.h": f"#define {upper}_CONSTANT {part.constant}\n"
            f"int {name}_value(void);\n"
            + "".join(f"int {name}_piece{n}(void);\n" for n in range(part.pieces)),
            f"{name}.pc.in": f"prefix=@prefix@\nName: {name}\nDescription: {name}\nVersion: 1\n"
            f"Requires: {' '.join(part.depends)}\n"
            f"Cflags: -I${{prefix}}/include\nLibs: -L${{prefix}}/lib -l{name}\n",
            "value.c": self._value(part),
            "check.c": f'#include "{name}.h"\nint main(void) {{ return {name}_value() < 1; }}\n',
        }
        for number in range(part.pieces):
            texts[f"piece{number}.c"] = (
                f'#include "{name}.h"\n#include <string.h>\n'
                f"int {name}_piece{number}(void) "
                f'{{ char t[9]; return (int)strlen(strncpy(t, "x", 2)) - 1; }}\n'
            )
        if part.program:
            texts["main.c"] = (
                f'#include <stdio.h>\n#include "{name}.h"\n'
                f'int main(void) {{ printf("%d\\n", {name}_value()); return 0; }}\n'
            )
        return texts | (self._autoconf(part) if self.variant == AUTOCONF else self._plain(part))

    def _value(self, part: Part) -> str:
        includes = "".join(f'#include "{one}.h"\n' for one in (part.name, *part.depends))
        terms = [f"{d}_value() + {d.upper()}_CONSTANT" for d in part.depends]
        pieces = [f"{part.name}_piece{n}()" for n in range(part.pieces)]
        total = " + ".join([str(part.number), f"{part.name.upper()}_CONSTANT", *terms, *pieces])
        symbol = f"int {part.name}_extra(void) {{ return 1; }}\n" if part.extra_symbol else ""
        comment = f"/* {part.comment} */\n" if part.comment else ""
        return f"{includes}{comment}int {part.name}_value(void) {{ return {total}; }}\n{symbol}"

    def _plain(self, part: Part) -> dict[str, str]:
        modules = " ".join(part.depends)
        flags = ""
        if modules:
            flags = (
                f"CFLAGS += $(shell pkg-config --cflags {modules})\n"
                f"LIBS := $(shell pkg-config --libs --static {modules})\n"
            )
        return {"Makefile": f"PREFIX = /usr/local\nCFLAGS = -O1\n{flags}" + self._rules(part)}

    def _autoconf(self, part: Part) -> dict[str, str]:
        modules = " ".join(part.depends)
        makefile = (
            "PREFIX = @prefix@\nCC = @CC@\nCFLAGS = @CFLAGS@ @DEPS_CFLAGS@\n"
            "CPPFLAGS = @CPPFLAGS@\nLIBS = @DEPS_LIBS@\n" + self._rules(part)
        )
        return {
            "configure.ac": f"AC_INIT([{part.name}],[1])\n",
            "configure": self.configure_script()
            .replace("@MODULES@", modules)
            .replace("generated-component", part.name),
            "Makefile.in": makefile,
            "install-sh": "#!/bin/sh\n",
        }

    def configure_script(self) -> str:
        """What autoconf makes of a usual configure.ac; made once."""
        if not self._configure:
            self._configure = make_configure()
        return self._configure

    def _rules(self, part: Part) -> str:
        name = part.name
        pieces = " ".join(f"piece{n}.o" for n in range(part.pieces))
        targets = f"lib{name}.a {name}.pc" + (f" {name}" if part.program else "")
        program = ""
        if part.program:
            program = (
                f"{name}: main.o lib{name}.a\n\t$(CC) -o $@ main.o lib{name}.a $(LDFLAGS) $(LIBS)\n"
            )
        install = f"\tmkdir -p $(D)/bin\n\tcp {name} $(D)/bin/\n" if part.program else ""
        return f"""
COMPILE.c = $(CC) -Iinclude -MMD $(CPPFLAGS) $(CFLAGS) -c
OBJECTS = value.o {pieces}
all: {targets}
lib{name}.a: $(OBJECTS)
\tar crD $@ $(OBJECTS)
{name}.pc: {name}.pc.in
\tsed 's|@[p]refix@|$(PREFIX)|' {name}.pc.in > $@
check: check.o lib{name}.a
\t$(CC) -o check check.o lib{name}.a $(LDFLAGS) $(LIBS)
{program}test: check
\t./check
D = $(DESTDIR)$(PREFIX)
install: all
\tmkdir -p $(D)/lib/pkgconfig $(D)/include
\tcp lib{name}.a $(D)/lib/
\tcp {name}.pc $(D)/lib/pkgconfig/
\tcp include/{name}.h $(D)/include/
{install}-include $(wildcard *.d)
.PHONY: all test install
"""


def make_configure() -> str:
    """A configure script that looks for what scripts look for, and asks pkg-config for @MODULES@.

    It needs autoconf; a stack of the plain variant does not.
    """
    headers = "stdlib.h string.h unistd.h sys/stat.h sys/time.h fcntl.h limits.h locale.h"
    functions = "strdup memmove gettimeofday select strtol strchr setlocale mkdir"
    source = f"""AC_INIT([generated-component],[1])
AC_PROG_CC
AC_CHECK_HEADERS([{headers}])
AC_CHECK_FUNCS([{functions}])
AC_TYPE_SIZE_T
AC_CHECK_SIZEOF([long])
AC_C_BIGENDIAN
AC_PATH_PROG([PKG_CONFIG], [pkg-config])
farm_modules="@MODULES@"
DEPS_CFLAGS=; DEPS_LIBS=
if test -n "$farm_modules"; then
  DEPS_CFLAGS=`$PKG_CONFIG --cflags $farm_modules` || AC_MSG_ERROR([missing: $farm_modules])
  DEPS_LIBS=`$PKG_CONFIG --libs --static $farm_modules`
  for farm_module in $farm_modules; do
    farm_save=$LIBS; LIBS="$LIBS $DEPS_LIBS"
    AC_MSG_CHECKING([whether $farm_module can be linked])
    AC_LINK_IFELSE([AC_LANG_SOURCE([int main(void) {{ return 0; }}])],
      [AC_MSG_RESULT([yes])], [AC_MSG_ERROR([$farm_module cannot be linked])])
    LIBS=$farm_save
  done
fi
AC_SUBST([DEPS_CFLAGS])
AC_SUBST([DEPS_LIBS])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        Path(place, "configure.ac").write_text(source)
        subprocess.run(["autoconf"], cwd=place, check=True)
        return Path(place, "configure").read_text()


def generate(layers: int, width: int, *, variant: str = PLAIN, seed: int = 1) -> Stack:
    """A stack of layers; each component needs up to two of the layers below, most of the next.

    `l0c0` is the base: a third of the second layer needs it, and with that most of what is above.
    """
    random = Random(seed)  # noqa: S311 - the same stack every time
    parts: dict[str, Part] = {}
    for layer in range(layers):
        for place in range(width):
            name = f"l{layer}c{place}"
            below = [f"l{layer - 1}c{n}" for n in range(width)] if layer else []
            needed = set(random.sample(below, min(2, len(below))))
            if layer == 1 and place % 3 == 0:
                needed.add("l0c0")
            program = layer == layers - 1
            number, constant = random.randint(1, 99), random.randint(1, 9)
            parts[name] = Part(name, tuple(sorted(needed)), number, constant, program)
    return Stack(parts, variant)


def write_repositories(stack: Stack, root: Path) -> None:
    """A git repository with one commit for each component, below `root`."""
    for name in stack.parts:
        tree = root / name
        stack.write(name, tree)
        commit(tree, "First")


def commit(tree: Path, message: str) -> None:
    """Commit everything in a directory, which becomes a repository when it is none."""
    if not (tree / ".git").exists():
        subprocess.run([*GIT, "init", "-q"], cwd=tree, check=True)
    subprocess.run([*GIT, "add", "-A"], cwd=tree, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", message], cwd=tree, check=True)


def components_yml(stack: Stack, repositories: Path) -> str:
    """The components file of a stack."""
    lines = ["channels: {development: }", "distros: {}", "components:"]
    for part in stack.parts.values():
        lines += [
            f"  {part.name}:",
            f"    git: file://{repositories / part.name}",
            f"    depends: [{', '.join(part.depends)}]",
        ]
    return "\n".join(lines) + "\n"


def outputs(prefix: Path, names: Iterable[str]) -> dict[str, int]:
    """What the programs in a prefix print."""
    return {
        name: int(subprocess.run([prefix / "bin" / name], capture_output=True, check=True).stdout)
        for name in names
    }


def stale_programs(stack: Stack, prefix: Path) -> list[str]:
    """The programs that do not print what their sources say."""
    found = outputs(prefix, stack.programs)
    return [name for name, value in found.items() if value != stack.expected(name)]


def has_autoconf() -> bool:
    """Whether the autoconf variant can be made here."""
    return shutil.which("autoconf") is not None
