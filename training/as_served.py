"""Rows of the table as serving sees them: the same parser, the same text, the same matrix."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import orjson

from enrich import features
from enrich.context import Context
from enrich.errors import CorpusRefused, Rejected
from enrich.forest import Matrix
from enrich.formats import alert_from
from enrich.pipeline import States, prepare
from enrich.record import RawRecord
from enrich.row import History, Row
from training.corpora import ait_ads
from training.table import Table, where

BATCH: Final = 1_000
OCSF: Final = "ocsf"
# Who logged an event of ours (``enrich.encode.ocsf``).
OURS: Final = "Millrace"


class Served(NamedTuple):
    """n rows in the table's order. texts: ``features.text_of``. formats: of the alerts.

    X: (n, k), NaN where missing. rows: as the models get them.
    """

    texts: list[str]
    formats: list[str]
    X: Matrix
    rows: list[Row]


def texts(table: Table, within: Context) -> tuple[list[str], list[str]]:
    """Return text and format of each row's document, of rules too.

    Raises CorpusRefused, naming file and row, for a document that no format takes.
    """
    read, formats = [], []
    for place, document in enumerate(table.frame["document"]):
        try:
            alert = alert_from(document, within.formats)
        except Rejected as rejected:
            raise CorpusRefused(f"{where(table.frame, place)}: no alert: {rejected}") from None
        read.append(features.text_of(alert))
        formats.append(alert.format)
    return read, formats


def alerts(table: Table, within: Context, tell: Callable[[int], None] = lambda done: None) -> Served:
    """Return the rows of alerts, each with the history of the alerts before it in its stream.

    Events of one's own bring the history that the worker had: it counts alerts without a verdict, too. Other
    rows have that of the rows before them in their stream.

    A stream is a scenario of AIT-ADS, else all alerts of one label source: a team's own alerts are one
    network's. Rows of other kinds have no history but that of their group. The table's rows must be in time
    order. tell: told how many rows are done.
    Raises CorpusRefused, naming file and row, for a document that no format takes.
    """
    streams = _streams(table)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(streams))}
    times = table.time_ms.tolist()
    records = [
        RawRecord(
            "training", numbers[stream], place, times[place] if times[place] >= 0 else None, None, document
        )
        for place, (document, stream) in enumerate(zip(table.frame["document"], streams, strict=True))
    ]
    known = table.frame["history"].tolist()
    states: States = {}
    rows: list[Row] = []
    parts: list[Matrix] = []
    read: list[str] = []
    for start in range(0, len(records), BATCH):
        batch = prepare(records[start : start + BATCH], states, within)
        if batch.dead:
            place = start + min(batch.dead)
            code = dict(batch.dead[min(batch.dead)].headers)["millrace-code"].decode()
            raise CorpusRefused(f"{where(table.frame, place)}: no alert: {code}")
        given = [None if each is None else History(*each) for each in known[start : start + BATCH]]
        own = [
            row if history is None else replace(row, history=history)
            for row, history in zip(batch.rows, given, strict=True)
        ]
        rows += own
        read += batch.texts
        parts.append(features.matrix(own, within.zone) if any(given) else batch.X)
        tell(len(rows))
    X = np.vstack(parts) if parts else np.zeros((0, len(features.NAMES)), dtype=np.float32)
    return Served(read, [_format(row) for row in rows], X, rows)


def _streams(table: Table) -> list[str]:
    """Return the name of the stream that each row came in."""
    frame = table.frame
    one = (frame["kind"] == "alert") & (frame["label_source"] != ait_ads.SOURCE)
    return frame["group"].where(~one, frame["label_source"]).tolist()


def _format(row: Row) -> str:
    """Return the format of the alert as the worker met it.

    An event of ours that goes without its original is read as OCSF, and says what the original was: a head
    for OCSF would never be asked about the next such alert.
    """
    if row.alert.format != OCSF:
        return row.alert.format
    try:
        metadata = orjson.loads(row.raw)["metadata"]
        loggers, told = metadata["loggers"], metadata["log_format"]
        ours = any(each["name"] == OURS for each in loggers)
    except (ValueError, LookupError, TypeError):
        return OCSF  # a vendor's, which says less
    return told if ours and type(told) is str and told else OCSF
