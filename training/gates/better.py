"""Gates on worth: better than chance, than what is had for nothing, and than what is in force."""

from collections.abc import Iterator

import numpy as np

from training.figures.classes import figure
from training.figures.intervals import Interval
from training.figures.paired import GRAVE, difference, recall_difference
from training.gates.evidence import Evidence, Finding, Gate, GateResult, worst
from training.gates.limits import Limits
from training.gates.support import NOBODY
from training.judged import Judged

MAJORITY, PLAIN = "majority", "logistic regression"
GROUPS = ((4,), (5,), GRAVE)
_WORDS = {(4,): "high", (5,): "critical", GRAVE: "high or critical"}


def chance(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a model whose agreement with the labels could be luck."""
    findings = []
    for judged in evidence.challenger:
        found = figure("kappa", judged.label, judged.predicted)
        low = -1.0 if np.isnan(found.low) else found.low
        reason = f"{judged.label_source}: kappa {_told(found)}, 0 is chance"
        findings.append(Finding(low >= limits.chance_kappa_min, reason, found.low, -low))
    return worst("chance", findings, limits.chance_kappa_min, NOBODY)


def baselines(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a model that is not better in macro-F1 than the commonest class and plain logistic regression.

    Than the commonest class by the paired interval; than logistic regression not worse in the point: on 283
    rows the interval is ±.05, wider than the gain that is asked for. Where a champion is judged by the same
    source, it takes the place of logistic regression.
    """
    held = {each.label_source for each in evidence.champion or ()}
    findings: list[Finding] = []
    for judged in evidence.challenger:
        wanted = [MAJORITY] if judged.label_source in held else [MAJORITY, PLAIN]
        findings.extend(_beside(judged, name) for name in wanted)
    return worst("baselines", findings, 0, NOBODY)


def champion(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a candidate that is not better in macro-F1 than the champion on the same rows, sure to 95 %.

    Several sources: surely better in one, surely worse in none. New sources are held against baselines.
    """
    if evidence.unjudged:
        return GateResult("champion", False, f"cannot be judged: {evidence.unjudged}", float("nan"), 0)
    if evidence.champion is None:
        return GateResult("champion", True, "there is none: judged by baselines", float("nan"), 0)
    found: list[tuple[str, Interval]] = []
    for one, two in _pairs(evidence):
        if two is None or one.ids != two.ids or not np.array_equal(one.label, two.label):
            reason = f"{one.label_source}: champion and candidate were not judged on the same rows"
            return GateResult("champion", False, reason, float("nan"), 0)
        found.append((one.label_source, difference(one.label, one.predicted, two.predicted, "macro_f1")))
    if not found:
        return GateResult("champion", False, "no source that both were judged by", float("nan"), 0)
    for source, each in found:
        if each.high < 0:
            return GateResult("champion", False, f"{source}: macro-F1 worse by {_told(each)}", each.value, 0)
    source, best = max(found, key=lambda one: one[1].low)
    reason = f"{source}: macro-F1 against the champion {_told(best)}"
    return GateResult("champion", bool(best.low > 0), reason, best.low, 0)


def grave(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a candidate that misses more of what matters: high, critical, and both together.

    Against the champion: surely worse, or in the point by more than the limit on enough rows. Without one: it
    must find some of each, and of both half as many as plain logistic regression does.
    """
    findings = []
    for one, two in _pairs(evidence):
        for classes in GROUPS:
            rows = int(np.isin(one.label, classes).sum())
            if not rows:
                continue
            if two is None or one.ids != two.ids:
                findings.append(_finds_some(one, classes, rows, limits))
                findings.extend(_finds_less(one, classes, rows, limits))
                continue
            lost = recall_difference(one.label, one.predicted, two.predicted, classes)
            enough = rows >= limits.judged_rows_min
            bad = lost.high < 0 or (enough and lost.value < -limits.recall_drop_max)
            reason = f"{one.label_source}: recall of {_WORDS[classes]} against the champion {_told(lost)}"
            findings.append(Finding(not bad, reason, -lost.value, -lost.value))
    limit = 1.0 if evidence.champion is None else limits.recall_drop_max
    if not findings:
        return GateResult("grave", True, "no test row is high or critical", float("nan"), limit)
    return worst("grave", findings, limit, NOBODY)


def _pairs(evidence: Evidence) -> Iterator[tuple[Judged, Judged | None]]:
    """Yield each source with the champion's view of it. Without a champion for it: None."""
    held = {each.label_source: each for each in evidence.champion or ()}
    for each in evidence.challenger:
        if evidence.champion is None or each.label_source in held:
            yield each, held.get(each.label_source)


def _beside(judged: Judged, name: str) -> Finding:
    source = judged.label_source
    if name not in judged.baselines:
        return Finding(False, f"{source}: baseline “{name}” was not judged", np.nan, 1)
    found = difference(judged.label, judged.predicted, judged.baselines[name], "macro_f1")
    least = found.low if name == MAJORITY else found.value
    passed = bool(least > 0 if name == MAJORITY else least >= 0)
    return Finding(passed, f"{source}: macro-F1 against {name} {_told(found)}", least, -least)


def _finds_some(judged: Judged, classes: tuple[int, ...], rows: int, limits: Limits) -> Finding:
    hits = int((np.isin(judged.label, classes) & np.isin(judged.predicted, classes)).sum())
    reason = f"{judged.label_source}: finds {hits} of {rows} {_WORDS[classes]} rows"
    few = rows < limits.judged_rows_min
    return Finding(hits > 0 or few, reason, 1 - hits / rows, 0 if few else 1 - hits / rows)


def _finds_less(judged: Judged, classes: tuple[int, ...], rows: int, limits: Limits) -> list[Finding]:
    if classes != GRAVE or PLAIN not in judged.baselines or rows < limits.judged_rows_min:
        return []
    own, plain = (
        int((np.isin(judged.label, classes) & np.isin(each, classes)).sum())
        for each in (judged.predicted, judged.baselines[PLAIN])
    )
    reason = f"{judged.label_source}: finds {own} of {rows} {_WORDS[classes]} rows, {PLAIN} finds {plain}"
    return [Finding(own >= limits.recall_share_min * plain, reason, 1 - own / rows, 1 - own / rows)]


def _told(found: Interval) -> str:
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}, n {found.n:,})"


GATES: tuple[Gate, ...] = (chance, baselines, champion, grave)
