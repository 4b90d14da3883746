"""`millrace evaluate`: from the kept rows, and anew on corpora; bundles side by side; what it refuses."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import orjson
import pytest

from enrich.errors import CorpusRefused
from enrich.pipeline import process
from enrich.record import RawRecord
from enrich.score import ANY, Models
from millrace.cli import main
from models import Store, new_key
from tests.unit import heads, tiny
from tests.unit.candidates import corpus, evidence, linear
from tests.unit.models_fixture import FACTS
from training import reports
from training.corpora import read
from training.dataset import context
from training.heads import kept_classes
from training.judged import Judged
from training.judging import as_trained, judged_of, split_for
from training.reports.sections import LeftOut, Sections
from training.split import by_time
from training.table import Table
from training.verdict_record import Verdict, encoded

FIRST, SECOND = "0123456789abcdef", "fedcba9876543210"
LEVELS = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical"}
QUICK = 60
WORDS = "true_positive", "benign"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MILLRACE_STATE", str(tmp_path))
    return tmp_path


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command; returns exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["evaluate", *(str(each) for each in arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@cache
def judged() -> Judged:
    return evidence(corpus(1, 1_000), 1, linear).challenger[0]


def kept(state: Path, bundle_id: str, rows: Judged) -> Path:
    """What training leaves beside a bundle."""
    given = Sections(name=f"bundle {bundle_id[:2]}", made="2026-11-21", features_hash="aa")
    reports.write(
        state / "reports" / bundle_id, reports.report_of(bundle_id, [rows], given, resamples=QUICK), [rows]
    )
    return state / "reports" / bundle_id


def rules(path: Path, n: int = 80) -> Path:
    """A corpus of invented Sigma rules, whose words tell their level, in Sigma's normalised form."""
    dice = np.random.default_rng(1)
    path.mkdir(exist_ok=True)
    lines = []
    for i in range(n):
        text, level, technique = heads.RULES[i % len(heads.RULES)]
        words = [f"word{'abcdefghij'[k // 10]}{'abcdefghij'[k % 10]}" for k in dice.integers(0, 100, 8)]
        lines.append(
            orjson.dumps(
                {
                    "id": f"00000000-0000-4000-8000-{i:012}",
                    "title": f"{text.splitlines()[0]} {' '.join(words[:4])}",
                    "description": f"{text.splitlines()[3]} {' '.join(words)}",
                    "level": LEVELS[level],
                    "logsource": {"product": "windows"},
                    "tags": [f"attack.{technique.lower()}"],
                    "techniques": [technique],
                    "status": "test",
                    "date": f"20{20 + i // 20}-01-{i % 20 + 1:02}",
                }
            )
        )
    (path / "sigma_rules.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return path


def models() -> Models:
    """A linear head that speaks for Sigma."""
    given = heads.models()
    head = replace(heads.linear(), label_source="sigma", known_share_min=0.2, _texts={})
    return replace(given, heads=(head,), formats={ANY: "sigma"}, bootstrap=False)


def bundle(state: Path) -> str:
    key = new_key(state / "keys", state / "trust", comment="test", bootstrap=False)
    return Store(state / "bundles").add(models(), FACTS, key)


def table(tmp_path: Path) -> Table:
    return read(rules(tmp_path / "corpora"))


def test_each_head_judges_the_labelled_test_rows_of_its_source(tmp_path: Path) -> None:
    rows = table(tmp_path)
    split = by_time(rows)
    (found,) = judged_of(models(), rows, split, context())
    assert (found.label_source, set(found.ids)) == ("sigma", set(split.test))
    assert (set(found.train_ids), set(found.baselines)) == (
        {*split.train, *split.calibrate},
        {"majority", "logistic regression"},
    )


def test_judged_rows_are_in_time_order_with_probabilities_that_sum_to_one(tmp_path: Path) -> None:
    rows = table(tmp_path)
    (found,) = judged_of(models(), rows, by_time(rows), context())
    assert (np.diff(found.time_ms) >= 0).all()
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)


def test_judged_probabilities_are_those_of_serving(tmp_path: Path) -> None:
    rows = table(tmp_path)
    (found,) = judged_of(models(), rows, by_time(rows), context())
    (head,) = models().heads
    alone = [head.of([text], np.zeros((1, 1), dtype=np.float32)).probability[0] for text in found.texts]
    assert np.array(alone).tobytes() == found.probability[:, head.classes - 1].tobytes()


