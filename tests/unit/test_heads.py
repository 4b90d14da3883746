"""Heads: linear and forest beside each other, their reasons, and what must not depend on the batch."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from sklearn.linear_model import LogisticRegression

from enrich.attack.guesses import GUESS_MAX
from enrich.features import NAMES, text_of
from enrich.heads import TEXT_CACHE
from enrich.pipeline import PartitionState, prepare, process, scored
from tests.unit import heads, tiny

X = np.zeros((len(heads.TEXTS), len(NAMES)), dtype=np.float32)


def lines(count: int) -> list[bytes]:
    rules = [text.split("\n")[0] for text in heads.TEXTS]
    wazuh = [
        orjson.loads(tiny.wazuh(i)) | {"rule": {"id": str(i), "level": 3, "description": rules[i % 6]}}
        for i in range(count)
    ]
    return [orjson.dumps(wazuh[i]) if i % 2 else tiny.suricata(i) for i in range(count)]


def test_a_linear_head_gives_the_probabilities_of_scikit_learn() -> None:
    head = heads.linear()
    words = heads.matrix(head.vocabulary)
    plain = LogisticRegression(C=10).fit(words, [severity for _, severity, _ in heads.RULES])
    expected = plain.predict_proba(words)
    assert np.allclose(head.of(heads.TEXTS, X).probability, expected, atol=1e-6)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_no_row_depends_on_the_batch_it_is_in(size: int) -> None:
    models = heads.models()
    records = tiny.records(lines(130))
    batch = prepare(records, {0: PartitionState()}, tiny.context())

    def parts(step: int) -> list[object]:
        fresh = heads.models()
        return [
            score
            for start in range(0, len(batch.rows), step)
            for score in scored(
                replace(
                    batch,
                    rows=batch.rows[start : start + step],
                    texts=batch.texts[start : start + step],
                    X=batch.X[start : start + step],
                ),
                fresh,
            )
        ]

    assert repr(parts(size)) == repr(scored(batch, models))


def test_each_format_is_told_of_by_its_own_head() -> None:
    outputs = process(tiny.records(lines(12)), {}, tiny.context(), heads.models()).outputs
    told = [orjson.loads(output[0].value)["unmapped"]["millrace"] for output in outputs]
    assert {(each["format"], each["confidence"]["label_source"]) for each in told} == {
        ("suricata", "tiny"),
        ("wazuh", "rules"),
    }


def test_a_format_without_a_head_is_told_to_be_unknown_and_keeps_its_stated_severity() -> None:
    models = replace(heads.models(), formats={"wazuh": "rules"})
    (output,) = process(tiny.records([tiny.suricata(1)]), {}, tiny.context(), models).outputs
    told = orjson.loads(output[0].value)["unmapped"]["millrace"]
    assert told["confidence"] == {"score": None, "status": "insufficient data", "label_source": None}
    assert told["severity"]["origin"] == "stated"
    assert told["severity"]["model_id"] is None
    assert told["anomaly"] is not None


def test_reasons_name_words_of_the_rule_and_none_that_a_sender_wrote() -> None:
    (rule, *_) = heads.TEXTS
    head = replace(heads.linear(), _texts={})
    (found,) = head.read([rule + "\nscheduled task night script"])
    assert found.pulls
    assert all(all(word in rule.lower() for word in pull.word.split()) for pull in found.pulls)


def test_reasons_add_up_to_what_the_class_has_beyond_the_others() -> None:
    head = heads.linear()
    (found,) = head.read(heads.TEXTS[:1])
    place = int(found.probability.argmax())  # type: ignore[union-attr]
    model = head.severity
    scores = np.log(found.probability)
    beyond = (scores[place] - model.intercepts[place]) - (scores - model.intercepts).mean()
    assert model.pulls(found.read.columns, found.read.weights, place).sum() == pytest.approx(beyond)


def test_a_rule_of_unknown_words_is_outside_what_the_head_knows() -> None:
    doc = orjson.loads(tiny.wazuh(1)) | {
        "rule": {"id": "1", "level": 3, "description": "Vesuvio pompe idrauliche"}
    }
    (output,) = process(tiny.records([orjson.dumps(doc)]), {}, tiny.context(), heads.models()).outputs
    told = orjson.loads(output[0].value)["unmapped"]["millrace"]
    assert told["confidence"]["status"] == "insufficient data"
    assert told["severity"]["because"] == []


def test_guesses_stand_under_what_is_matched_and_say_what_they_are() -> None:
    rule = {"id": "1", "level": 3, "description": "memory from a backup"}
    doc = orjson.loads(tiny.wazuh(1)) | {"rule": rule}
    (output,) = process(tiny.records([orjson.dumps(doc)]), {}, tiny.context(), heads.models()).outputs
    hints = orjson.loads(output[0].value)["unmapped"]["millrace"]["hints"]
    guessed = [hint for hint in hints if hint["source"] == "model"]
    assert guessed
    assert hints[-len(guessed) :] == guessed
    assert all(hint["confidence"] <= GUESS_MAX and hint["span"] is None for hint in guessed)


def test_nothing_is_guessed_of_words_that_the_model_does_not_know() -> None:
    assert heads.techniques().of(["Vesuvio pompe idrauliche\n\n\n\n\n\n"]) == [()]


def test_guesses_do_not_read_what_the_rule_states() -> None:
    plain, stated = (
        f"Port scan\nnetwork\n{tags}\nMany ports\n\n" for tags in ("", "scheduled task credential")
    )
    first, second = replace(heads.techniques(), _texts={}).of([plain, stated])
    assert first == second
    assert first


def test_texts_have_six_lines_of_the_rule() -> None:
    batch = prepare(tiny.records([tiny.suricata(1)]), {0: PartitionState()}, tiny.context())
    assert batch.texts == [text_of(batch.rows[0].alert)]
    assert batch.texts[0].count("\n") >= 5


def test_memory_of_texts_is_bounded() -> None:
    head = replace(heads.linear(), _texts={})
    for start in range(0, 3 * TEXT_CACHE, 1_000):
        head.read([f"Port scan number n{i}" for i in range(start, start + 1_000)])
    assert len(head._texts) <= TEXT_CACHE
