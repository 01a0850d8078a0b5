"""What the demo distribution consists of, as data."""

from __future__ import annotations

import re

RELEASE = "1"

HOST_PACKAGES = (
    # what a build root needs
    *("bash", "dash", "coreutils", "findutils", "grep", "sed", "tar", "gzip", "diffutils"),
    *("util-linux", "passwd", "login", "hostname", "debianutils", "base-files"),
    *("libc-bin", "gcc", "libc6-dev", "binutils", "make", "rpm", "patch", "file", "cpio"),
    *("xz-utils", "bzip2", "zstd", "unzip", "gawk", "mawk", "perl-base"),
    # debuginfo packages
    *("debugedit", "dwz", "elfutils"),
    # what the demo's components build with
    *("pkgconf", "gettext", "libssl-dev", "zlib1g-dev"),
)
"""Debian packages that must be installed on the machine; each becomes an RPM, with all it needs."""

ALSO_KNOWN_AS: dict[str, tuple[str, ...]] = {
    "dash": ("/bin/sh",),
    "debianutils": ("which",),
    "g++": ("gcc-c++",),
    "gettext": ("gettext-devel",),
    "libc-bin": ("glibc-common",),
    "libc6": ("glibc", "rtld(GNU_HASH)"),
    "libc6-dev": ("glibc-devel", "glibc-headers"),
    "libssl-dev": ("openssl-devel",),
    "linux-libc-dev": ("kernel-headers",),
    "passwd": ("shadow-utils",),
    "perl-base": ("perl-interpreter",),
    "pkgconf": ("pkgconf-pkg-config", "pkgconfig"),
    "rpm": ("rpm-build", "rpmbuild"),
    "xz-utils": ("xz",),
    "zlib1g-dev": ("zlib-devel",),
}
"""Names that RPM distributions give to what a Debian package holds."""

BUILD_GROUP = "buildsys-build"

BUILD_ROOT = (
    *("bash", "binutils", "bzip2", "coreutils", "cpio", "diffutils", "file", "findutils", "gawk"),
    *("gcc", "glibc-devel", "grep", "gzip", "make", "patch", "pkgconf", "redhat-rpm-config"),
    *("rpm-build", "sed", "shadow-utils", "system-release", "tar", "unzip", "util-linux"),
    *("which", "xz"),
)
"""Members of `BUILD_GROUP`: what Fedora's group of that name holds, and pkgconf."""

UNWANTED = frozenset(
    (
        # for maintainer scripts and policy, which no RPM runs
        *("adduser", "apt", "base-passwd", "debconf", "debconf-2.0", "debian-archive-keyring"),
        *("dpkg", "gpgv", "init-system-helpers", "install-info", "libapt-pkg6.0"),
        "sensible-utils",
        # for running a machine, or for parts of a package that a build root does not use
        *("e2fsprogs", "libc-dev-bin", "libc-l10n", "libcrypt-dev", "libnsl-dev", "libtirpc-dev"),
        *("libpam-modules", "libpam-modules-bin", "libpam-runtime", "logsave", "mount", "perl"),
        *("rpcsvc-proto", "sysvinit-utils", "tzdata"),
    )
)
"""Dependencies that are left out: the root stays small without them."""

EXCLUDED = re.compile(
    r"^/(?:dev|proc|sys|run|tmp|boot)/"
    r"|^/var/(?:lib/(?:dpkg|apt|rpm)|cache|log|backups)/"
    r"|^/usr/share/(?:doc|man|info|locale|lintian|bug|zoneinfo)/"
    r"|^/etc/(?:ld\.so\.cache|resolv\.conf|hostname|hosts|mtab|machine-id)$"
    r"|^/etc/(?:apt|systemd|cron[^/]*)/|^/usr/lib/systemd/"
)
"""Paths that no package takes along: the machine's own state, and what only people read."""

DIRECTORY_MODES = {"/root": 0o700, "/tmp": 0o1777, "/var/tmp": 0o1777}  # noqa: S108 - in the root

BASE_DIRECTORIES = (
    *("/boot", "/dev", "/etc", "/etc/ld.so.conf.d", "/etc/rpm", "/home", "/media", "/mnt"),
    *("/opt", "/proc", "/run", "/srv", "/sys", "/usr", "/usr/lib64", "/usr/local"),
    *("/usr/share/doc", "/usr/share/info", "/usr/share/locale", "/usr/share/man", "/usr/src"),
    *("/var/cache", "/var/lib/rpm", "/var/log"),
    *DIRECTORY_MODES,
)

MERGED_DIRECTORIES = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
"""Links from ``/`` into ``/usr`` (UsrMerge), where the machine has them."""

RPM_MACROS = r"""# What redhat-rpm-config sets, as far as builds can tell.
%_dbpath /var/lib/rpm
%dist .demo1
%_libdir %{_prefix}/lib64
%_sharedstatedir /var/lib
%_vendor demo
%_enable_debug_packages 1
%_debugsource_packages 1
%_debuginfo_subpackages 1
# With debug packages, find-debuginfo has stripped everything already.
%__brp_strip %{!?__debug_package:%{_rpmconfigdir}/brp-strip %{__strip}}
%__brp_strip_comment_note %{!?__debug_package:%{_rpmconfigdir}/brp-strip-comment-note \
  %{__strip} %{__objdump}}
# The script has bashisms, and /bin/sh is dash here.
%__brp_compress /usr/bin/bash %{_rpmconfigdir}/brp-compress %{?_prefix}
# Every spec with an install section gets debug packages.
%install %{?_enable_debug_packages:%{?buildsubdir:%{debug_package}}}\
%%install\
%{nil}
"""

GENERATED_FILES = {
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
    # ld.so of Debian does not look there by itself, and libraries of RPMs are there
    "/etc/ld.so.conf.d/zz-lib64.conf": "/usr/lib64\n",
    "/etc/rpm/macros.demo": RPM_MACROS,
    "/etc/demo-release": f"Demo release {RELEASE}\n",
    "/etc/system-release": f"Demo release {RELEASE}\n",
    "/usr/lib/os-release": f'NAME="Demo"\nID=demo\nVERSION_ID="{RELEASE}"\n',
}