def test_a_source_without_a_head_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path)
    with pytest.raises(CorpusRefused, match="no labelled test row of rules"):
        judged_of(replace(models(), heads=(heads.linear(),), formats={}), rows, by_time(rows), context())


def test_rows_that_were_trained_on_do_not_judge(tmp_path: Path) -> None:
    rows = table(tmp_path)
    trained = frozenset(by_time(rows).test[:3])
    split = split_for(rows, tmp_path / "none.json", trained)
    assert (set(split.test) & trained, len(split.test)) == (set(), len(by_time(rows).test) - 3)


def test_rows_of_a_group_that_was_trained_on_do_not_judge(tmp_path: Path) -> None:
    rows = table(tmp_path)
    one, two = by_time(rows).test[:2]
    frame = rows.frame.copy()
    frame.loc[frame["id"].isin((one, two)), "group"] = "one family"
    split = split_for(Table(frame, rows.licences, rows.notes), tmp_path / "none.json", frozenset({one}))
    assert {one, two} <= set(split.left_out)


def test_of_rows_with_the_same_text_the_first_judges(tmp_path: Path) -> None:
    rows = table(tmp_path)
    split = by_time(rows)
    frame = rows.frame.copy()
    of = frame.set_index("id")["document"]
    again = frame["id"].isin(split.test[1:4])
    frame.loc[again, "document"] = [of[split.test[0]]] * int(again.sum())
    (found,) = judged_of(models(), Table(frame, rows.licences, rows.notes), split, context())
    assert set(found.ids) == set(split.test) - set(split.test[1:4])


def test_the_split_is_found_although_training_left_rare_labels_out(tmp_path: Path) -> None:
    path = rules(tmp_path / "corpora")
    lines = (path / "sigma_rules.jsonl").read_bytes().splitlines()
    rare = [re.sub(rb'"level":"[a-z]+"', b'"level":"critical"', line) for line in lines[:2]]
    (path / "sigma_rules.jsonl").write_bytes(b"\n".join([*rare, *lines[2:]]) + b"\n")
    whole = read(path)
    kept, notes = kept_classes(whole)
    by_time(kept).save(tmp_path / "split.json")
    assert (len(notes) > 0, kept.content_hash == whole.content_hash) == (True, False)
    assert as_trained(whole, tmp_path / "split.json").content_hash == kept.content_hash
    assert as_trained(whole, tmp_path / "none.json") is whole


