"""How the tools of the trade say what is wrong, and what to do about it.

Lines reach the rules without line end and colours and cut to a bounded length; every pattern takes
linear time on a line.
"""

from __future__ import annotations

from farm.failure.model import Kind
from farm.failure.rule import rule

_DECLARE = (
    "Add the distribution's package that has it to the component's `packages` in components.yml "
    "(to Build-Depends or BuildRequires where it has packaging of its own)"
)
_FIND = " (`apt-file search` or `dnf provides` finds it)."
_NO_NETWORK = (
    "Builds have no network: put what the build downloads into the repository, or make it a build "
    "dependency."
)

MACHINE = (
    rule(
        Kind.DISK,
        r"No space left on device|Disk quota exceeded|no space left for the build",
        "The machine's disk was full: the farm tries again; `farm worker doctor` checks the disk.",
        certain=True,
    ),
    rule(
        Kind.MEMORY,
        r"virtual memory exhausted|Killed signal terminated program|compiler error: Killed"
        r"|^(?:cc1plus|cc1|rustc|ld)\b.*out of memory|fatal error: .*[Cc]annot allocate memory",
        "The machine ran out of memory: build with fewer jobs at a time, or on a worker that has "
        "more.",
        certain=True,
    ),
    rule(
        Kind.TIMEOUT,
        r"^[a-z -]+ failed: ran longer than ",
        "The last lines before it say what hung. A build that needs so long gets `timeout_minutes` "
        "in components.yml.",
        certain=True,
    ),
)

NETWORK = (
    rule(
        Kind.NETWORK,
        r"[Cc]ould not resolve (?:host|proxy)|Temporary failure (?:in name resolution|resolving)"
        r"|Network is unreachable|[Nn]ame or service not known|getaddrinfo \w+ EAI_AGAIN"
        r"|^fatal: unable to access|^curl: \((?:5|6|7|28)\)|wget: unable to resolve"
        r"|error: failed to (?:download|fetch) |dial tcp.*(?:no such host|connection refused)"
        r"|NewConnectionError|Could not find a version that satisfies the requirement",
        _NO_NETWORK,
    ),
)

DEPENDENCIES = (
    rule(
        Kind.DEPENDENCY,
        r"^E: Unable to locate package (?P<package>\S+)"
        r"|^E: Package '(?P<package2>[^']+)' has no installation candidate",
        "The distribution has no such package: correct the name in the component's `packages` in "
        "components.yml, which may differ per distro.",
    ),
    rule(
        Kind.DEPENDENCY,
        r"^ *(?:The following packages have unmet dependencies:?)",
        "One of the packages does not exist on this distro, or in another version. Correct the "
        "component's `packages`, or build the newer version as a component.",
        "unmet dependencies:",
        after=r"^\s+(\S+(?: +\S+)? : (?:Depends|Pre-Depends|Breaks|Conflicts): .*)",
    ),
    rule(
        Kind.DEPENDENCY,
        r"^dpkg-checkbuilddeps: error: [Uu]nmet build dependencies: (?P<packages>.*)",
        "Add them to the component's `packages` in components.yml, or to `depends` where the farm "
        "builds them.",
        "unmet build dependencies: {packages}",
    ),
    rule(
        Kind.DEPENDENCY,
        r"^error: Failed build dependencies:",
        "Add what has it to the component's `packages` in components.yml, or to `depends` where "
        "the farm builds it.",
        "failed build dependencies:",
        after=r"^\s+(\S.* is needed by .*)",
    ),
    rule(
        Kind.DEPENDENCY,
        r"^(?:Error: )?No matching package to install: '(?P<package>[^']+)'"
        r"|^(?:Error: )?No match for argument: (?P<package2>\S+)",
        "The distribution has no such package: correct the name in the component's `packages` in "
        "components.yml.",
    ),
    rule(
        Kind.DEPENDENCY,
        r"^\s*(?:- )?nothing provides .+ needed by ",
        "What it needs is in none of the distro's repositories: enable the repository that has it "
        "in the distro's `root`, or build it as a component.",
    ),
)

