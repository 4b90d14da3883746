"""``millrace train``: models, signed as a bundle and promoted."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final

import typer

STAGES: Final = 5
# What is compared: (name in the metrics, what a person reads).
PREDICTORS: Final = (
    ("severity", "models"),
    ("majority", "commonest class"),
    ("stated", "stated severity"),
    ("stated_recoded", "stated, recoded"),
    ("ceiling", "label-noise ceiling"),
)


def train(
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Train on generated alerts: for a machine that has no models.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same models.")] = 1,
    label_noise: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share of labels that are one class off.")
    ] = 0.05,
    rows: Annotated[
        int | None, typer.Option(min=2_000, max=200_000, help="Alerts to generate (default: 14,500).")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Train models, sign them as a bundle and promote it: workers that start from now on use it.

    Example: millrace train --bootstrap

    Example: millrace train --bootstrap --seed 2 --label-noise 0.1 --json | jq .metrics
    """
    import orjson

    from enrich.errors import SettingsWrong
    from worker.settings import load_settings

    if not bootstrap:
        raise SettingsWrong("training from corpora is not here yet: millrace train --bootstrap")
    settings = load_settings()
    if settings.production:
        raise SettingsWrong("train --bootstrap: MILLRACE_ENV=production refuses bootstrap bundles")
    from training import bootstrap as training

    began = time.monotonic()
    with _progress(quiet=as_json) as say:
        made = training.bootstrap(
            bundles=settings.bundle_dir,
            keys=settings.keys_dir,
            trust=settings.trust_dir,
            now_ms=time.time_ns() // 1_000_000,
            seed=seed,
            rows=training.ROWS if rows is None else rows,
            label_noise=label_noise,
            say=say,
        )
    seconds = time.monotonic() - began
    place = settings.bundle_dir / made.bundle_id
    if as_json:
        doc = {"bundle_id": made.bundle_id, "bundle": str(place), "seconds": round(seconds, 2)}
        typer.echo(orjson.dumps({**doc, "metrics": made.metrics}))
        return
    _print(made.metrics)
    typer.echo(f"Bundle {made.bundle_id} signed and promoted in {seconds:.1f} s: {place}")


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield what shows a stage on stderr: a bar at a terminal, a line elsewhere, nothing if quiet."""
    if quiet or not sys.stderr.isatty():
        yield (lambda stage: None) if quiet else (lambda stage: print(stage, file=sys.stderr, flush=True))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=20), TimeElapsedColumn())
    text = TextColumn("{task.description}", markup=False)
    with Progress(*columns, text, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("start", total=STAGES, completed=-1)
        yield lambda stage: progress.update(task, description=stage, advance=1)
        progress.update(task, completed=STAGES)


def _print(metrics: Mapping[str, float]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    table = Table(title="Severity, on alerts that came later and on another company's", title_justify="left")
    table.add_column("predicted by")
    for heading in ("accuracy", "macro-F1", "accuracy, other", "macro-F1, other"):
        table.add_column(heading, justify="right")
    for name, what in PREDICTORS:
        cells = (
            metrics[f"{of}{name}.{figure}"] for of in ("", "other.") for figure in ("accuracy", "macro_f1")
        )
        table.add_row(what, *(f"{value:.3f}" for value in cells))
    console.print(table)
    for of, where in (("", "later alerts"), ("other.", "another company")):
        low, high = metrics[f"{of}confidence.ece_low"], metrics[f"{of}confidence.ece_high"]
        console.print(
            f"{where}: {metrics[f'{of}rows']:,.0f} different alerts; calibration error "
            f"{metrics[f'{of}confidence.ece']:.3f} ({low:.3f} to {high:.3f}); within what the models know "
            f"{metrics[f'{of}severity.covered']:.1%}; anomaly finds attack stories with AUC "
            f"{metrics[f'{of}anomaly.auc_story']:.2f} (chance .50)",
            soft_wrap=True,
        )
    console.print("Labels are synthetic: these figures say nothing of your own alerts.")
