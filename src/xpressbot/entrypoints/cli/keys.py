"""xpressbot keys."""

import time
from typing import Final

import typer

from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto.key_ring import KEY_BYTES, KeyRing, change_key_ring, held_key_ring, with_key, with_only

_PAUSE_SECONDS: Final = 0.05


def keys_commands(build: Build) -> typer.Typer:
    """Make the group."""
    keys = typer.Typer(help="The key ring.", no_args_is_help=True)

    @keys.command()
    def add() -> None:
        """Add a key to the ring, to be given to every node before it is used."""
        with opened(build) as services:
            path = services.settings.key_file
            ring = change_key_ring(path, lambda ring: with_key(ring, services.entropy.token_bytes(KEY_BYTES)))
            typer.echo(f"Added the key {ring.newest_id} to {path}. Save a copy, give it to every node, then run: xpressbot keys rotate")

    @keys.command()
    def rotate() -> None:
        """Encrypt with the newest key, and re-encrypt every secret in the database with it. Run it again if it was interrupted."""
        with opened(build) as services:
            with held_key_ring(services.settings.key_file) as ring:
                newest = ring.newest_id
                switched = services.identity.re_encryption.switch_to(newest)
            if switched:
                typer.echo(f"New secrets are encrypted with the key {newest} from now on.")
            _re_encrypt(services)
            typer.echo(f"Every secret is encrypted with the key {newest}. The older ones can go: xpressbot keys retire")

    @keys.command()
    def retire() -> None:
        """Remove all keys but the active one from the ring. Refused while a secret needs another."""
        with opened(build) as services:
            path = services.settings.key_file
            ring = change_key_ring(path, lambda ring: _without_others(services, ring))
            typer.echo(f"Only the key {ring.active_id} is left in {path}.")
            typer.echo("Give it to the other nodes, and keep the old ring as long as backups that need it.")

    return keys


def _without_others(services: Services, ring: KeyRing) -> KeyRing:
    """Decided while the ring is held: a rotation to a newer key in between would leave the database with a key that is gone."""
    active = services.identity.re_encryption.retire_others()
    if active is None:
        fail(f"{services.identity.re_encryption.left()} secrets still need an older key. Run first: xpressbot keys rotate")
    return with_only(ring, active)


def _re_encrypt(services: Services) -> None:
    with typer.progressbar(length=services.identity.re_encryption.left(), label="Re-encrypting") as progress:
        while services.identity.re_encryption.left():
            done = services.identity.re_encryption.next_batch()
            progress.update(done)
            if not done:
                time.sleep(_PAUSE_SECONDS)  # sign-ins hold what is left; they take milliseconds
