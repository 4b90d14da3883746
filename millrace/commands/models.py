"""``millrace models``: the bundles here, which one is in force, and putting another in force."""

import getpass
import os
import time
from datetime import UTC, datetime
from typing import Annotated, Final

import orjson
import typer

from millrace.commands import keys

# One below the highest sequence that there is, models.promotion.SEQUENCE_LIMIT, which is not read here: a
# command that opens no store need not import models.
AFTER_LIMIT: Final = 9_999_999_998

app = typer.Typer(
    name="models",
    help="Bundles of models: look at them, put one in force, go back to another.",
    epilog="Example: millrace models promote 0123456789abcdef --why 'better on high'",
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="Bundle id, as `millrace models list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Why = Annotated[str, typer.Option("--why", help="One line that stays in the record.")]
Who = Annotated[str | None, typer.Option("--who", help="Who says so (default: this account and host).")]
Key = Annotated[
    str | None, typer.Option("--key", metavar="ID", help="Key that signs (default: the only one here).")
]


@app.command("list", epilog="Example: millrace models list --json | jq .bundles")
def list_models(as_json: Json = False) -> None:
    """Show the bundles here, and every promotion, newest first."""
    from millrace import bundle_tables, bundles, screen
    from worker.settings import load_settings

    store, trusted = bundles.store_of(load_settings())
    rows = [bundles.described(store, bundle_id, trusted) for bundle_id in store.list()]
    rows.sort(key=lambda each: each.created)
    history = store.history(trusted)
    record, problem = bundles.in_force(store, trusted)
    current = None if record is None else record.bundle_id
    if as_json:
        _print_json(
            {
                "in_force": current,
                "problem": problem,
                "bundles": [bundles.document(each, current) for each in rows],
                "promotions": [bundles.record_document(each) for each in history],
            }
        )
        return
    out = screen.console()
    if rows:
        out.print(bundle_tables.bundles(rows, current))
    for each in rows:
        if each.problem is not None:
            out.print(screen.safe(each.problem, "red"), soft_wrap=True)
    if history:
        out.print()
        out.print(bundle_tables.history(history))
    for record_problem in (each.problem for each in history[: bundle_tables.HISTORY]):
        if record_problem not in (None, problem):
            out.print(screen.safe(record_problem, "red"), soft_wrap=True)
    if problem is not None:
        out.print(screen.safe(f"In force: none. {problem}", "bold red"), soft_wrap=True)


@app.command("show", epilog="Example: millrace models show 0123456789abcdef")
def show(bundle_id: Id, as_json: Json = False) -> None:
    """Show what a bundle's signed manifest says: figures, gates, what it was trained on."""
    from millrace import bundle_tables, bundles, screen
    from models.bundle import signed_manifest
    from worker.settings import load_settings

    store, trusted = bundles.store_of(load_settings())
    manifest, key_id = signed_manifest(store.path(bundle_id), trusted)
    record, _ = bundles.in_force(store, trusted)
    in_force = record is not None and record.bundle_id == bundle_id
    records = [
        each for each in store.history(trusted) if each.promotion and each.promotion.bundle_id == bundle_id
    ]
    if as_json:
        promotions = [bundles.record_document(each) for each in records]
        head = {"bundle_id": bundle_id, "in_force": in_force, "key_id": key_id, "promotions": promotions}
        _print_json({**head, "manifest": manifest.model_dump(mode="json")})
        return
    out = screen.console()
    state = "in force" if in_force else "not in force"
    out.print(screen.safe(f"{bundle_id}  {manifest.name}  {state}, signed by {key_id}", "bold"))
    out.print(bundle_tables.facts(manifest))
    out.print(bundle_tables.gates(manifest))
    out.print(bundle_tables.history(records) if records else screen.safe("Never promoted.", "dim"))


@app.command("verify", epilog="Example: millrace models verify --all")
def verify(
    bundle_id: Annotated[str | None, typer.Argument(metavar="ID", help="Bundle id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every bundle that is here.")] = False,
    build: Annotated[
        bool,
        typer.Option("--open", help="Build the models as well, as a worker would: runs what is in them."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Prove every byte of a bundle, as a worker does before it opens one. Exit code 1 for a refused one."""
    from enrich.errors import SettingsWrong
    from millrace import bundles, screen
    from worker.settings import load_settings

    if (bundle_id is None) == (not every):
        raise SettingsWrong("millrace models verify: give the ID of one bundle, or --all")
    store, trusted = bundles.store_of(load_settings())
    asked = store.list() if bundle_id is None else (bundle_id,)
    refused = {each: bundles.problem(store, each, trusted, build) for each in asked}
    if as_json:
        _print_json([{"bundle_id": each, "problem": why} for each, why in refused.items()])
    else:
        for each, why in refused.items():
            verdict = f"good     {each}" if why is None else f"refused  {each}  {why}"
            screen.console().print(screen.safe(verdict, "" if why is None else "red"), soft_wrap=True)
    if any(refused.values()):
        raise typer.Exit(1)


@app.command("diff", epilog="Example: millrace models diff 0123456789abcdef fedcba9876543210")
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="Bundle id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Bundle id.")],
    as_json: Json = False,
) -> None:
    """Compare two bundles by what their manifests say: metrics side by side, B minus A, and other facts.

    Figures were measured when each was trained: on the same rows only if window and parameters are the same.
    """
    from millrace import bundle_tables, bundles, screen
    from models.bundle import signed_manifest
    from worker.settings import load_settings

    store, trusted = bundles.store_of(load_settings())
    one, other = (signed_manifest(store.path(each), trusted)[0] for each in (a, b))
    found = bundles.difference(one, other)
    if as_json:
        _print_json({"a": a, "b": b, **found})
        return
    for table in bundle_tables.difference(found, a, b):
        screen.console().print(table)


@app.command("promote", epilog="Example: millrace models promote 0123456789abcdef --why 'better on high'")
def promote(
    bundle_id: Id,
    why: Why,
    override: Annotated[
        str | None,
        typer.Option("--override", metavar="REASON", help="Promote against the gates; stays in the record."),
    ] = None,
    who: Who = None,
    key: Key = None,
    after: Annotated[
        int,
        typer.Option(
            "--after", min=0, max=AFTER_LIMIT, help="Sequence seen elsewhere; the new one is above."
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Put a bundle in force: verified, let in by its gates, written down and signed."""
    from millrace import bundles
    from models.signer import chosen_key
    from worker.settings import load_settings

    settings = load_settings()
    store, trusted = bundles.store_of(settings)
    record = store.promote(
        bundle_id,
        key=chosen_key(settings.keys_dir, trusted, key),
        trusted=trusted,
        who=_account() if who is None else who,
        why=why,
        at=_now(),
        override=override,
        after=after,
    )
    if as_json:
        _print_json(record.model_dump(mode="json"))
        return
    against = f", against gates: {', '.join(record.gates_failed)}" if record.gates_failed else ""
    typer.echo(
        f"In force: {record.bundle_id} (promotion {record.sequence}, signed by {record.key_id}{against})"
    )


@app.command("rollback", epilog="Example: millrace models rollback --why 'misses phishing'")
def rollback(
    why: Why,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="Bundle id (default: the one before).")
    ] = None,
    who: Who = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Go back to a bundle that was in force before. It is a new record, so workers take it like any other."""
    from millrace import bundles
    from models.signer import chosen_key
    from worker.settings import load_settings

    settings = load_settings()
    store, trusted = bundles.store_of(settings)
    record = store.rollback(
        key=chosen_key(settings.keys_dir, trusted, key),
        trusted=trusted,
        who=_account() if who is None else who,
        why=why,
        at=_now(),
        to=to,
    )
    if as_json:
        _print_json(record.model_dump(mode="json"))
        return
    typer.echo(f"In force again: {record.bundle_id} (promotion {record.sequence}, before: {record.previous})")


app.command("keygen", epilog="Example: millrace models keygen --comment 'detection team'")(keys.new)


def _account() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # of an id without a name, as containers have; OSError: since Python 3.13
        name = f"uid {os.getuid()}"
    return f"{name}@{os.uname().nodename}"[:200]


def _now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


def _print_json(value: object) -> None:
    typer.echo(orjson.dumps(value).decode())
