"""What a bundle tells of the texts that it was trained on: words and pairs of them, and of which lines."""

from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest

from enrich.features import HEAD_LINES, NAMES
from enrich.heads import Head
from enrich.vocabulary import HEAD, WHOLE
from models.parts import encoded
from tests.unit import tiny
from training.candidates import CANDIDATES
from training.rounds import Labelled
from training.severity import fitted

ROWS = 240
SERVING = [each for each in CANDIDATES if each.serves and not each.others]
# What an alert's sender writes, and who is named in it beside the rule: lines behind the rule's.
BESIDE = ("cmd.exe /u jdoesecret", "http://intranet.invalid/jsmithsecret", "agent-hostsecret")


@cache
def texts() -> tuple[str, ...]:
    chance, words = Random(1), [f"word{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(10)]
    made = []
    for i in range(ROWS):
        title = " ".join(chance.choices(words[20 * (i % 4) : 20 * (i % 4) + 20], k=5))
        looks_for = " ".join(chance.choices(words, k=12))
        notes = "oncenoted" if i == 7 else "nothing known"
        if i == 7:
            title, looks_for = f"{title} oncetitled", f"{looks_for} oncedescribed"
        made.append("\n".join((title, f"class{i % 4}", "T1059", looks_for, notes, "tagged", *BESIDE)))
    return tuple(made)


@cache
def content(candidate: int) -> bytes:
    label = np.array([1 + i % 4 for i in range(ROWS)])
    groups, X = [str(i) for i in range(ROWS)], np.zeros((ROWS, len(NAMES)), dtype=np.float32)
    rows = Labelled(texts(), label, np.arange(ROWS) * 86_400_000, groups, X)
    made = fitted(rows, None, SERVING[candidate], 0.0)
    curve = np.array([0.0, 1.0])
    head = Head("verdicts", made.vocabulary, made.severity, curve, curve, 0.5)
    return b"".join(encoded(replace(tiny.models(), heads=(head,))).values())


@pytest.mark.parametrize("candidate", range(len(SERVING)), ids=[each.name for each in SERVING])
def test_no_line_of_a_text_is_in_the_bundle_and_no_word_that_its_sender_wrote(candidate: int) -> None:
    held = content(candidate)
    lines = {line for text in texts() for line in text.split("\n") if line.count(" ") > 1}
    assert [line for line in lines if line.encode() in held] == []
    secrets = ("jdoesecret", "jsmithsecret", "hostsecret", "intranet")
    once = ("oncetitled", "oncedescribed", "oncenoted")
    assert [word for word in (*secrets, *once) if word.encode() in held] == []


def test_words_of_many_rules_are_in_the_bundle() -> None:
    # So that the test above can fail: what is fitted is there to be found.
    assert b"wordaa" in content(0)


def test_what_serves_reads_the_lines_of_the_rule_alone() -> None:
    read = {part.line for each in CANDIDATES if each.serves for part in each.reads}
    assert read <= {HEAD, *range(HEAD_LINES)}
    assert WHOLE not in read
