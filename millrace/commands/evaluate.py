"""``millrace evaluate``: what a bundle is worth, as page, JSON and card; and two bundles side by side."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

_ID: Final = re.compile(r"[0-9a-f]{16}")


def evaluate(
    bundle_id: Annotated[
        str, typer.Argument(metavar="BUNDLE_ID", help="Bundle id, as `millrace models list` shows it.")
    ],
    against: Annotated[
        str | None, typer.Option(metavar="ID", help="Another bundle, to compare with on the same rows.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Corpora to judge on; default: what training judged and kept.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for the report; default: in the state directory.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole report as one JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Say what a bundle is worth: figures with intervals beside baselines, as report.html and report.json.

    Without --data it tells of the rows that training judged and kept. With it, both bundles are opened, so
    they must be signed by a trusted key.

    Example: millrace evaluate 0123456789abcdef

    Example: millrace evaluate 0123456789abcdef --against fedcba9876543210 --data corpora --out report
    """
    from enrich.errors import SettingsWrong
    from worker.compose import mapping_texts
    from worker.settings import load_settings

    for given in (bundle_id, against):
        if given is not None and not _ID.fullmatch(given):
            raise SettingsWrong(f"{given!r} is no bundle id: see `millrace models list`")
    if bundle_id == against:
        raise SettingsWrong("--against needs another bundle than the first")
    settings = load_settings()
    try:
        from training import evaluated, reports
        from training.dataset import context
    except ModuleNotFoundError as error:
        raise SettingsWrong(f"evaluate needs {error.name}: install millrace[train]") from None
    places = evaluated.Places(
        settings.state / "reports", settings.bundle_dir, settings.trust_dir, settings.source
    )
    report, judged, place = evaluated.evaluation(
        places,
        bundle_id,
        against,
        data,
        settings.production,
        context(settings.networks, settings.zone, mapping_texts(settings)),
        settings.authors,
    )
    place = place if out is None else out
    # The kept rows stay as training left them; elsewhere the report stands with its own.
    page = reports.write(place, report, None if out is None and data is None else judged)
    if as_json:
        typer.echo(reports.json_of(report))
        return
    from rich.text import Text

    from millrace import report_tables, screen

    console = screen.console()
    for each in report_tables.summary(report):
        console.print(each, soft_wrap=isinstance(each, Text))
    typer.echo(f"Report: {page}")
