"""How well the anomaly methods find attacks among labelled flows of which they saw only the usual ones.

A bundle's forest learns from alerts. What it says of flows is told; beside it what its method, the rivals and
the floors say that were fitted on the usual flows of the same corpus, on its own columns.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.features import ANOMALY_COLUMNS
from enrich.forest import Floats, Isolation
from enrich.score import Models
from training import as_served
from training.anomaly import Components, FlowColumns, Prototypes, forest
from training.reports.sections import Area
from training.table import Table
from training.unusual import told_areas

# Flows that are fitted and judged, evenly taken: 10,000 of NSL-KDD take 3 s in all.
FITTED: Final = 10_000
JUDGED: Final = 10_000
# Components of the floor, on the figures as they stand; the rival takes more, of all columns scaled.
PLAIN_COMPONENTS: Final = 8
BUNDLE: Final = "the bundle's forest, which learnt from alerts"
# Columns with more different words are names and addresses: of no use in another network.
WORDS: Final = 100
# When a flow was: attacks of these sets were played one after the other.
_WHEN: Final = frozenset(("ts", "Timestamp", "FLOW_START_MILLISECONDS", "FLOW_END_MILLISECONDS", "Flow ID"))


def areas(
    table: Table, models: Models, fitted: Collection[str], test: Collection[str], within: Context, seed: int
) -> tuple[Area, ...]:
    """Return the figures of each source of labelled flows. fitted, test: ids of rows.

    Fitted to usual flows alone, so each attack is unseen. Of the attack types every other one by size is
    left out: on those of NSL-KDD the methods' settings were chosen (docs/quality.md).
    """
    flows = table.where((table.frame["kind"] == "flow").to_numpy(np.bool_))
    told: list[Area] = []
    for source in sorted(set(flows.frame["label_source"])):
        own = flows.source(source)
        learnt, judged = (own.where(_among(own, ids)) for ids in (fitted, test))
        learnt = _some(learnt.where(~_attacks(learnt)), FITTED)
        judged = _some(judged.where(_unseen(own, judged)), JUDGED)
        attack = _attacks(judged)
        if len(learnt) > 1 and 0 < attack.sum() < len(attack):
            types = len(set(judged.frame["attack"]) - {""})
            what = (
                f"{source}: {int(attack.sum()):,} attacks of {types} types never seen, among {len(attack):,} "
                "flows"
            )
            scores = _scores(learnt, judged, models, within, seed)
            told += told_areas(what, attack, scores, int(BUNDLE in scores))
    return tuple(told)


def _scores(learnt: Table, judged: Table, models: Models, within: Context, seed: int) -> dict[str, Floats]:
    documents = [_document(each) for each in learnt.frame["document"]]
    given = [_document(each) for each in judged.frame["document"]]
    columns = _columns(documents)
    usual, X = columns(documents), columns(given)
    figures = len(columns.figures)
    own = forest(usual.astype(np.float32), seed)
    plain = forest(usual[:, :figures].astype(np.float32), seed)
    scores: dict[str, Floats] = {}
    try:
        served = as_served.alerts(judged, within).X
        scores[BUNDLE] = Isolation(models.anomaly).of(served[:, ANOMALY_COLUMNS])
    except CorpusRefused:
        pass  # a flow that no format takes is none that would be served
    scores["its method, of these flows"] = -own.score_samples(X.astype(np.float32))
    scores["rival: prototypes"] = Prototypes.of_rows(usual, seed).of(X)
    scores["rival: PCA"] = Components.of_rows(usual).of(X)
    scores["floor: forest of the figures"] = -plain.score_samples(X[:, :figures].astype(np.float32))
    floor = Components.of_rows(usual[:, :figures], PLAIN_COMPONENTS)
    scores["floor: PCA of the figures"] = floor.of(X[:, :figures])
    return scores


def _columns(documents: list[Mapping[str, Any]]) -> FlowColumns:
    found = FlowColumns.of_documents(documents)
    names = [name for name, _ in found.words]
    words = tuple(each for each in found.words if names.count(each[0]) <= WORDS)
    return FlowColumns(found.figures, words)


def _document(content: bytes) -> Mapping[str, Any]:
    return {name: cell for name, cell in orjson.loads(content).items() if name not in _WHEN}


def _attacks(rows: Table) -> npt.NDArray[np.bool_]:
    return rows.frame["true_positive"].fillna(False).to_numpy(np.bool_)


def _unseen(all_rows: Table, judged: Table) -> npt.NDArray[np.bool_]:
    """Return which rows judge: usual ones, and every second attack type by size among all rows."""
    often = all_rows.frame.loc[_attacks(all_rows), "attack"].value_counts()
    names = sorted(often.index, key=lambda name: (-int(often[name]), str(name)))
    kept = names[1::2] or names
    return ~_attacks(judged) | judged.frame["attack"].isin(kept).to_numpy(np.bool_)


def _among(rows: Table, ids: Collection[str]) -> npt.NDArray[np.bool_]:
    return rows.frame["id"].isin(set(ids)).to_numpy(np.bool_)


def _some(rows: Table, most: int) -> Table:
    """Return at most so many rows, evenly taken."""
    chosen = np.zeros(len(rows), dtype=np.bool_)
    chosen[np.unique(np.linspace(0, max(0, len(rows) - 1), min(most, len(rows))).astype(np.intp))] = True
    return rows.where(chosen)
