"""``millrace generate``: alerts of an invented company, to try the rest with."""

import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer


class Format(StrEnum):
    """Which detectors' alerts."""

    ALL = "all"
    SURICATA = "suricata"
    WAZUH = "wazuh"
    MAPPED = "mapped"


def generate(
    count: Annotated[int, typer.Option(min=1, max=100_000_000, help="Alerts, exactly.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    days: Annotated[
        int | None, typer.Option(min=1, max=3_650, help="Days of event time (default: 3,000 alerts a day).")
    ] = None,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="First day; midnight UTC.")
    ] = datetime(2026, 1, 5),  # noqa: DTZ001 - Typer's own dates have no zone; it is set below
    format_: Annotated[Format, typer.Option("--format", help="Detectors that speak.")] = Format.ALL,
    label_noise: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share of labels that are one class off.")
    ] = 0.05,
    out: Annotated[Path, typer.Option(help="File to write; - is standard output.")] = Path("-"),
    labels: Annotated[
        Path | None, typer.Option(help="Write what is true of each line here, as JSON lines.")
    ] = None,
) -> None:
    """Write alerts of an invented company, one a line, in order of time. Nothing in them is real.

    The alerts do not say how grave they truly are; --labels does, a line for each.

    Example: millrace generate --count 5000 --days 2 | millrace score - > events.jsonl

    Example: millrace generate --format wazuh --out wazuh.jsonl --labels labels.jsonl
    """
    import orjson

    from training.generate import Parameters, samples

    parameters = Parameters(
        seed=seed,
        count=count,
        days=days,
        start_ms=int(start.replace(tzinfo=UTC).timestamp()) * 1000,
        label_noise=label_noise,
    )
    if format_ is not Format.ALL:
        parameters = replace(parameters, shares=((format_.value, 1.0),))
    with ExitStack() as stack:
        lines = sys.stdout.buffer if str(out) == "-" else stack.enter_context(_writable(out, "--out"))
        told = None if labels is None else stack.enter_context(_writable(labels, "--labels"))
        for sample in samples(parameters):
            lines.write(sample.line + b"\n")
            if told is not None:
                facts = sample._asdict()
                del facts["line"]
                told.write(orjson.dumps(facts) + b"\n")
        lines.flush()


def _writable(path: Path, option: str) -> IO[bytes]:
    from enrich.errors import SettingsWrong

    try:
        return path.open("wb")
    except OSError as error:
        raise SettingsWrong(f"{option} {path}: {error.strerror}") from None
