"""``millrace train``: corpora to a signed candidate and its report; or a first bundle of generated alerts."""

import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

DATA = "File or directory of corpora: rules, alerts, events with verdicts (docs/corpora.md). Repeatable."


def train(
    data: Annotated[list[Path] | None, typer.Option("--data", help=DATA)] = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Train on generated alerts: for a machine that has no models.")
    ] = False,
    name: Annotated[
        str, typer.Option(help="Name of the bundle, for people: lower case, digits, . _ -")
    ] = "candidate",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same models.")] = 1,
    cut: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Rows from this day on are the test (default: the last 15 %)."
        ),
    ] = None,
    search: Annotated[
        float, typer.Option(min=0.0, max=600.0, metavar="MINUTES", help="Look for better settings so long.")
    ] = 0.0,
    worth: Annotated[
        bool, typer.Option("--worth", help="Learn what is worth a look from another network's attacks, too.")
    ] = False,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Read events and verdicts from the topics, too.")
    ] = False,
    key: Annotated[
        str | None, typer.Option("--key", metavar="ID", help="Key that signs (default: the only one here).")
    ] = None,
    label_noise: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="With --bootstrap: share of labels one class off.")
    ] = 0.05,
    rows: Annotated[
        int | None,
        typer.Option(min=2_000, max=200_000, help="With --bootstrap: alerts to generate (default: 14,500)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Train models from corpora, judge them on rows they never saw, and sign them as a candidate.

    Nothing is promoted: look at the report, then `millrace models promote`. A training that was cut off goes
    on where it was. Exit code 1: a gate refuses the candidate; it is kept, with its report. With --bootstrap:
    models of generated alerts, promoted at once.

    Example: millrace train --data ../rules --data alerts.jsonl

    Example: millrace train --data ../rules --cut 2024-01-01 --json | jq .refused

    Example: millrace train --bootstrap
    """
    from enrich.errors import SettingsWrong
    from worker.settings import load_settings

    settings = load_settings()
    if bootstrap and (data or feedback):
        raise SettingsWrong("train: --bootstrap makes its own alerts; leave out --data and --feedback")
    if bootstrap:
        from millrace.trained import bootstrapped

        bootstrapped(settings, seed, label_noise, rows, as_json)
        return
    if not data and not feedback:
        raise SettingsWrong(
            "train: from what? --data PATH: corpora; --feedback: the topics; --bootstrap: generated alerts"
        )
    try:
        from training import run
        from training.evaluated import Places
        from training.train import Options
    except ModuleNotFoundError as error:
        raise SettingsWrong(f"train needs {error.name}: install millrace[train]") from None
    if search and find_spec("optuna") is None:
        raise SettingsWrong("train --search needs optuna: install millrace[search]")
    from millrace import told, trained
    from models import trusted_keys
    from models.signer import chosen_key
    from worker.compose import mapping_texts

    signer = chosen_key(settings.keys_dir, trusted_keys(settings.trust_dir, settings.production), key)
    now = datetime.fromtimestamp(time.time(), UTC)
    more = told.table(settings)[0] if feedback else None
    cut_ms = None if cut is None else round(cut.replace(tzinfo=UTC).timestamp() * 1000)
    with trained.progress(quiet=as_json) as tell:
        made = run.trained(
            data=data or (),
            more=more,
            authors=settings.authors,
            places=Places(
                settings.state / "reports", settings.bundle_dir, settings.trust_dir, settings.source
            ),
            work=settings.state / "training",
            key=signer,
            options=Options(
                name,
                seed,
                cut_ms,
                search * 60,
                worth,
                networks=settings.networks,
                zone=settings.zone,
                mappings=mapping_texts(settings),
            ),
            now=now,
            production=settings.production,
            tell=tell,
        )
    trained.tell_of(made, as_json)
    if made.refused:
        raise typer.Exit(1)
