"""A candidate on trial: canned alerts through the serving code, the same rows in batches of other sizes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from enrich.context import Context
from enrich.forest import Matrix
from enrich.pipeline import prepare, process, scored
from enrich.record import RawRecord
from enrich.row import Row
from enrich.score import Models, score
from training.gates.evidence import Batches, Canned
from training.gates.limits import BATCHES
from training.generate import Parameters, samples

CANNED: Final = 120
_SEED: Final = 7


def canned(models: Models, within: Context) -> Canned:
    """Take generated alerts of several formats the whole way; name those that came out unscored or dead."""
    kept = list(samples(Parameters(seed=_SEED, count=CANNED, days=1)))
    records = [
        RawRecord("canned", 0, place, sample.time_ms, None, sample.line) for place, sample in enumerate(kept)
    ]
    batch = prepare(records, {}, within)
    failed = [f"canned alert {place + 1}: no alert" for place in sorted(batch.dead)]
    for place, said in zip(batch.places, scored(batch, models), strict=True):
        if said.confidence.status == "unscored":
            failed.append(f"canned alert {place + 1}: a model raised")
    outputs = process(records, {}, within, models).outputs
    failed += [f"canned alert {place + 1}: no event" for place, each in enumerate(outputs) if not each]
    return Canned(len(kept), tuple(failed))


def batches(models: Models, rows: Sequence[Row], texts: Sequence[str], X: Matrix) -> Batches:
    """Score the rows in batches of each size; whatever differs from the whole, in a single bit, is told."""
    whole = _bits(models, rows, texts, X, max(len(rows), 1))
    different = tuple(size for size in BATCHES if _bits(models, rows, texts, X, size) != whole)
    return Batches(len(rows), BATCHES, different)


def _bits(models: Models, rows: Sequence[Row], texts: Sequence[str], X: Matrix, size: int) -> list[str]:
    fresh = without_memory(models)
    told = []
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        told += [repr(each) for each in score(rows[part], texts[part], np.ascontiguousarray(X[part]), fresh)]
    return told


def without_memory(models: Models) -> Models:
    """Return the models with none of the texts remembered that they have read."""
    techniques, worth = models.techniques, models.worth
    return replace(
        models,
        heads=tuple(replace(head, _texts={}) for head in models.heads),
        techniques=None if techniques is None else replace(techniques, _texts={}),
        worth=None if worth is None else replace(worth, _texts={}),
    )
