"""The bootstrap bundle, trained at full size once: what it is worth and what it promises."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from enrich.errors import BundleRefused, MillraceError
from enrich.features import ANOMALY_COLUMNS
from enrich.pipeline import PartitionState, prepare
from enrich.record import RawRecord
from enrich.score import Models, anomaly
from models import Store, parts, trusted_keys
from training.bootstrap import COMPANIES, ROWS, Bootstrapped, Split, bootstrap, bootstrap_split, trained
from training.dataset import context, dataset
from training.fit import WORD
from training.generate import Parameters, samples
from training.generate.concepts import CONCEPTS
from training.generate.signatures import SIGNATURES

NOW_MS = 1_763_700_000_000
SMALL = 2_000


class Small(NamedTuple):
    """A bundle of SMALL rows. told: the stages that were told while it was made."""

    room: Path
    made: Bootstrapped
    told: list[str]


@cache
def split() -> Split:
    return bootstrap_split(1, ROWS, 0.05)


@cache
def full() -> tuple[Models, dict[str, float]]:
    return trained(split(), 1)


def made(room: Path, **given: int | float) -> Bootstrapped:
    arguments = {"rows": SMALL, "now_ms": NOW_MS, **given}
    return bootstrap(bundles=room / "bundles", keys=room / "keys", trust=room / "trust", **arguments)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Made once, for all who only look at it."""
    room, told = tmp_path_factory.mktemp("small"), list[str]()
    return Small(room, made(room, say=told.append), told)  # type: ignore[arg-type]


def sums(room: Path, bundle_id: str) -> dict[str, bytes]:
    place = room / "bundles" / bundle_id
    return {path.name: path.read_bytes() for path in place.iterdir() if path.suffix in (".joblib", ".npz")}


def test_the_same_seed_gives_the_same_models_to_the_byte(small: Small, tmp_path: Path) -> None:
    again = made(tmp_path, now_ms=NOW_MS + 86_400_000)
    assert sums(small.room, small.made.bundle_id) == sums(tmp_path, again.bundle_id)


def test_another_seed_gives_other_models(small: Small, tmp_path: Path) -> None:
    other = made(tmp_path, seed=2)
    assert sums(small.room, small.made.bundle_id) != sums(tmp_path, other.bundle_id)


def test_the_bundle_is_promoted_and_loads(small: Small) -> None:
    loaded = Store(small.room / "bundles").load(trusted_keys(small.room / "trust"))
    assert loaded.bundle_id == small.made.bundle_id


def test_its_label_source_is_named(small: Small) -> None:
    loaded = Store(small.room / "bundles").load(trusted_keys(small.room / "trust"))
    assert (loaded.heads[0].label_source, loaded.bootstrap) == ("synthetic", True)


def test_production_refuses_it(small: Small) -> None:
    trusted = trusted_keys(small.room / "trust", production=True)
    with pytest.raises(BundleRefused, match="bootstrap"):
        Store(small.room / "bundles").load(trusted, production=True)


def test_each_stage_is_told(small: Small) -> None:
    assert [stage.split()[0] for stage in small.told] == ["generate", "fit", "calibrate", "evaluate", "sign"]


def test_its_files_are_small() -> None:
    assert sum(len(data) for data in parts.encoded(full()[0]).values()) < 15_000_000


@pytest.mark.parametrize("of", ["", "other."])
@pytest.mark.parametrize("baseline", ["majority", "stated", "stated_recoded"])
def test_severity_is_better_than_what_is_had_for_nothing(of: str, baseline: str) -> None:
    metrics = full()[1]
    assert metrics[f"{of}severity.macro_f1"] > metrics[f"{of}{baseline}.macro_f1"] + 0.3


def test_no_figure_is_above_what_label_noise_leaves() -> None:
    metrics = full()[1]
    assert metrics["severity.accuracy"] < metrics["ceiling.accuracy"] < 0.97


def test_without_label_noise_there_is_no_ceiling(tmp_path: Path) -> None:
    assert made(tmp_path, label_noise=0.0).metrics["ceiling.accuracy"] == 1.0


