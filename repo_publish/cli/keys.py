"""`farm archive key …`: the keys that sign the archives, their rotation, who signs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import print_json, print_table
from farm.errors import FarmError
from repo_publish.cli import options

if TYPE_CHECKING:
    from repo_publish.gnupg import SigningKey
    from repo_publish.keys import Keyring

DAY_S = 24 * 3600


def register(archive: typer.Typer) -> None:
    """Add `key` and its commands to `farm archive`."""
    key = typer.Typer(
        help="Show, export and replace the keys that sign the archives.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    key.command("show")(show_command)
    key.command("export")(export_command)
    key.command("rotate")(rotate_command)
    key.command("apply")(apply_command)
    key.command("signer")(signer_command)
    archive.add_typer(key, name="key")


def show_command(keys: options.Keys = None, as_json: options.Json = False) -> None:
    """Show which keys sign, what for, and until when.

    \b
    Example:
      farm archive key show --keys state/keys
    """
    from repo_publish.keys import expiry_warning

    keyring = _keyring(keys)
    settings = keyring.settings(sys.stderr)
    now = time.time()
    there = _roles(keyring)
    warnings = [text for _, key in there if (text := expiry_warning(key, now))]
    if as_json:
        said = [{"role": role, **vars(key), "days_left": _days(key, now)} for role, key in there]
        print_json(
            {
                "keys": said,
                "rotation_since": settings.since or None,
                "signer": list(settings.signer),
                "warnings": warnings,
            }
        )
        return
    print_table(
        ("key", "fingerprint", "made", "expires", "secret half"),
        [
            (
                role,
                key.fingerprint,
                _day(key.created),
                _day(key.expires) or "never",
                "here" if key.secret else "not here",
            )
            for role, key in there
        ],
    )
    if settings.signer:
        typer.echo(f"signs: {' '.join(settings.signer)}")
    if settings.next:
        typer.echo(
            f"being replaced since {_day(settings.since)}; finish with: "
            "farm archive key rotate --finish"
        )
    for warning in warnings:
        typer.echo(f"warning: {warning}")


def export_command(
    keys: options.Keys = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: standard output.")
    ] = None,
) -> None:
    """Print the public keys that clients are to trust, armoured.

    \b
    Example:
      farm archive key export --output farm.asc
    """
    import tempfile

    keyring = _keyring(keys)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "keys.asc"
        keyring.export(keyring.keys(sys.stderr).active, path, armor=True)
        text = path.read_text()
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text)


def rotate_command(
    to: Annotated[
        str | None,
        typer.Option(metavar="FINGERPRINT", help="A key that was imported. Default: make one."),
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Sign with the new key only from now on.")
    ] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="Go on with the old key.")] = False,
    archive: options.Archive = None,
    keys: options.Keys = None,
) -> None:
    """Replace the signing key: begin, and some weeks later finish.

    In between both keys sign, so that clients who trust either go on. Every line is published
    again with its content as it is. What users have to do is in key-transition.txt of every
    archive, and on its page.

    \b
    Examples:
      farm archive key rotate
      farm archive key rotate --finish
    """
    from repo_publish import rotation

    if finish + give_up + (to is not None) > 1:
        raise FarmError("rotate: expected one of --to, --finish and --give-up")
    keyring = _keyring(keys)
    if finish:
        now = rotation.finish(keyring, sys.stderr)
        typer.echo(f"{now.current.fingerprint} signs alone from now on")
    elif give_up:
        now = rotation.give_up(keyring, sys.stderr)
        typer.echo(f"{now.current.fingerprint} stays the key")
    else:
        now = rotation.begin(keyring, to, sys.stderr)
        typer.echo(f"{' and '.join(now.fingerprints)} sign from now on")
    _apply(keyring, options.archive_directory(archive))
    if now.next:
        typer.echo(
            "\nTell the users of apt to fetch farm.sources again (see key-transition.txt), give "
            "them time, then: farm archive key rotate --finish"
        )


def apply_command(archive: options.Archive = None, keys: options.Keys = None) -> None:
    """Publish every line again that is not signed with the keys as they are now.

    \b
    Example:
      farm archive key apply --archive state/archive --keys state/keys
    """
    _apply(_keyring(keys), options.archive_directory(archive))


def signer_command(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND...", help="What signs, with arguments.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="FINGERPRINT", help="Its key, imported here. Default: the current."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Sign with the keys here again.")] = False,
    keys: options.Keys = None,
) -> None:
    """Have a command sign, so that no secret key is on this host.

    It is called as COMMAND MODE FINGERPRINT..., with MODE one of clearsign, detach and
    detach-binary, reads the data from standard input and prints the signature. It is tried before
    it is taken.

    \b
    Example:
      farm archive key signer -- ssh signer@vault farm-sign
    """
    from repo_publish.remote import stop_using, use_command

    if none == bool(command):
        raise FarmError("signer: expected either a command or --none")
    keyring = _keyring(keys)
    if none:
        stop_using(keyring, sys.stderr)
        typer.echo("the keys of this host sign")
    else:
        use_command(keyring, command or [], key, sys.stderr)
        typer.echo(f"{' '.join(command or [])} signs")


def _apply(keyring: Keyring, archive: Path) -> None:
    from repo_publish.rotation import publish_again

    for snapshot in publish_again(archive.absolute(), keyring, sys.stderr):
        state = "is published again" if snapshot.changed else "is signed with these keys"
        typer.echo(f"{snapshot.channel}/{snapshot.distro}: snapshot {snapshot.number} {state}")


def _keyring(given: Path | None) -> Keyring:
    from repo_publish.keys import Keyring

    return Keyring(options.key_directory(given))


def _roles(keyring: Keyring) -> list[tuple[str, SigningKey]]:
    """Every key with what it is for; also an expired one, which cannot sign any more."""
    from repo_publish.gnupg import key_list

    settings = keyring.settings(sys.stderr)
    there = {key.fingerprint: key for key in key_list(keyring.home)}
    roles = [("current", settings.current), ("next", settings.next)]
    roles += [("previous", fingerprint) for fingerprint in settings.previous]
    return [(role, there[fingerprint]) for role, fingerprint in roles if fingerprint in there]


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds)) if seconds else ""


def _days(key: SigningKey, now: float) -> int | None:
    return int((key.expires - now) // DAY_S) if key.expires else None
