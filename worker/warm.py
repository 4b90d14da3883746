"""The first rows of new models: scored before an alert is, so that no batch waits for what is made lazily.

And where models cannot score at all, it is seen before they are used.
"""

from collections import Counter
from dataclasses import replace
from typing import Final

import orjson

from enrich.context import Context
from enrich.errors import BundleRefused
from enrich.pipeline import Prepared, States, finish, prepare
from enrich.record import RawRecord
from enrich.score import Models, score

ROWS: Final = 16
# Of the documentation ranges: made by hand, of no one's network.
_ALERT: Final = {
    "timestamp": "2026-01-01T00:00:00.000000+0000",
    "event_type": "alert",
    "src_ip": "203.0.113.9",
    "src_port": 40_000,
    "dest_ip": "192.0.2.7",
    "dest_port": 443,
    "proto": "TCP",
    "alert": {
        "action": "allowed",
        "signature_id": 1_000_001,
        "signature": "Possible command and control beacon",
        "category": "A Network Trojan was detected",
        "severity": 1,
    },
}


def warm(models: Models, context: Context) -> None:
    """Take some alerts the whole way with each head. Raises BundleRefused when the models cannot.

    context: any; what comes of it here is thrown away.
    """
    raw = orjson.dumps(_ALERT)
    records = [
        RawRecord(topic="warm", partition=0, offset=n, key=None, value=raw, time_ms=0, headers=())
        for n in range(ROWS)
    ]
    states: States = {}
    prepared = prepare(records, states, context)
    for name in ("", *models.formats):  # "": of no head, or of the one for all
        rows = [replace(row, alert=replace(row.alert, format=name)) for row in prepared.rows]
        again = Prepared(
            rows, prepared.places, prepared.texts, prepared.now_ms, prepared.X, {}, Counter(prepared.counts)
        )
        try:
            finish(records, again, score(rows, again.texts, again.X, models), states, context)
        except Exception as error:  # a model may raise anything whatever
            why = f"it cannot score an alert ({type(error).__name__})"
            raise BundleRefused(f"bundle {models.bundle_id}: {why}: promote another") from error