def test_confidence_is_about_as_often_right_as_it_says() -> None:
    assert full()[1]["confidence.ece"] < 0.06


def test_nearly_all_of_another_company_is_within_what_the_models_know() -> None:
    assert full()[1]["other.severity.covered"] > 0.95


def test_foreign_texts_are_outside_what_the_models_know() -> None:
    foreign = ["Vesuvio pompe idrauliche guasto al collettore sud", "quartz lantern drift beneath ochre tide"]
    known = np.array([each.read.known for each in full()[0].heads[0].read(foreign)])
    assert known.max() < full()[0].heads[0].known_share_min


def test_words_of_attacks_are_known_though_they_are_rare() -> None:
    rules = [r for table in SIGNATURES.values() for c, rs in table.items() for r in rs if _grave(c)]
    words = {word for rule in rules for word in re.findall(WORD, rule.title.lower())}
    assert len(words & set(full()[0].heads[0].vocabulary.parts[0].vectorizer.vocabulary_)) / len(words) > 0.9


def _grave(concept: str) -> bool:
    return CONCEPTS[concept].gravity >= 5.0


def test_numbers_are_no_words() -> None:
    words = full()[0].heads[0].vocabulary.parts[0].vectorizer.vocabulary_
    assert [word for word in words if word[0].isdigit()] == []


def test_a_cold_history_alone_is_nothing_unusual() -> None:
    cold = np.isnan(split().other.X[:, ANOMALY_COLUMNS]).sum(axis=1) > 8
    found = np.array([each.score for each in anomaly(split().other.X, full()[0])])
    assert found[cold & ~split().other.repeat].mean() < 0.75


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_outputs_of_a_row_do_not_depend_on_its_batch(size: int) -> None:
    models, data = full()[0], split().test.stretch(0, 1)
    rows = 1_000 if size > 1 else 60  # a call costs 10 ms however few rows it has
    whole = outputs(models, data.texts[:1_000], data.X[:1_000])
    models.heads[0]._texts.clear()
    cut = [outputs(models, data.texts[i : i + size], data.X[i : i + size]) for i in range(0, rows, size)]
    assert np.vstack(cut)[:rows].tobytes() == whole[:rows].tobytes()


def outputs(models: Models, texts: list[str], X: np.ndarray) -> np.ndarray:
    """Everything that the models say of these rows, as float64."""
    (head,) = models.heads
    found = head.read(texts)
    words = head.tfidf(found)
    return np.column_stack(
        [
            words.astype(np.float64),
            [each.read.known for each in found],
            head.severity.predict_proba(np.hstack([words, X])),
            models.anomaly.score_samples(X[:, ANOMALY_COLUMNS]),
            [each.score for each in anomaly(X, models)],
        ]
    )


def test_training_and_serving_see_the_same_bits() -> None:
    kept = list(samples(Parameters(seed=4, count=900, days=1)))
    trained_on = dataset(kept, None, context())
    records = [RawRecord("alerts.raw", 0, i, s.time_ms, None, s.line) for i, s in enumerate(kept)]
    states, within = dict[int, PartitionState](), context()
    served = [prepare(records[i : i + 7], states, within) for i in range(0, len(records), 7)]
    assert np.vstack([batch.X for batch in served]).tobytes() == trained_on.X.tobytes()


def test_training_and_serving_see_the_same_texts() -> None:
    kept = list(samples(Parameters(seed=4, count=300, days=1)))
    records = [RawRecord("alerts.raw", 0, i, s.time_ms, None, s.line) for i, s in enumerate(kept)]
    states, within = dict[int, PartitionState](), context()
    served = [prepare(records[i : i + 7], states, within) for i in range(0, len(records), 7)]
    assert [text for batch in served for text in batch.texts] == dataset(kept, None, context()).texts


def test_the_companies_share_all_rows() -> None:
    assert sum(company.share for company in COMPANIES) == pytest.approx(1.0)


def test_a_row_that_is_no_alert_is_named() -> None:
    sample = next(samples(Parameters(seed=1, count=1)))
    with pytest.raises(MillraceError, match="row 2"):
        dataset([sample, sample._replace(line=b"{}")], None, context())