CONFIGURE = (
    rule(
        Kind.CONFIGURE,
        r"^configure(?:\.ac:\d+)?: error: Package requirements \((?P<modules>.*?)\) were not met",
        f"A pkg-config module is missing. {_DECLARE}, or the component that has it to `depends`.",
        "configure: package requirements ({modules}) were not met:",
        after=r"^((?:No package|Package|Requested) .*)",
    ),
    rule(
        Kind.CONFIGURE,
        r"^(?:configure|config\.status): error: .",
        "What configure asks for is missing or too old. " + _DECLARE + ".",
    ),
    rule(
        Kind.CONFIGURE,
        r"^CMake Error(?: \(dev\))?(?: at (?P<place>[^ ]+))?.*:$",
        "What CMake asks for is missing or too old. " + _DECLARE + ".",
        "CMake Error at {place}:",
        after=r"^\s+(\S.*)",
    ),
    rule(
        Kind.CONFIGURE,
        r"^CMake Error: .",
        "What CMake asks for is missing. " + _DECLARE + ".",
    ),
    rule(
        Kind.CONFIGURE,
        r"meson(?:\.build|_options\.txt|\.options):\d+:\d+: ERROR: .",
        "What meson asks for is missing or too old. " + _DECLARE + ".",
    ),
    rule(
        Kind.CONFIGURE,
        r"^\S*configure: (?:line )?\d+: .*syntax error near unexpected token",
        "A macro of autoconf was not found when configure was made: add pkg-config or "
        "autoconf-archive to the component's `packages`.",
    ),
    rule(
        Kind.CONFIGURE,
        r"^\S*(?:configure\.(?:ac|in)|Makefile\.am|\.m4):\d+: error: .",
        "autoconf or automake stopped. A macro it does not know comes with the package of the tool "
        "that it belongs to (pkg-config, libtool, gettext, autoconf-archive).",
    ),
    rule(Kind.CONFIGURE, r"^(?:aclocal|autoreconf|autoconf|automake|libtoolize): error: ."),
)

PACKAGING = (
    rule(
        Kind.PACKAGING,
        r"^(?:error: |\s+)Installed \(but unpackaged\) file\(s\) found:",
        "`make install` installs files that %files does not list: add them, or have them not "
        "installed. Generated packaging lists all files by itself.",
        "installed, but not in %files:",
        after=r"^\s+(/\S.*)",
    ),
    rule(
        Kind.PACKAGING,
        r"^(?:error: |\s+)(?:File|Directory) not found(?: by glob)?: (?P<file>\S+)",
        "%files lists what `make install` did not install: correct %files, or see why it is not "
        "installed (an option of configure, a missing build dependency).",
        "%files lists {file}, which was not installed",
    ),
    rule(
        Kind.PACKAGING,
        r"^dh_install: error: missing files, aborting",
        "debian/*.install lists what was not installed: correct the list, or see why it is not "
        "installed (an option of configure, a missing build dependency).",
        before=r"^dh_install: (?:warning|error): (?:Cannot find|.*missing files)",
    ),
    rule(
        Kind.PACKAGING,
        r"^dh_missing: error: missing files, aborting",
        "Files were installed that no package takes: list them in a debian/*.install, or in "
        "debian/not-installed.",
        before=r"^dh_missing: (?:warning|error): (\S+ exists in .*)",
    ),
    rule(
        Kind.PACKAGING,
        r"^dpkg-gensymbols: error: .",
        "The library lost symbols: that wants a new SONAME, or a corrected debian/*.symbols.",
    ),
    rule(
        Kind.PACKAGING,
        r"^dpkg-shlibdeps: error: .",
        "A library that the packages need belongs to no installed package: install it in a package "
        "of the component, or add the one that has it to the build dependencies.",
    ),
    rule(Kind.PACKAGING, r"^error: Empty %files file "),
    rule(
        Kind.PACKAGING,
        r"^error: (?:line \d+: .|Bad source|Bad file|parse error in expression)",
        "The .spec is wrong at that line.",
    ),
    rule(
        Kind.PACKAGING,
        r"^dpkg-source: error: .|^dpkg-(?:deb|genchanges|gencontrol|buildpackage): error: "
        r"(?!.*(?:subprocess|debian/rules))",
    ),
    rule(Kind.PACKAGING, r"^dh(?:_[a-z_]+)?: error: (?!.*returned exit code)"),
)

