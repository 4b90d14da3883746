"""What gates judge by: data, no models. Whoever trains fills it in; a test fills it in wrongly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Matrix
from training.gates.limits import BATCHES, Limits
from training.judged import Classes, Judged


class GateResult(NamedTuple):
    """passed: whether promotion may go on. reason: one line for people, also of a gate that passed.

    value: what was measured, of the worst source. limit: what it was held against. NaN: there is no number.
    """

    name: str
    passed: bool
    reason: str
    value: float
    limit: float


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What one head was fitted on: m rows, and what it read of the n test rows beside the text.

    X, tested: (m, k) and (n, k), NaN where missing; None of a head that reads the text alone.
    absent: columns that this source cannot have, and may lack throughout (a rule has no source address).
    """

    label_source: str
    texts: tuple[str, ...]
    label: Classes
    names: tuple[str, ...] = ()
    X: Matrix | None = None
    tested: Matrix | None = None
    absent: frozenset[str] = frozenset()


class Canned(NamedTuple):
    """The canned alerts through the serving code. failed: name and why, of those that got no score."""

    alerts: int
    failed: tuple[str, ...]


class Batches(NamedTuple):
    """Outputs of the same rows in batches of each size. different: sizes at which a bit differed."""

    rows: int
    sizes: tuple[int, ...] = BATCHES
    different: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is known of a candidate.

    challenger: one for each head. champion: the promoted bundle on the same rows; None: there is none.
    unjudged: why there is a champion that could not be judged; empty: it was, or there is none.
    features_hash: of the bundle. serving_hash: of the Millrace that would serve it.
    """

    challenger: tuple[Judged, ...]
    champion: tuple[Judged, ...] | None
    unjudged: str = ""
    inputs: tuple[Inputs, ...]
    canned: Canned
    batches: Batches
    features_hash: str
    serving_hash: str


Gate = Callable[[Evidence, Limits], GateResult]


class Finding(NamedTuple):
    """What a gate finds at one source. worse: larger is worse; the reason of the worst is told.

    limit: what this one was held against; None: the gate's own.
    """

    passed: bool
    reason: str
    value: float
    worse: float
    limit: float | None = None


def worst(name: str, findings: list[Finding], limit: float, nothing: str) -> GateResult:
    """Return the result over all sources: refused if one is. nothing: what to say where there is none."""
    if not findings:
        return GateResult(name, False, nothing, float("nan"), limit)
    first = max(findings, key=lambda each: (not each.passed, np.nan_to_num(each.worse, nan=np.inf)))
    held = limit if first.limit is None else first.limit
    return GateResult(name, first.passed, first.reason, float(first.value), held)


def rows_of(flags: npt.NDArray[np.bool_]) -> str:
    """Return "3 rows", "1 row"."""
    n = int(flags.sum())
    return f"{n:,} row{'' if n == 1 else 's'}"
