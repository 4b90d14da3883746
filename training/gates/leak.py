"""Gate: no single feature, column or word, may tell the label by itself, nor words together that are of one
class alone. What does is named.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.tree import DecisionTreeClassifier

from enrich.forest import Floats, Matrix
from enrich.text import visible
from training.figures.classes import NAMES, confusion, kappa
from training.gates.better import PLAIN
from training.gates.evidence import Evidence, Finding, Gate, GateResult, Inputs, worst
from training.gates.limits import Limits
from training.judged import CLASSES, Classes, Judged

# A tree that can tell five classes apart along one column, and not much more.
LEAVES: Final = 8
# More rows than this tell nothing new of a leak.
ROWS: Final = 20_000
# Digits and underscores are kept, unlike in the models' words: "severity_4" must not slip through.
WORD: Final = r"(?u)\b\w+\b"
WORD_ROWS: Final = 3


class _Class(NamedTuple):
    """rows: of the class. together: (words,) rows of it with each word."""

    name: int
    rows: float
    together: Floats


class _Counted(NamedTuple):
    """present: (rows, words), which word stands where. held: (words,) rows with each."""

    names: tuple[str, ...]
    present: Any
    held: Floats
    classes: tuple[_Class, ...]


def leak(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse where a column or word alone predicts the label, pure words together, or words too well."""
    findings = [
        found
        for each in evidence.inputs
        for found in (_word_finding(each, limits), _pure_finding(each, limits), _column_finding(each, limits))
    ]
    findings.extend(_plain_finding(each, limits) for each in evidence.challenger if PLAIN in each.baselines)
    return worst("leak", findings, limits.leak_max, "what it was trained on is not shown")


def columns(X: Matrix, label: Classes) -> Floats:
    """Return for each column the kappa of a small tree on it alone, on rows that it was not fitted to."""
    some = _some(len(label))
    X, label = X[some], label[some]
    half = np.zeros(len(label), dtype=np.bool_)
    half[np.argsort(label, kind="stable")[::2]] = True  # every second row of each class
    if len(np.unique(label[half])) < 2 or not (~half).any():
        return np.zeros(X.shape[1])
    return np.array([_alone(X[:, [place]], label, half) for place in range(X.shape[1])])


def words(inputs: Inputs, rows_min: int) -> list[tuple[float, str, int, int]]:
    """Return (phi, word, class, its rows) of the word that tells most of each class with enough rows."""
    found = []
    counted = _counted(inputs, rows_min)
    for each in counted.classes:
        phi = np.abs(_phi(each.together, counted.held, each.rows, float(counted.present.shape[0])))
        best = int(phi.argmax())
        found.append((float(phi[best]), counted.names[best], each.name, int(each.rows)))
    return found


def pure(inputs: Inputs, limits: Limits) -> tuple[float, list[tuple[str, int]]]:
    """Return the share of all rows with a pure word, and (word, class) of these words, commonest first."""
    found: list[tuple[float, int, int]] = []
    counted = _counted(inputs, limits.leak_rows_min)
    n = float(counted.present.shape[0])
    for each in counted.classes:
        share = each.rows / n
        above = (each.together / counted.held - share) / np.sqrt(share * (1 - share) / counted.held)
        kept = each.together >= limits.pure_min * counted.held
        kept &= (each.together >= limits.pure_rows_min * each.rows) & (above >= limits.pure_z_min)
        found.extend(
            (float(each.together[place]), place, each.name) for place in np.flatnonzero(kept).tolist()
        )
    if not found:
        return 0.0, []
    found.sort(key=lambda one: (-one[0], one[1]))
    rows = np.asarray(counted.present[:, [place for _, place, _ in found]].sum(axis=1)).ravel() > 0
    return float(rows.mean()), [(counted.names[place], name) for _, place, name in found]


def _word_finding(inputs: Inputs, limits: Limits) -> Finding:
    def limit(rows: int) -> float:
        return limits.leak_max if rows >= limits.leak_rows_min else limits.leak_few_max

    found = words(inputs, limits.leak_few_rows_min)
    if not found:
        return Finding(True, f"{inputs.label_source}: no words to try", 0.0, 0.0)
    phi, word, name, rows = max(found, key=lambda each: (each[0] - limit(each[3]), each))
    shown = visible(word, 40)
    reason = f"{inputs.label_source}: the word “{shown}” tells class {NAMES[name]} with phi {phi:.2f}"
    return Finding(phi <= limit(rows), reason, phi, phi, limit(rows))


