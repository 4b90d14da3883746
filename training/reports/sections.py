"""What a report tells besides judged rows: whoever trains fills it in; it is kept in the report's JSON."""

from dataclasses import dataclass
from typing import NamedTuple

from training.figures.drift import Drift
from training.figures.intervals import Interval
from training.gates.evidence import GateResult


class Source(NamedTuple):
    """Rows of one label source. hash: of their content. classes: rows of each class 1-5. note: one line."""

    label_source: str
    rows: int
    classes: tuple[int, int, int, int, int]
    hash: str
    licence: str
    note: str = ""


class Part(NamedTuple):
    """How a source was split. kind: "train", "calibrate", "test". first, last: dates, or empty."""

    label_source: str
    kind: str
    rows: int
    first: str
    last: str


class Effect(NamedTuple):
    """What a group of features, or one, is worth: how much of a figure is lost without it, or with it mixed.

    label_source: of the labels; of an anomaly model the corpus. figure: "macro-F1", "ROC area" …. there:
    share of rows that have it; NaN: does not apply.
    """

    label_source: str
    name: str
    lost: Interval
    figure: str = "macro-F1"
    there: float = float("nan")


class Shap(NamedTuple):
    """A word of a line, and how far it moves the score of a class: mean |SHAP| over the test rows, log odds.

    speaks_for: that it is there adds to the score; else it takes off.
    """

    label_source: str
    severity: int
    line: str
    word: str
    moved: float
    speaks_for: bool


class ShapLine(NamedTuple):
    """How far a line moves the scores: mean |sum of its words' SHAP values|, in the mean over classes."""

    label_source: str
    line: str
    moved: float


class PathPart(NamedTuple):
    """What a column adds on the way down a forest's trees. model: "anomaly", or a head's label source.

    moved: mean |contribution| over rows. of_top: mean contribution over the most unusual, or the gravest,
    tenth. In splits saved of the anomaly forest, in probability of a head.
    """

    model: str
    column: str
    moved: float
    of_top: float


class Tactic(NamedTuple):
    """Techniques of an ATT&CK tactic, without sub-techniques. known: those with rows. gaps: uids without."""

    uid: str
    name: str
    known: int
    techniques: int
    rows: int
    gaps: tuple[str, ...]


class Technique(NamedTuple):
    """rows: with this technique or one of its sub-techniques."""

    uid: str
    name: str
    rows: int


class Hits(NamedTuple):
    """Technique hints: share of rows with a right one among the first 1, 3, 5; and of a floor beside it.

    held_out: no rule of this source was learnt from; else rules of the same source were.
    """

    label_source: str
    by: str
    at_1: Interval
    at_3: Interval
    at_5: Interval
    held_out: bool = False


class Moved(NamedTuple):
    """Drift between two splits of a source."""

    label_source: str
    between: str
    drift: Drift


class Stage(NamedTuple):
    """How long a stage of training took. rows: that it worked on; 0: does not apply."""

    name: str
    seconds: float
    rows: int


class Area(NamedTuple):
    """An anomaly figure beside its floors. what: corpus and rows. by: model or floor.

    figure: "ROC area" or "average precision". own: of the bundle itself.
    """

    what: str
    by: str
    area: Interval
    figure: str = ""
    own: bool = False


class LeftOut(NamedTuple):
    """A head that was judged and is not carried: it would have failed. reason: "gate: why"."""

    label_source: str
    reason: str
    rows: int
    accuracy: float
    macro_f1: float
    ece: float


@dataclass(frozen=True, kw_only=True)
class Sections:
    """See the parts; an empty one is left out of the page, and the page says so.

    name: of the bundle, for people. made: when it was trained, UTC, as text. parameters: what training was
    given. left_out: heads that were judged and are not carried. ablation: lines of the text left empty, and
    groups of columns that the anomaly forest was fitted again without, or with. importance: lines and columns
    mixed among the test rows.
    """

    name: str
    made: str
    features_hash: str
    parameters: tuple[tuple[str, str], ...] = ()
    sources: tuple[Source, ...] = ()
    splits: tuple[Part, ...] = ()
    gates: tuple[GateResult, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    ablation: tuple[Effect, ...] = ()
    importance: tuple[Effect, ...] = ()
    shap: tuple[Shap, ...] = ()
    shap_lines: tuple[ShapLine, ...] = ()
    paths: tuple[PathPart, ...] = ()
    tactics: tuple[Tactic, ...] = ()
    techniques: tuple[Technique, ...] = ()
    hints: tuple[Hits, ...] = ()
    anomaly: tuple[Area, ...] = ()
    drift: tuple[Moved, ...] = ()
    stages: tuple[Stage, ...] = ()
    notes: tuple[str, ...] = ()
