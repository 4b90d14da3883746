"""Gates on how many rows there are: too few to learn from, too few to judge by, nearly all of one class."""

import numpy as np

from training.figures.classes import NAMES
from training.gates.evidence import Evidence, Finding, Gate, GateResult, worst
from training.gates.limits import Limits
from training.judged import CLASSES, Judged, firsts

NOBODY = "nothing was judged: a candidate needs test rows"


def sources(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a candidate that has one source twice, or lost one of the champion's."""
    names = [each.label_source for each in evidence.challenger]
    twice = sorted({name for name in names if names.count(name) > 1})
    lost = sorted({each.label_source for each in evidence.champion or ()} - set(names))
    unread = sorted(set(names) - {each.label_source for each in evidence.inputs})
    if twice:
        reason = f"{', '.join(twice)}: judged twice"
    elif lost:
        reason = f"{', '.join(lost)}: the champion knows this label source, the candidate does not"
    elif unread:
        reason = f"{', '.join(unread)}: what it was trained on is not shown"
    else:
        return GateResult("sources", True, f"judged by {', '.join(names)}", len(names), 1)
    return GateResult("sources", False, reason, len(names), 1)


def training_support(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse where a class that occurs was learnt from a handful of rows, or from none."""
    findings = []
    for judged in evidence.challenger:
        both = np.concatenate([judged.train_label, judged.label])
        counts = {name: int((judged.train_label == name).sum()) for name in CLASSES if (both == name).any()}
        least = min(counts, key=lambda name: counts[name]) if counts else 1
        rows = counts.get(least, 0)
        reason = f"{judged.label_source}: class {NAMES[least]} has {rows} training rows"
        findings.append(Finding(rows >= limits.train_rows_min, reason, rows, -rows))
    return worst("training support", findings, limits.train_rows_min, NOBODY)


def test_support(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse where the test is too small to say anything, or fewer than two classes can be judged."""
    findings = [_test_support(judged, limits) for judged in evidence.challenger]
    return worst("test support", findings, limits.test_rows_min, NOBODY)


def imbalance(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse where nearly all training rows are of one class."""
    findings = []
    for judged in evidence.challenger:
        counts = np.bincount(judged.train_label, minlength=6)
        share = float(counts.max() / max(1, counts.sum()))
        name = NAMES.get(int(counts.argmax()), "?")
        reason = f"{judged.label_source}: {share:.1%} of the training rows are {name}"
        findings.append(Finding(share <= limits.commonest_max, reason, share, share))
    return worst("imbalance", findings, limits.commonest_max, NOBODY)


def _test_support(judged: Judged, limits: Limits) -> Finding:
    # A row that is repeated says nothing more; alerts of one rule are no repeats.
    label = judged.label if judged.kind == "alert" else judged.label[firsts(judged.texts)]
    n = len(label)
    counts = {name: int((label == name).sum()) for name in CLASSES}
    can = [name for name in CLASSES if counts[name] >= limits.judged_rows_min]
    share = sum(counts[name] for name in can) / max(1, n)
    source = judged.label_source
    if n < limits.test_rows_min:
        return Finding(False, f"{source}: {n} different test rows, {limits.test_rows_min} are needed", n, -n)
    if len(can) < 2:
        return Finding(
            False, f"{source}: fewer than two classes have {limits.judged_rows_min} test rows", n, 0
        )
    if share < limits.judged_share_min:
        few = ", ".join(
            f"{NAMES[name]} {counts[name]}" for name in CLASSES if name not in can and counts[name]
        )
        return Finding(
            False, f"{source}: {1 - share:.0%} of the test rows are of classes with too few ({few})", n, 0
        )
    few = ", ".join(f"{NAMES[name]} {counts[name]}" for name in CLASSES if name not in can and counts[name])
    told = f" (too few to judge alone: {few})" if few else ""
    return Finding(True, f"{source}: {n:,} different test rows{told}", n, -n)


GATES: tuple[Gate, ...] = (sources, training_support, test_support, imbalance)
