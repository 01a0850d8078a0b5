"""What mock is told, and what its exit status means."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.build.rpm.dnf import is_unsolvable
from farm.build.rpm.rpmbuild import BUILD_HOST
from farm.errors import BuildFailure, FarmError, InfrastructureError
from farm.model.stack import Root

CONFIGURATIONS = Path("/etc/mock")

INSTALLED_FORMAT = "%{NEVRA} %{SHA256HEADER}\\n"
_INSTALLED_LINE = re.compile(r"^\S+-[^\s-]+-[^\s-]+\.\S+ (?:[0-9a-f]{64}|\(none\))$", re.MULTILINE)

_RPMBUILD_FAILED = re.compile(r"^RPM build errors:|^error: Bad exit status from ", re.MULTILINE)

# mockbuild/exception.py lists them all.
BUILD_ERROR = 10
TIMEOUT = 11
PACKAGE_MANAGER_ERROR = 30
EXTERNAL_DEPENDENCY_ERROR = 31
PACKAGE_ERROR = 40


@dataclass(frozen=True)
class Chroot:
    """One chroot of mock's, by its configuration and a name of its own."""

    command: tuple[str, ...]
    configuration: Path
    name: str
    """Keeps builds at the same time apart (``--uniqueext``)."""

    def argv(self, *arguments: str) -> list[str]:
        """The argument list that runs mock on this chroot."""
        return [
            *self.command,
            f"--root={self.configuration}",
            f"--uniqueext={self.name}",
            *arguments,
        ]

    def build_argv(
        self,
        spec: Path,
        sources: Path,
        results: Path,
        repositories: Sequence[str],
        timeout_s: float,
        options: Sequence[str] = (),
        *,
        go_on: bool = False,
    ) -> list[str]:
        """Make the source package and the binary packages of a spec.

        :param repositories: base URLs of repositories added to the configuration's.
        :param options: given to rpmbuild.
        :param go_on: in the chroot as the last build left it.
        """
        return self.argv(
            "--rebuild",
            f"--spec={spec}",
            f"--sources={sources}",
            f"--resultdir={results}",
            f"--rpmbuild_timeout={max(int(timeout_s), 1)}",
            "--no-cleanup-after",
            *(["--no-clean"] if go_on else []),
            *(f"--addrepo={url}" for url in repositories),
            *([f"--rpmbuild-opts={shlex.join(options)}"] if options else []),
        )

    def installed_argv(self) -> list[str]:
        """List what is installed in the chroot, which is made unless it exists."""
        return self.argv("--chroot", "--", "rpm", "-qa", "--queryformat", INSTALLED_FORMAT)

    def path_argv(self) -> list[str]:
        """Print where the chroot is."""
        return self.argv("--print-root-path")

    def remove_argv(self) -> list[str]:
        """Throw the chroot away."""
        return self.argv("--scrub=chroot")


def configuration_text(
    root: Root, timestamp: int, isolation: str, directory: Path = CONFIGURATIONS
) -> str:
    """A mock configuration that adds the farm's rules to one of the worker's.

    The same sources give the same bytes, nothing has network, and what a build compiled is kept
    for the packaging that follows.
    """
    macros = {
        "%_buildhost": BUILD_HOST,
        "%use_source_date_epoch_as_buildtime": "1",
        "%clamp_mtime_to_source_date_epoch": "1",
    }
    kept = ["build/SOURCES", "build/BUILD", "build/BUILDROOT"]
    return "\n".join(
        [
            f"include({str(directory / f'{root.mock}.cfg')!r})",
            f"config_opts['environment']['SOURCE_DATE_EPOCH'] = {str(timestamp)!r}",
            *(f"config_opts['macros'][{macro!r}] = {value!r}" for macro, value in macros.items()),
            f"config_opts['isolation'] = {isolation!r}",
            "config_opts['rpmbuild_networking'] = False",
            f"config_opts['chroot_additional_packages'] = {' '.join(root.include)!r}",
            f"config_opts['exclude_from_homedir_cleanup'] = {kept!r}",
            "config_opts['print_main_output'] = True",
            "",
        ]
    )


def installed_lines(output: str) -> list[str]:
    """The packages in what `Chroot.installed_argv` printed, among mock's own lines."""
    return sorted(_INSTALLED_LINE.findall(output))


def verdict(status: int, phase: str, output: str) -> FarmError:
    """What it means that mock exited with `status` while it was in `phase`.

    :return: a BuildFailure when the component is at fault, else an InfrastructureError.
    """
    tail = "\n".join(f"  {line}" for line in output.splitlines()[-20:])
    said = f"mock exited with {status}\n{tail}"
    # Where rpmbuild itself failed, newer mocks exit with its status.
    if status == BUILD_ERROR or _RPMBUILD_FAILED.search(output):
        return BuildFailure(phase, said)
    if status == TIMEOUT:
        return BuildFailure(phase, "ran longer than it may")
    if status == EXTERNAL_DEPENDENCY_ERROR:
        return BuildFailure("dependencies", said)
    if status == PACKAGE_MANAGER_ERROR and is_unsolvable(output):
        return BuildFailure("dependencies", said)
    if status == PACKAGE_ERROR:
        return BuildFailure("package", said)
    return InfrastructureError(f"{phase}: {said}")
