"""Tiny real C projects for tests: ./configure, make, make check, make install, without autotools.

Each builds in well under a second and behaves as an autoconf project does towards its packaging:
the usual directory options, unknown ``--disable-…`` accepted, ``DESTDIR``, CFLAGS from the
environment, safe under ``make -j``.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TIMESTAMP = 1_700_000_000
"""Seconds since 1970 of every commit that `commit` makes, unless told otherwise."""

_CONFIGURE = r"""#!/bin/sh
# Takes the options that an autoconf script takes.
set -e
prefix=/usr/local exec_prefix='${prefix}' bindir='${exec_prefix}/bin' libdir='${exec_prefix}/lib'
includedir='${prefix}/include' datarootdir='${prefix}/share' mandir='${datarootdir}/man'
static=yes
while [ $# -gt 0 ]; do
    case $1 in
    --prefix=* | --*dir=* | --exec-prefix=*)
        name=$(echo "${1%%=*}" | sed 's/^--//; s/-/_/g')
        eval "$name=\${1#*=}" ;;
    --prefix | --*dir | --exec-prefix)
        name=$(echo "$1" | sed 's/^--//; s/-/_/g')
        shift
        eval "$name=\$1" ;;
    --disable-static | --enable-static=no) static=no ;;
    --enable-static) static=yes ;;
    --enable-* | --disable-* | --with-* | --without-*) ;;
    --build=* | --host=* | --target=* | --program-*=* | --cache-file=* | -q | --quiet) ;;
    *=*) export "$1" ;;
    *) echo "configure: error: unrecognized option: '$1'" >&2; exit 1 ;;
    esac
    shift
done
@PROBE@
for output in @OUTPUTS@; do
    sed -e "s|@prefix@|$prefix|" -e "s|@exec_prefix@|$exec_prefix|" -e "s|@bindir@|$bindir|" \
        -e "s|@libdir@|$libdir|" -e "s|@includedir@|$includedir|" -e "s|@mandir@|$mandir|" \
        -e "s|@datarootdir@|$datarootdir|" -e "s|@static@|$static|" -e "s|@CC@|${CC:-cc}|" \
        -e "s|@CFLAGS@|${CFLAGS:--O2 -g}|" -e "s|@CPPFLAGS@|$CPPFLAGS|" \
        -e "s|@LDFLAGS@|$LDFLAGS|" -e "s|@USES_CFLAGS@|$uses_cflags|" \
        -e "s|@USES_LIBS@|$uses_libs|" "$output.in" > "$output"
done
echo "configure: wrote @OUTPUTS@"
"""

_DIRECTORIES = """\
prefix = @prefix@
exec_prefix = @exec_prefix@
bindir = @bindir@
libdir = @libdir@
includedir = @includedir@
datarootdir = @datarootdir@
mandir = @mandir@
CC = @CC@
CFLAGS = @CFLAGS@
CPPFLAGS = @CPPFLAGS@
LDFLAGS = @LDFLAGS@
"""

_LIBRARY_MAKEFILE = (
    _DIRECTORIES
    + """
static = @static@
archive_yes = $(lib).a

lib = %(lib)s
soname = $(lib).so.%(abi)s
real = $(soname).%(version)s

all: $(soname) $(archive_$(static)) %(name)s-info

%(name)s.o: %(name)s.c %(name)s.h
	$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -c -o $@ %(name)s.c
$(lib).a: %(name)s.o
	$(AR) rcs $@ $^
$(soname): %(name)s.o
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(soname) -o $@ $^ -lc
%(name)s-info: %(name)s-info.c %(name)s.h $(soname)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ %(name)s-info.c $(soname)

check: all
	%(check)s

install: all
	mkdir -p $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir) $(DESTDIR)$(bindir)
	mkdir -p $(DESTDIR)$(mandir)/man1
	install -m 755 $(soname) $(DESTDIR)$(libdir)/$(real)
	ln -sf $(real) $(DESTDIR)$(libdir)/$(soname)
	ln -sf $(soname) $(DESTDIR)$(libdir)/$(lib).so
	test $(static) = no || install -m 644 $(lib).a $(DESTDIR)$(libdir)/$(lib).a
	install -m 644 %(name)s.h $(DESTDIR)$(includedir)/%(name)s.h
	install -m 755 %(name)s-info $(DESTDIR)$(bindir)/%(name)s-info
	install -m 644 %(name)s-info.1 $(DESTDIR)$(mandir)/man1/%(name)s-info.1
	install -m 644 %(name)s.pc $(DESTDIR)$(libdir)/pkgconfig/%(name)s.pc

clean:
	rm -f *.o *.a *.so.* %(name)s-info
distclean: clean
	rm -f Makefile %(name)s.pc

.PHONY: all check install clean distclean
"""
)

_PKG_CONFIG = """\
prefix=@prefix@
exec_prefix=@exec_prefix@
libdir=@libdir@
includedir=@includedir@

Name: %(name)s
Description: A tiny library
Version: %(version)s
Libs: -L${libdir} -l%(link)s
Cflags: -I${includedir}
"""

_PROGRAM_MAKEFILE = (
    _DIRECTORIES
    + """
all: %(name)s