def _pure_finding(inputs: Inputs, limits: Limits) -> Finding:
    share, found = pure(inputs, limits)
    if not found:
        return Finding(True, f"{inputs.label_source}: no words of one class alone", 0.0, 0.0)
    told = ", ".join(f"“{visible(word, 40)}” ({NAMES[name]})" for word, name in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    reason = f"{inputs.label_source}: {share:.0%} of the rows have a word of one class alone: {told}{more}"
    return Finding(share <= limits.pure_max, reason, share, share, limits.pure_max)


def _plain_finding(judged: Judged, limits: Limits) -> Finding:
    label, said = judged.label, judged.baselines[PLAIN]
    if judged.kind == "alert":
        # What analysts say of a rule they say again: only new texts show what words give away.
        learnt = set(judged.train_texts)
        new = np.array([text not in learnt for text in judged.texts], dtype=np.bool_)
        if new.sum() < limits.test_rows_min:
            return Finding(True, f"{judged.label_source}: too few new texts to ask the words", 0.0, 0.0)
        label, said = label[new], said[new]
    found = float(kappa(confusion(label, said).astype(np.float64)))
    agreed = 0.0 if np.isnan(found) else found
    reason = f"{judged.label_source}: words alone, plainly read, predict the label with kappa {agreed:.2f}"
    passed = agreed <= limits.plain_kappa_max
    # Never told of a candidate that passes: it is near another limit.
    return Finding(passed, reason, agreed, 0.0 if passed else agreed, limits.plain_kappa_max)


def _counted(inputs: Inputs, rows_min: int) -> _Counted:
    some = _some(len(inputs.label))
    texts, label = [inputs.texts[i] for i in some], inputs.label[some]
    classes = [name for name in CLASSES if rows_min <= int((label == name).sum()) < len(label)]
    counter = CountVectorizer(binary=True, token_pattern=WORD, min_df=min(WORD_ROWS, max(1, len(texts))))
    try:
        present = counter.fit_transform(texts).tocsr()
    except ValueError:  # no word in three texts
        return _Counted((), csr_matrix((len(texts), 0)), np.zeros(0), ())
    held = np.asarray(present.sum(axis=0), dtype=np.float64).ravel()
    return _Counted(
        tuple(str(name) for name in counter.get_feature_names_out()),
        present,
        held,
        tuple(
            _Class(
                name,
                float((label == name).sum()),
                np.asarray(present[label == name].sum(axis=0), dtype=np.float64).ravel(),
            )
            for name in classes
        ),
    )


def _column_finding(inputs: Inputs, limits: Limits) -> Finding:
    if inputs.X is None or not inputs.X.shape[1]:
        return Finding(True, f"{inputs.label_source}: reads the text alone", 0.0, 0.0)
    alone = columns(inputs.X, inputs.label)
    best = int(alone.argmax())
    reason = f"{inputs.label_source}: column {inputs.names[best]} alone predicts with kappa {alone[best]:.2f}"
    return Finding(bool(alone[best] <= limits.leak_max), reason, float(alone[best]), float(alone[best]))


def _alone(column: npt.NDArray[np.float32], label: Classes, half: npt.NDArray[np.bool_]) -> float:
    known = column[~np.isnan(column)]
    if np.isinf(known).any() or not len(known) or ((known == known[0]).all() and len(known) == len(column)):
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, class_weight="balanced", random_state=0)
    tree.fit(column[half], label[half])
    agreed = float(kappa(confusion(label[~half], tree.predict(column[~half])).astype(np.float64)))
    return 0.0 if np.isnan(agreed) else agreed


def _phi(together: Floats, held: Floats, own: float, n: float) -> Floats:
    bottom = np.sqrt(held * (n - held) * own * (n - own))
    return np.divide(together * n - held * own, bottom, out=np.zeros_like(bottom), where=bottom > 0)


def _some(n: int) -> npt.NDArray[np.intp]:
    if n <= ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, ROWS, replace=False))


GATES: tuple[Gate, ...] = (leak,)
