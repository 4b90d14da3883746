"""Gates on what went in: other features than are served, columns without values, nothing that varies."""

import numpy as np

from training.gates.evidence import Evidence, Finding, Gate, GateResult, Inputs, worst
from training.gates.limits import Limits

UNSEEN = "what it was trained on is not shown"


def features(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a bundle that was made for other features than those that would be served to it."""
    same = evidence.features_hash == evidence.serving_hash
    told = f"made for features {evidence.features_hash}, served are {evidence.serving_hash}"
    return GateResult("features", same, told, float(not same), 0)


def missing(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a column without a value that the source could have, infinite values, and a column that comes
    or goes between training and test.
    """
    return worst("missing", [_missing(each, limits) for each in evidence.inputs], 0, UNSEEN)


def varies(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse inputs in which nothing varies: whatever is learnt from them is the labels' shares."""
    findings = []
    for each in evidence.inputs:
        texts = len(set(each.texts))
        live = 0 if each.X is None else sum(_distinct(column) > 1 for column in each.X.T)
        reason = f"{each.label_source}: {texts:,} different texts, {live} columns that vary"
        findings.append(Finding(texts > 1 or live > 0, reason, texts + live, -texts - live))
        if each.X is not None and each.X.shape[1] and live == 0:
            reason = f"{each.label_source}: all {each.X.shape[1]} columns are constant"
            findings.append(Finding(False, reason, 0, 0))
    return worst("varies", findings, 1, UNSEEN)


def _missing(inputs: Inputs, limits: Limits) -> Finding:
    source = inputs.label_source
    if inputs.X is None:
        return Finding(True, f"{source}: reads the text alone", 0, 0)
    infinite = [name for name, column in zip(inputs.names, inputs.X.T, strict=True) if np.isinf(column).any()]
    if infinite:
        return Finding(False, f"{source}: infinite values in {_listed(infinite)}", len(infinite), 3)
    share = np.isnan(inputs.X).mean(axis=0)
    gone = [
        name
        for name, part in zip(inputs.names, share, strict=True)
        if part == 1.0 and name not in inputs.absent
    ]
    if gone:
        return Finding(False, f"{source}: no value in {_listed(gone)}", len(gone), 2)
    if inputs.tested is not None and len(inputs.tested):
        there = np.isnan(inputs.tested).mean(axis=0)
        moved = np.abs(there - share) > limits.skew_max
        names = [name for name, each in zip(inputs.names, moved, strict=True) if each]
        if names:
            reason = f"{source}: missing in training and not in the test, or the other way: {_listed(names)}"
            return Finding(False, reason, len(names), 1)
    absent = int((share == 1.0).sum())
    told = f", {absent} that it cannot have" if absent else ""
    return Finding(True, f"{source}: {inputs.X.shape[1]} columns{told}", 0, 0)


def _distinct(column: object) -> int:
    values = np.asarray(column)
    known = values[~np.isnan(values)]
    return len(np.unique(known)) + int(len(known) < len(values))


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


GATES: tuple[Gate, ...] = (features, missing, varies)