%(name)s: %(name)s.c
	$(CC) $(CPPFLAGS) @USES_CFLAGS@ $(CFLAGS) $(LDFLAGS) -o $@ %(name)s.c @USES_LIBS@

check: all
	%(check)s

install: all
	mkdir -p $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1
	install -m 755 %(name)s $(DESTDIR)$(bindir)/%(name)s
	install -m 644 %(name)s.1 $(DESTDIR)$(mandir)/man1/%(name)s.1

clean:
	rm -f %(name)s
distclean: clean
	rm -f Makefile

.PHONY: all check install clean distclean
"""
)

_MANUAL = """.TH {upper} 1
.SH NAME
{name} \\- print versions
.SH SYNOPSIS
.B {name}
"""


def write_library(
    directory: Path,
    name: str = "tinylib",
    version: str = "1.0",
    *,
    abi: int = 1,
    check: str | None = None,
) -> Path:
    """Write a C library with a command, a header, a pkg-config file and a man page.

    Installs ``lib<name>.so.<abi>`` (``lib`` is not doubled), its links and static archive,
    ``<name>.h``, ``<name>.pc``, and ``<name>-info`` (prints the version) with its man page.

    :param abi: number in the SONAME.
    :param check: shell line that ``make check`` runs instead of its test (``false``, ``sleep 99``).
    :return: `directory`, which is made when it does not exist; files in it are overwritten.
    """
    lib = name if name.startswith("lib") else f"lib{name}"
    symbol = _symbol(name)
    values = {
        "name": name,
        "version": version,
        "lib": lib,
        "link": lib.removeprefix("lib"),
        "abi": str(abi),
        "check": check or f'test "$$(LD_LIBRARY_PATH=. ./{name}-info)" = "{name} {version}"',
    }
    return _write(
        directory,
        name,
        {
            "configure": _configure("uses_cflags= uses_libs=", f"Makefile {name}.pc"),
            "Makefile.in": _LIBRARY_MAKEFILE % values,
            f"{name}.pc.in": _PKG_CONFIG % values,
            f"{name}.h": f'#define {symbol.upper()}_VERSION "{version}"\n'
            f"const char *{symbol}_version(void);\n",
            f"{name}.c": f'#include "{name}.h"\n\n'
            f"const char *{symbol}_version(void)\n{{\n    return {symbol.upper()}_VERSION;\n}}\n",
            f"{name}-info.c": f'#include <stdio.h>\n#include "{name}.h"\n\n'
            f'int main(void)\n{{\n    printf("{name} %s\\n", {symbol}_version());\n'
            "    return 0;\n}\n",
            f"{name}-info.1": _MANUAL.format(name=f"{name}-info", upper=f"{name}-info".upper()),
        },
    )


def write_program(
    directory: Path,
    name: str = "tinyapp",
    library: str = "tinylib",
    version: str = "1.0",
    *,
    check: str | None = None,
) -> Path:
    """Write a C program that finds `library` (a name given to write_library) by pkg-config.

    It prints ``<name> <version>, built with <library> X, running with <library> Y``.

    :param check: shell line that ``make check`` runs instead of its test.
    :return: `directory`, which is made when it does not exist; files in it are overwritten.
    """
    symbol = _symbol(library)
    probe = (
        f"uses_cflags=$(pkg-config --cflags {library}) && uses_libs=$(pkg-config --libs {library})"
        f' || {{ echo "configure: error: {library} is not installed" >&2; exit 1; }}'
    )
    source = (
        f"#include <stdio.h>\n#include <{library}.h>\n\n"
        f'int main(void)\n{{\n    printf("{name} {version}, built with {library} %s, '
        f'running with {library} %s\\n",\n           {symbol.upper()}_VERSION, '
        f"{symbol}_version());\n    return 0;\n}}\n"
    )
    return _write(
        directory,
        name,
        {
            "configure": _configure(probe, "Makefile"),
            "Makefile.in": _PROGRAM_MAKEFILE
            % {"name": name, "check": check or f"./{name} | grep '^{name} {version}, '"},
            f"{name}.c": source,
            f"{name}.1": _MANUAL.format(name=name, upper=name.upper()),
        },
    )


def commit(
    directory: Path, message: str = "Change", *, tag: str = "", timestamp: int = TIMESTAMP
) -> str:
    """Commit everything in `directory` (a repository from then on, branch main); return the id."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{timestamp} +0000",
        "GIT_COMMITTER_DATE": f"{timestamp} +0000",
        **{
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Tester"), ("EMAIL", "tester@example.invalid"))
        },
    }

    def git(*arguments: str) -> str:
        argv = ["git", "-C", str(directory), *arguments]
        done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    if not (directory / ".git").exists():
        git("init", "-q", "-b", "main")
    git("add", "--all", "--force", ".")
    git("commit", "-q", "--allow-empty", "-m", message)
    if tag:
        git("tag", tag)
    return git("rev-parse", "HEAD")


def _configure(probe: str, outputs: str) -> str:
    return _CONFIGURE.replace("@PROBE@", probe).replace("@OUTPUTS@", outputs)


def _symbol(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _write(directory: Path, name: str, files: dict[str, str]) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for filename, text in {"README": f"{name}, a tiny project for tests.\n", **files}.items():
        (directory / filename).write_text(text)
    (directory / "configure").chmod(0o755)
    return directory
