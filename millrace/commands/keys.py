"""``millrace keys``: the keys that sign bundles here, and whose bundles are believed here."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

app = typer.Typer(
    name="keys",
    help="Keys that sign bundles, and whose bundles are believed here.",
    epilog="Example: millrace keys new --comment 'detection team'",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


@app.command("list", epilog="Example: millrace keys list --json")
def list_keys(as_json: Json = False) -> None:
    """Show trusted keys, and private keys kept on this machine."""
    from millrace import screen
    from models.keys import private_ids, trusted_keys
    from worker.settings import load_settings

    settings = load_settings()
    trusted = trusted_keys(settings.trust_dir, settings.production).keys
    private = private_ids(settings.keys_dir)
    rows: list[dict[str, str | bool | None]] = []
    for key_id in sorted({*trusted, *private}):
        key = trusted.get(key_id)
        rows.append(
            {
                "key_id": key_id,
                "trusted": key is not None and not (key.bootstrap and settings.production),
                "bootstrap": key.bootstrap if key else None,
                "private": key_id in private,
                "comment": key.comment if key else None,
            }
        )
    if as_json:
        _print_json(rows)
        return
    if not rows:
        typer.echo(f"No keys in {settings.trust_dir} or {settings.keys_dir}: `millrace keys new`")
        return
    table = screen.table("key", "trusted", "bootstrap", "private half", "comment")
    for row in rows:
        table.add_row(
            screen.safe(row["key_id"]),
            screen.safe("yes" if row["trusted"] else "no"),
            screen.safe("yes" if row["bootstrap"] else "no"),
            screen.safe("here" if row["private"] else "elsewhere"),
            screen.safe(row["comment"] or ""),
        )
    screen.console().print(table)


@app.command("new", epilog="Example: millrace keys new --comment 'detection team'")
def new(
    comment: Annotated[str, typer.Option("--comment", help="Whose key it is, for people.")],
    as_json: Json = False,
) -> None:
    """Make a key pair: the private half stays here (mode 0600), the public half is trusted here."""
    from models.keys import new_key, private_path
    from worker.settings import load_settings

    settings = load_settings()
    key = new_key(settings.keys_dir, settings.trust_dir, comment=comment)
    private = private_path(settings.keys_dir, key.key_id)
    public = settings.trust_dir / f"{key.key_id}.json"
    if as_json:
        _print_json({"key_id": key.key_id, "private": str(private), "public": str(public)})
        return
    typer.echo(f"Key {key.key_id}")
    typer.echo(f"  private half, keep it secret:  {private}")
    typer.echo(f"  public half, for other hosts:  {public}  (there: millrace keys trust FILE)")


@app.command("trust", epilog="Example: millrace keys trust 0123456789abcdef.json")
def trust(
    file: Annotated[Path, typer.Argument(help="A trust file of another host, or a PEM public key.")],
    comment: Annotated[str, typer.Option("--comment", help="For a PEM file: whose key it is.")] = "",
    as_json: Json = False,
) -> None:
    """Believe bundles signed by this key from now on: opening a bundle runs what its signer put there."""
    from models.keys import read_public
    from models.keys import trust as trust_key
    from worker.settings import load_settings

    key = read_public(file, comment)
    path = trust_key(load_settings().trust_dir, key)
    if as_json:
        _print_json({"key_id": key.key_id, "public": str(path)})
        return
    typer.echo(f"Trusted: {key.key_id}  {path}")


@app.command("distrust", epilog="Example: millrace keys distrust 0123456789abcdef")
def distrust(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Key id, as `millrace keys list` shows it.")],
    as_json: Json = False,
) -> None:
    """Refuse bundles signed by this key from the next load on. A private half kept here stays."""
    from models.keys import distrust as distrust_key
    from worker.settings import load_settings

    distrust_key(load_settings().trust_dir, key_id)
    if as_json:
        _print_json({"key_id": key_id, "trusted": False})
        return
    typer.echo(f"No longer trusted: {key_id}. Running workers keep what they have loaded until they restart.")


def _print_json(value: object) -> None:
    typer.echo(orjson.dumps(value).decode())
