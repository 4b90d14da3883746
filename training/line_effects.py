"""What each line of a rule's text, and each group of columns, is worth to the heads on the judged rows.

Nothing is fitted again. Left out: the line is empty, as in an alert that does not carry it. Mixed: it is
another row's. A head that learnt without the line could make up for it by the others, so what is lost here is
what the head leans on, and no less than what the line is worth.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from enrich.features import NAMES
from enrich.forest import Matrix
from enrich.heads import Head
from enrich.linear import Linear
from enrich.vocabulary import HEAD, WHOLE, lines_of
from training.feature_groups import COLUMNS, LINES
from training.figures.importance import SHUFFLES, by_mixing, mean
from training.figures.intervals import Interval
from training.figures.paired import difference
from training.judged import Classes, Judged
from training.reports.sections import Effect
from training.severity import Fitted, probabilities

FIGURE: Final = "macro-F1"


class Effects(NamedTuple):
    """left_out: lines left empty. mixed: lines and columns of other rows."""

    left_out: tuple[Effect, ...]
    mixed: tuple[Effect, ...]


def of_head(head: Head, judged: Judged, X: Matrix) -> Effects:
    """Return the effects at this head. X: (n, k) of the judged rows; a head that reads the text has none."""
    said = _said(head, X)
    whole = said(judged.texts)
    lost = partial(_lost, judged.label)
    split = [lines_of(text) for text in judged.texts]
    left_out, mixed = [], []
    for line, name in LINES.items():
        share = float(np.mean([bool(lines[line].strip()) for lines in split]))
        if not share or not _reads(head, line):
            continue
        empty = said([_with(lines, line, "") for lines in split])
        left_out.append(Effect(judged.label_source, name, lost(whole, empty), FIGURE, share))
        dice = np.random.default_rng(0)
        parts = []
        for _ in range(SHUFFLES):
            others = dice.permutation(len(split)).tolist()
            texts = [
                _with(lines, line, split[other][line]) for lines, other in zip(split, others, strict=True)
            ]
            parts.append(lost(whole, said(texts)))
        mixed.append(Effect(judged.label_source, name, mean(parts), FIGURE, share))
    if head.kind == "forest":
        mixed += _columns(head, judged, X)
    return Effects(_sorted(left_out), _sorted(mixed))


def _columns(head: Head, judged: Judged, X: Matrix) -> list[Effect]:
    """Return what groups of columns are worth, and each column, to a head that reads them."""
    groups: dict[str, Sequence[int]] = {**COLUMNS, **{name: [i] for i, name in enumerate(NAMES)}}
    there = {name: places for name, places in groups.items() if not np.isnan(X[:, places]).all()}
    found = by_mixing(
        lambda rows: _said(head, rows)(judged.texts), X, there, partial(_lost, judged.label), shuffles=2
    )
    return [
        Effect(
            judged.label_source,
            each.name,
            each.lost,
            FIGURE,
            float((~np.isnan(X[:, there[each.name]])).any(axis=1).mean()),
        )
        for each in found
    ]


def _said(head: Head, X: Matrix) -> Callable[[Sequence[str]], Classes]:
    """Return what gives the likeliest classes of n texts beside these n rows."""
    # A head of its own: what it remembers of mixed texts nobody asks for again.
    fresh = Head(
        head.label_source,
        head.vocabulary,
        head.severity,
        head.calibration_x,
        head.calibration_y,
        head.known_share_min,
    )

    def likeliest(texts: Sequence[str]) -> Classes:
        if isinstance(head.severity, Linear):
            told = probabilities(Fitted(head.vocabulary, head.severity), texts)
            best: Classes = told.argmax(axis=1).astype(np.int64) + 1
            return best
        told = fresh.of(texts, np.asfortranarray(X)).probability
        classes: Classes = head.classes[told.argmax(axis=1)]
        return classes

    return likeliest


def _lost(label: Classes, whole: Classes, other: Classes) -> Interval:
    return difference(label, whole, other, "macro_f1")


def _reads(head: Head, line: int) -> bool:
    return any(part.line in (line, HEAD, WHOLE) for part in head.vocabulary.parts)


def _with(lines: Sequence[str], line: int, said: str) -> str:
    return "\n".join([*lines[:line], said, *lines[line + 1 :]])


def _sorted(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(effects, key=lambda each: -each.lost.value))