def test_events_with_verdicts_are_judged_by_the_authors_of_the_setting(
    state: Path, said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (data := state / "own").mkdir()
    records = [RawRecord("raw", 0, n, tiny.T0 + n, None, tiny.suricata(n)) for n in range(40)]
    events = [output[0].value for output in process(records, {}, context(), None).outputs]
    verdicts = [
        encoded(Verdict(orjson.loads(event)["metadata"]["uid"], WORDS[n % 2], "anna", 1, 2 + n % 3, None))[1]
        for n, event in enumerate(events)
    ]
    (data / "events.jsonl").write_bytes(b"\n".join(events))
    (data / "verdicts.jsonl").write_bytes(b"\n".join(verdicts))
    head = replace(heads.linear(), label_source="verdicts", known_share_min=0.0, _texts={})
    given = replace(models(), heads=(head,), formats={ANY: "verdicts"})
    key = new_key(state / "keys", state / "trust", comment="test", bootstrap=False)
    made = Store(state / "bundles").add(given, FACTS, key)
    code, _, err = said(made, "--data", data)
    assert (code, "whose verdicts count?" in err) == (2, True)
    monkeypatch.setenv("MILLRACE_AUTHORS", "anna")
    code, out, err = said(made, "--data", data, "--json")
    assert (code, err) == (0, "")
    assert orjson.loads(out)["bundle_id"] == made


def test_where_every_row_was_trained_on_nothing_is_judged(tmp_path: Path) -> None:
    rows = table(tmp_path)
    with pytest.raises(CorpusRefused, match="was trained on"):
        split_for(rows, tmp_path / "none.json", frozenset(rows.ids))


def test_the_split_that_training_saved_is_used_again(tmp_path: Path) -> None:
    rows = table(tmp_path)
    saved = replace(by_time(rows), name="saved by training")
    saved.save(tmp_path / "split.json")
    assert split_for(rows, tmp_path / "split.json", frozenset()).name == "saved by training"


def test_a_head_that_was_not_carried_is_on_the_screen(
    state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    left = LeftOut("splunk", "chance: kappa 0.01", 240, 0.4, 0.2, 0.1)
    given = Sections(name="x", made="", features_hash="aa", left_out=(left,))
    report = reports.report_of(FIRST, [judged()], given, resamples=QUICK)
    reports.write(state / "reports" / FIRST, report, [judged()])
    code, out, _ = said(FIRST)
    assert (code, "not carried" in out, "splunk" in out, "0.400" in out) == (0, True, True, True)


def test_what_training_kept_is_shown(state: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    kept(state, FIRST, judged())
    code, out, err = said(FIRST)
    assert (code, err, "logistic regression" in out) == (0, "", True)
    assert out.splitlines()[-1] == f"Report: {state / 'reports' / FIRST / 'report.html'}"


def test_the_kept_rows_stay_as_they_are(state: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    place = kept(state, FIRST, judged())
    before = (place / "judged.npz").stat()
    said(FIRST)
    after = (place / "judged.npz").stat()  # reading may move the time of access
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_json_is_one_document_and_the_same_as_the_file(
    state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    place = kept(state, FIRST, judged())
    _, out, err = said(FIRST, "--json")
    assert (orjson.loads(out), err) == (orjson.loads((place / "report.json").read_bytes()), "")


def test_two_bundles_are_compared_on_the_rows_of_both(
    state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    kept(state, FIRST, judged())
    kept(state, SECOND, replace(judged(), probability=np.roll(judged().probability, 1, axis=1)))
    _, out, _ = said(FIRST, "--against", SECOND, "--json")
    (found,) = orjson.loads(out)["compared"]
    better = {each["figure"]: each["difference"]["low"] for each in found["differences"]}
    assert (found["against"], better["macro_f1"] > 0) == (SECOND, True)


def test_out_takes_the_report_and_its_rows(
    state: Path, tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    kept(state, FIRST, judged())
    said(FIRST, "--out", tmp_path / "shown")
    assert set(reports.FILES) <= {path.name for path in (tmp_path / "shown").iterdir()}


def test_a_bundle_is_judged_anew_on_corpora(state: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    bundle_id = bundle(state)
    code, out, err = said(bundle_id, "--data", rules(state / "corpora"), "--json")
    assert (code, err) == (0, "")
    doc = orjson.loads(out)
    assert (doc["heads"][0]["label_source"], doc["sections"]["name"]) == ("sigma", "tiny")
    assert doc["sections"]["sources"][0]["rows"] == 80


def test_a_report_on_other_corpora_leaves_that_of_training_alone(
    state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    bundle_id = bundle(state)
    place = kept(state, bundle_id, judged())
    before = (place / "report.json").read_bytes()
    _, out, _ = said(bundle_id, "--data", rules(state / "corpora"))
    assert (place / "report.json").read_bytes() == before
    assert out.splitlines()[-1].startswith(f"Report: {place / 'on-'}")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("xyz",), "is no bundle id"),
        (("../../../etc/passwd",), "is no bundle id"),
        ((FIRST,), "there is no evaluation of this bundle here"),
        ((FIRST, "--against", FIRST), "needs another bundle"),
        ((FIRST, "--data", "/nowhere"), "is not in"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], why: str, state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = said(*arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert why in err


def test_bundles_that_were_judged_on_other_rows_are_not_compared(
    state: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    kept(state, FIRST, judged())
    kept(state, SECOND, replace(judged(), ids=tuple(f"x{each}" for each in judged().ids)))
    code, _, err = said(FIRST, "--against", SECOND)
    assert (code, "compare them with --data" in err) == (2, True)


def test_a_damaged_file_of_rows_is_named(state: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    place = kept(state, FIRST, judged())
    (place / "judged.npz").write_bytes((place / "judged.npz").read_bytes()[:-50])
    code, _, err = said(FIRST)
    assert (code, "judged.npz: is damaged" in err) == (2, True)
