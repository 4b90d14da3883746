"""The part of the page that says what lines, columns and words are worth, and by what models tell."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from training.feature_groups import GROUPS
from training.figures.classes import NAMES
from training.figures.intervals import Interval
from training.reports.charts import Dot, around_zero, dot_chart
from training.reports.markup import el
from training.reports.sections import Effect, Sections
from training.reports.tables import Row, number, table

# Rows of a long table; the JSON has all.
LONGEST: Final = 25
SINGLE: Final = 12
F1: Final = "macro-F1"
AREA: Final = "ROC area"
PRECISION: Final = "average precision"
# Groups of columns that many models of alerts are given, and that people ask about.
OCTETS: Final = "octets"
ASKED: Final = ("hour", OCTETS)
# Label source of alerts of one's own, with verdicts.
OWN: Final = "verdicts"
_NONE: Final = Interval(float("nan"), float("nan"), float("nan"), 0)


def worth(sections: Sections) -> Sequence[Element]:
    """Ablation, permutation importance, SHAP, paths."""
    effects = (*sections.ablation, *sections.importance)
    made: list[Element] = []
    if effects:
        made.append(el("p", *_reading(sections)))
    for source in dict.fromkeys(each.label_source for each in effects if each.figure == F1):
        made += _of_head(source, sections)
    for source in dict.fromkeys(each.label_source for each in effects if each.figure != F1):
        made += _of_ranking(source, sections)
    return (*made, *_shap(sections), *_paths(sections))


def _reading(sections: Sections) -> Sequence[str]:
    told = [
        f"{each.name}: {number(each.lost.value)} ({number(each.lost.low)} to {number(each.lost.high)}) of "
        f"the ROC area ({each.label_source})"
        for each in sections.ablation
        if each.figure == AREA and each.name.startswith(ASKED)
    ]
    heads = {each.label_source for each in sections.importance if each.figure == F1}
    reading = {
        each.label_source for each in sections.importance if each.figure == F1 and each.name.startswith(ASKED)
    }
    said = [
        "What is lost without a line or a group of columns. An interval with 0 in it proves neither worth "
        "nor harm, one below 0 that it harms. Of so many intervals, one in twenty misses by chance."
    ]
    if heads and not reading:
        said.append(" The severity heads read the text alone: to them hour and octets are worth nothing.")
    ranking = [each for each in sections.ablation if each.figure == AREA]
    if ranking and not any(each.name.startswith(OCTETS) for each in ranking):
        said.append(
            " Octets are in none of the findings that judge, or the same in all: of them nothing can be told."
        )
    if told:
        said.append(f" To what finds attacks — {'; '.join(told)}.")
    if any(each.figure == AREA and not each.label_source.startswith(OWN) for each in ranking):
        said.append(
            " Attacks of a corpus come at the hours at which somebody played them: what the clock is worth "
            "there says little of your network."
        )
    return said


def _of_head(source: str, sections: Sections) -> list[Element]:
    """Lines of the text, and groups of columns, of one head."""
    empty = {each.name: each for each in _of(sections.ablation, source, F1)}
    mixed = {each.name: each for each in _of(sections.importance, source, F1)}
    names = [*empty, *(name for name in mixed if name not in empty)]
    rows = []
    for name in names[:LONGEST]:
        one, other = empty.get(name), mixed.get(name)
        first = one or other
        rows.append(
            Row(
                (
                    name,
                    first.there if first else float("nan"),
                    one.lost if one else _NONE,
                    other.lost if other else _NONE,
                )
            )
        )
    heading = ("line or columns", "share of rows with it", "lost if empty", "lost if another row's")
    said = (
        "Macro-F1 lost on the test rows. Nothing is fitted again: a head that learnt without a line could "
        "make up for some of it."
    )
    # A head that reads columns leans on them, too: what they say can only be mixed, so the lines are.
    groups = {name for name, _ in GROUPS}
    shown, how = [*empty.values()], "without each line"
    if not shown or not groups.isdisjoint(mixed):
        shown = [each for name, each in mixed.items() if name in empty or name in groups] or [*mixed.values()]
        shown, how = sorted(shown, key=lambda each: -each.lost.value), "if another row's"
    return [
        el("h3", f"{source}: what its head leans on"),
        _charted(f"Macro-F1 lost {how}, {source}", f"macro-F1 lost {how}", shown, said),
        table(f"Macro-F1 lost, {source}", heading, rows, stack=True),
    ]


def _of_ranking(source: str, sections: Sections) -> list[Element]:
    """Groups of columns, and single ones, of what finds attacks."""
    without = {each.name: each for each in _of(sections.ablation, source, AREA)}
    precision = {each.name: each for each in _of(sections.ablation, source, PRECISION)}
    mixed = {each.name: each for each in _of(sections.importance, source, AREA)}
    made: list[Element] = [el("h3", f"{source}: what finding attacks hangs on")]
    if without:
        rows = [
            Row(
                (
                    name,
                    each.there,
                    each.lost,
                    precision[name].lost if name in precision else _NONE,
                    mixed[name].lost if name in mixed else _NONE,
                )
            )
            for name, each in without.items()
        ]
        said = (
            "ROC area lost by forests fitted again without a group; of columns that the bundle's forest does "
            "not read, what it loses for that. Groups that are the same in every finding are left out."
        )
        made.append(_charted(f"ROC area lost, {source}", "ROC area lost", [*without.values()], said))
        heading = (
            "columns",
            "share of rows with one",
            "ROC area lost without",
            "average precision lost without",
            "ROC area lost if another row's",
        )
        made.append(table(f"Lost without each group, {source}", heading, rows, stack=True))
    rest = [each for name, each in mixed.items() if name not in without][:SINGLE]
    if rest:
        columns = ("column", "share of rows with it", "ROC area lost if another row's")
        rows = [Row((each.name, each.there, each.lost)) for each in rest]
        made.append(table(f"Columns mixed one by one, {source}: most first", columns, rows, stack=True))
    return made


def _shap(sections: Sections) -> list[Element]:
    if not sections.shap:
        return []
    made: list[Element] = [
        el("h3", "Words that move the severity (SHAP summary)"),
        el(
            "p",
            "Mean |SHAP| over the test rows, in log odds: + speaks for the class, − against it. Exact values "
            "in closed form, coefficient × (weight − mean weight of the training rows), words taken as "
            "independent (Lundberg and Lee 2017).",
        ),
    ]
    lines = [Row((each.label_source, each.line, each.moved)) for each in sections.shap_lines]
    made.append(table("By line: mean |sum of its words|", ("label source", "line", "mean |SHAP|"), lines))
    said: dict[tuple[str, int], list[str]] = {}
    sources = Counter(each.label_source for each in sections.shap_lines)
    for each in sections.shap:
        of = f" ({each.line})" if sources[each.label_source] > 1 else ""
        word = f"{'+' if each.speaks_for else '−'} {each.word}{of} {number(each.moved)}"
        said.setdefault((each.label_source, each.severity), []).append(word)
    rows = [Row((source, NAMES[severity], "; ".join(words))) for (source, severity), words in said.items()]
    made.append(table("By word, strongest first", ("label source", "class", "words"), rows, stack=True))
    return made


def _paths(sections: Sections) -> list[Element]:
    if not sections.paths:
        return []
    rows = [Row((each.model, each.column, each.moved, each.of_top)) for each in sections.paths]
    heading = ("forest", "column", "mean |contribution|", "mean in the top tenth")
    return [
        el("h3", "What forests split by"),
        el(
            "p",
            "Contributions along the trees' paths (Saabas 2014), in the mean over test rows. They add up to "
            "the forest's answer exactly, but are no SHAP values: columns near the root get less than their "
            "share. Of the anomaly forest in splits saved, and the top tenth are the most unusual; of a head "
            "in probability of the likeliest class, and the top tenth are the gravest.",
        ),
        table("Columns by mean |contribution|", heading, rows, stack=True),
    ]


def _charted(label: str, axis: str, effects: Sequence[Effect], caption: str) -> Element:
    dots = [
        Dot(each.name, each.lost.value, each.lost.low, each.lost.high, each.lost.low > 0) for each in effects
    ]
    left = min(230, max(120, 7 * max(len(each.name) for each in dots) + 10))
    chart = dot_chart(label, dots, around_zero(axis, dots), left)
    return el("figure", chart, el("figcaption", f"{caption} Round points: surely above 0."))


def _of(effects: Sequence[Effect], source: str, figure: str) -> list[Effect]:
    return [each for each in effects if (each.label_source, each.figure) == (source, figure)]
