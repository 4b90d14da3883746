"""Two bundles on the rows that both were judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.figures import paired
from training.figures.classes import FIGURES
from training.figures.intervals import RESAMPLES, Interval
from training.judged import Judged


class Difference(NamedTuple):
    """A figure of the first bundle less that of the second, on the same rows in each sample."""

    figure: str
    difference: Interval


@dataclass(frozen=True)
class Compared:
    """against: id of the second bundle. rows: judged by both; only_*: judged by one of them alone."""

    against: str
    label_source: str
    rows: int
    only_first: int
    only_second: int
    agreement: paired.Agreement
    differences: tuple[Difference, ...]


def compared(
    first: Sequence[Judged], second: Sequence[Judged], against: str, resamples: int = RESAMPLES
) -> tuple[Compared, ...]:
    """Return the comparison of every label source that both have rows of in common, with equal labels."""
    others = {each.label_source: each for each in second}
    found = []
    for one in first:
        two = others.get(one.label_source)
        both = None if two is None else shared(one, two)
        if two is None or both is None:
            continue
        ours, theirs = both
        label = ours.label
        differences = [
            Difference(name, paired.difference(label, ours.predicted, theirs.predicted, name, resamples))
            for name in FIGURES
        ]
        differences.extend(
            Difference(
                f"recall of {name}",
                paired.recall_difference(label, ours.predicted, theirs.predicted, which, resamples),
            )
            for name, which in (("high", (4,)), ("critical", (5,)), ("high or critical", paired.GRAVE))
            if np.isin(label, which).any()
        )
        found.append(
            Compared(
                against,
                one.label_source,
                len(ours),
                len(one) - len(ours),
                len(two) - len(theirs),
                paired.agreement(label, ours.predicted, theirs.predicted),
                tuple(differences),
            )
        )
    return tuple(found)


def shared(one: Judged, two: Judged) -> tuple[Judged, Judged] | None:
    """Return both on the rows with one id and label in both, in the order of the first; None: no row."""
    places = {each: place for place, each in enumerate(two.ids)}
    pairs = [
        (mine, places[each])
        for mine, each in enumerate(one.ids)
        if each in places and one.label[mine] == two.label[places[each]]
    ]
    if not pairs:
        return None
    mine, theirs = (np.array(side, dtype=np.intp) for side in zip(*pairs, strict=True))
    return at(one, mine), at(two, theirs)


def at(judged: Judged, places: npt.NDArray[np.intp]) -> Judged:
    """Return the test rows at these places; the training rows stay."""
    return replace(
        judged,
        ids=tuple(judged.ids[i] for i in places.tolist()),
        texts=tuple(judged.texts[i] for i in places.tolist()),
        label=judged.label[places],
        time_ms=judged.time_ms[places],
        probability=judged.probability[places],
        confidence=judged.confidence[places],
        known=judged.known[places],
        covered=judged.covered[places],
        baselines={name: given[places] for name, given in judged.baselines.items()},
    )
