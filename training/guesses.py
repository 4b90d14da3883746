"""Technique guesses from the table: what its rules and ATT&CK's own sentences say, and how often they hit."""

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import numpy as np

from enrich.attack.table import Table as Attack
from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.techniques import Techniques, rule_of
from training import techniques
from training.as_served import texts
from training.figures.calibration import share
from training.reports.sections import Hits
from training.table import Table
from training.techniques import DESCRIPTION, NAME, PROCEDURE, RULE, Told

# Rows of ATT&CK itself that are no procedure but a technique: its name, and what it is in a second line.
_NAME: Final = re.compile(r"attack:T[0-9]{4}(?:\.[0-9]{3})?")
_HITS: Final = (1, 3, 5)
# What the hits of a bundle's guesses are by.
GUESSES: Final = "guesses"
NEIGHBOURS: Final = "nearest neighbours"
COMMONEST: Final = "the commonest techniques"
IN_HINDSIGHT: Final = "the commonest techniques of these rows, in hindsight"


class Guessing(NamedTuple):
    """unseen: hits on each source of rules that was learnt from, by models that knew none of its rules."""

    model: Techniques
    unseen: tuple[Hits, ...]


def guessing(table: Table, ids: Collection[str], within: Context) -> Guessing | None:
    """Return what guesses techniques, learnt from these rows; None where no row names one."""
    told = _told(table.where(table.frame["id"].isin(set(ids)).to_numpy(np.bool_)), within)
    try:
        fitted = techniques.fitted(told)
    except CorpusRefused:
        return None
    model = Techniques(fitted.vocabulary, fitted.labels, fitted.least, fitted.known_share_min)
    return Guessing(model, tuple(hit for each in fitted.held_out for hit in _unseen(each, fitted)))


def _unseen(held: techniques.HeldOut, fitted: techniques.Fitted) -> tuple[Hits, ...]:
    """Return hits of a source of which no rule was learnt from, beside its floors."""
    probability = 1 / (1 + np.exp(-(fitted.labels.slope * held.scores + fitted.labels.offset)))
    made = (probability >= fitted.least) & (held.known >= fitted.known_share_min)[:, None]
    served = [
        [uid for uid, kept in zip(ranked, row, strict=True) if kept]
        for ranked, row in zip(held.ranked, made.tolist(), strict=True)
    ]
    common = [held.commonest] * len(held.truth)
    told = (
        (GUESSES, served),
        (f"{GUESSES}, however unsure", held.ranked),
        (NEIGHBOURS, held.neighbours),
        (COMMONEST, common),
    )
    return tuple(_hits(held.source, by, said, held.truth)._replace(held_out=True) for by, said in told)


def hits(model: Techniques, table: Table, within: Context) -> tuple[Hits, ...]:
    """Return how often a right technique is among the first guesses for rules of each source, beside a floor.

    Rules of the same sources were trained on. A guess is right if the rule states it, or what took its place.
    The floor: the techniques that most of these rules state, for every rule.
    """
    attack = within.attack.table
    found = []
    rules = table.where(_rules(table))
    for source in sorted(set(rules.frame["label_source"])):
        own = rules.source(source)
        truth = [_live(stated, attack) for stated in own.frame["techniques"]]
        guesses = [[guess.uid for guess in each] for each in model.of(texts(own, within)[0])]
        found.append(_hits(source, GUESSES, guesses, truth))
        found.append(_hits(source, IN_HINDSIGHT, [_commonest(truth)] * len(truth), truth))
    return tuple(found)


def _commonest(truth: Sequence[frozenset[str]]) -> list[str]:
    names, often = np.unique([uid for each in truth for uid in sorted(each)], return_counts=True)
    return [str(name) for name in names[np.argsort(-often, kind="stable")][: max(_HITS)]]


def _hits(source: str, by: str, guesses: Sequence[Sequence[str]], truth: Sequence[frozenset[str]]) -> Hits:
    one, three, five = (
        share(
            np.array([not right.isdisjoint(said[:most]) for said, right in zip(guesses, truth, strict=True)])
        )
        for most in _HITS
    )
    return Hits(source, by, one, three, five)


def _told(table: Table, within: Context) -> Told:
    attack = within.attack.table
    read, named, kinds, sources = [], [], [], []
    rules = table.where(_rules(table))
    lines = [rule_of(text) for text in texts(rules, within)[0]]
    procedures = table.where((table.frame["kind"] == "procedure").to_numpy(np.bool_))
    for line, stated, source in zip(
        lines, rules.frame["techniques"], rules.frame["label_source"], strict=True
    ):
        read.append(line)
        named.append(_live(stated, attack))
        kinds.append(RULE)
        sources.append(source)
    columns = (procedures.frame[name] for name in ("id", "text", "techniques", "label_source"))
    for row_id, text, stated, source in zip(*columns, strict=True):
        live = _live(stated, attack)
        for kind, part in _parts(text, live, attack) if _NAME.fullmatch(row_id) else ((PROCEDURE, text),):
            read.append(part.replace("\n", " "))
            named.append(live)
            kinds.append(kind)
            sources.append(source)
    told = Told(read, named, kinds, sources)
    return told.where(np.array([bool(each) for each in named], dtype=np.bool_))


def _parts(text: str, uids: Collection[str], attack: Attack) -> list[tuple[str, str]]:
    """Return the name of a technique, a sub-technique's with that of its technique, and the description."""
    name, _, description = text.partition("\n")
    parents = [attack.techniques[uid.partition(".")[0]].name for uid in uids if "." in uid]
    named = (NAME, " ".join([*parents, name]))
    return [named, (DESCRIPTION, description)] if description else [named]


def _rules(table: Table) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    frame = table.frame
    return ((frame["kind"] == "rule") & frame["techniques"].map(bool)).to_numpy(np.bool_)


def _live(stated: Sequence[str], attack: Attack) -> frozenset[str]:
    current = (attack.current(uid) for uid in stated)
    return frozenset(each.uid for each in current if each is not None and each.live)
