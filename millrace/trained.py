"""What ``millrace train`` shows: progress on stderr, and what came out."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson
import typer

from enrich.errors import SettingsWrong
from worker.settings import Settings

BOOTSTRAP_STAGES: Final = 5
# What is compared: (name in the metrics, what a person reads).
PREDICTORS: Final = (
    ("severity", "models"),
    ("majority", "commonest class"),
    ("stated", "stated severity"),
    ("stated_recoded", "stated, recoded"),
    ("ceiling", "label-noise ceiling"),
)
# What is done, how much of it, of how much; 0: not known.
Tell = Callable[[str, int, int], None]


def bootstrapped(settings: Settings, seed: int, label_noise: float, rows: int | None, as_json: bool) -> None:
    """Train on generated alerts, sign and promote; print what it is worth. Raises SettingsWrong."""
    if settings.production:
        raise SettingsWrong("train --bootstrap: MILLRACE_ENV=production refuses bootstrap bundles")
    from training import bootstrap as training

    began = time.monotonic()
    with progress(as_json, BOOTSTRAP_STAGES) as tell:
        made = training.bootstrap(
            bundles=settings.bundle_dir,
            keys=settings.keys_dir,
            trust=settings.trust_dir,
            now_ms=time.time_ns() // 1_000_000,
            seed=seed,
            rows=training.ROWS if rows is None else rows,
            label_noise=label_noise,
            say=lambda stage: tell(stage, 0, 0),
        )
    seconds = time.monotonic() - began
    place = settings.bundle_dir / made.bundle_id
    if as_json:
        doc = {"bundle_id": made.bundle_id, "bundle": str(place), "seconds": round(seconds, 2)}
        typer.echo(orjson.dumps({**doc, "metrics": made.metrics}))
        return
    _print(made.metrics)
    typer.echo(f"Bundle {made.bundle_id} signed and promoted in {seconds:.1f} s: {place}")


def tell_of(made: Any, as_json: bool) -> None:
    """Print what was trained (``training.run.Trained``): figures, gates, the report's place, what is next."""
    from rich.text import Text

    from millrace import report_tables, screen

    if as_json:
        doc = {
            "bundle_id": made.bundle_id,
            "content": made.content,
            "refused": made.refused,
            "report": str(made.page),
            "seconds": round(made.seconds, 1),
            "metrics": dict(made.metrics),
        }
        typer.echo(orjson.dumps(doc))
        return
    console = screen.console()
    for each in report_tables.summary(made.report):
        console.print(each, soft_wrap=isinstance(each, Text))
    typer.echo(f"Bundle {made.bundle_id} (content {made.content}) signed in {made.seconds:.0f} s")
    typer.echo(f"Report: {made.page}")
    if made.refused:
        typer.echo(f"Not to be promoted: {len(made.refused)} gates failed, see above")
    else:
        typer.echo(f"Next: millrace models promote {made.bundle_id} --why '...'")


@contextmanager
def progress(quiet: bool, stages: int | None = None) -> Iterator[Tell]:
    """Yield what shows a stage on stderr: a bar at a terminal, a line elsewhere, nothing if quiet.

    stages: how many there will be, None: not known; the bar is then of the stage's own rows.
    """
    if quiet or not sys.stderr.isatty():
        yield (lambda what, done, of: None) if quiet else _line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=20), TimeElapsedColumn())
    text = TextColumn("{task.description}", markup=False)
    with Progress(*columns, text, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("start", total=stages, completed=-1 if stages else 0)

        def tell(what: str, done: int, of: int) -> None:
            if stages is None:
                described = f"{what}, {done:,} of {of:,}" if of else what
                bar.update(task, description=described, completed=done, total=of or None)
            elif done == 0:
                bar.update(task, description=what, advance=1)

        yield tell


def _line(what: str, done: int, of: int) -> None:
    if done == 0:
        print(f"{what}, {of:,} rows" if of else what, file=sys.stderr, flush=True)


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