COMPILERS = (
    rule(
        Kind.COMPILER,
        r"^\S[^:]*:\d+(?::\d+)?:? fatal error: (?P<header>\S+): No such file or directory",
        "A header is missing. " + _DECLARE + _FIND,
    ),
    rule(
        Kind.COMPILER,
        r"^\S[^:]*:\d+(?:[.:][\d.:-]+)?: (?:fatal )?error(?: [A-Z]+\d+)?:(?: \[[^]]*\])? ?(?:\S|$)",
        "",
        after=r"^\s+(\S.*)",
    ),
    rule(Kind.COMPILER, r"^\S[^:]*:\d+: Error: ."),
    rule(Kind.COMPILER, r"internal compiler error: ."),
    rule(
        Kind.COMPILER,
        r"^error(?:\[E\d+\])?: (?!could not compile|aborting|test failed|linking|process|Bad exit|"
        r"Failed build|Installed|File not|Directory not|Empty|line )"
        r"(?=.*(?:cannot|unresolved|mismatch|expected|borrow|unused|found|macro|no |not |can't))",
    ),
    rule(
        Kind.COMPILER,
        r"^(?:\S*[-/])?(?:gcc|g\+\+|cc|c\+\+|clang|cc1|cc1plus)(?:-\d+)?: (?:fatal )?error: .",
    ),
    rule(
        Kind.COMPILER,
        r"^Error(?: \([^)]*\))?: (?P<what>\S.*)",
        "",
        "{what}",
        before=r"^File \"[^\"]+\", lines? [\d-]+, characters ",
    ),
    rule(Kind.COMPILER, r"^\S[^: ]*\.go:\d+:\d+: \S"),
    rule(Kind.COMPILER, r"^(?:SyntaxError|IndentationError): ."),
    rule(
        Kind.COMPILER,
        r"^(?:ModuleNotFoundError|ImportError): .",
        "A Python module is missing. " + _DECLARE + _FIND,
    ),
    rule(
        Kind.COMPILER,
        r"^Can't locate (?P<module>\S+) in @INC",
        "A Perl module is missing. " + _DECLARE + _FIND,
    ),
)

LINKERS = (
    rule(
        Kind.LINKER,
        r"(?:ld|ld\.\w+): (?:cannot find|error: unable to find library) -l(?P<library>[^\s:]+)",
        "lib{library} is missing. " + _DECLARE + ", or the component that has it to `depends`.",
        "the linker cannot find -l{library}",
    ),
    rule(
        Kind.LINKER,
        r"undefined reference to [`'\"](?P<symbol>[^`'\"]+)|undefined symbol: (?P<symbol2>\S+)",
        "A library is missing from the link command, comes before what uses it, or has lost the "
        "symbol.",
    ),
    rule(
        Kind.LINKER,
        r"multiple definition of [`'\"]|duplicate symbol",
        "Two objects define it; `static`, or `extern` in the header, keeps it in one.",
    ),
    rule(Kind.LINKER, r"relocation \S+ against .* can not be used|recompile with -fPIC"),
    rule(Kind.LINKER, r"^(?:\S*/)?ld(?:\.\w+)?: (?:error: .|.*(?:file format not|symbol .* DSO))"),
    rule(Kind.LINKER, r"^error: linking with \S+ failed"),
)

TOOLS = (
    rule(
        Kind.TOOL,
        r"^\S*sh: (?:line )?\d+: (?P<program>[^:\s]+): (?:command )?not found"
        r"|^\S+: line \d+: (?P<program2>[^:\s]+): command not found"
        r"|^make(?:\[\d+\])?: (?P<program3>[^:\s]+): No such file or directory"
        r"|^env: (?P<program4>\S+): No such file or directory",
        "A program is missing. " + _DECLARE + _FIND,
    ),
    rule(
        Kind.TOOL,
        r"^make(?:\[\d+\])?: \*\*\* No rule to make target [`'](?P<target>[^`']+)'",
        "A file that the makefile needs is neither in the repository nor made by a rule.",
    ),
    rule(
        Kind.TOOL,
        r"^ninja: error: .*missing and no known rule",
        "A file that the build needs is neither in the repository nor made by a rule.",
    ),
)

RULES = (*MACHINE, *DEPENDENCIES, *CONFIGURE, *PACKAGING, *COMPILERS, *LINKERS, *NETWORK, *TOOLS)
