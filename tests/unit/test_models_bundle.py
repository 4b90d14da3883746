"""A bundle comes back as it was written; what was made for something else, or does not fit, is refused."""

import copy
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import sklearn
from sklearn.ensemble import RandomForestClassifier

from enrich.errors import BundleRefused
from enrich.features import ANOMALY_COLUMNS
from enrich.pipeline import PartitionState, prepare
from enrich.score import ANY, Models
from models import bundle, load, write
from models.bundle import MANIFEST, SIGNATURE
from models.manifest import bundle_id
from models.parts import FILES, SEVERITY, encoded
from models.signature import signature_line
from tests.unit import tiny
from tests.unit.models_fixture import FACTS, House, house, refusal, signed_again, with_file

EVERY_FILE = (MANIFEST, SIGNATURE, *FILES)


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


@pytest.fixture(scope="module")
def batch() -> tuple[list[str], Any]:
    prepared = prepare(
        tiny.records([tiny.line(i) for i in range(400, 500)]), {0: PartitionState()}, tiny.context()
    )
    return prepared.texts, prepared.X


def probability(models: Models, batch: tuple[list[str], Any]) -> bytes:
    (head,) = models.heads
    dense = head.vocabulary.parts[0].vectorizer.transform(batch[0]).toarray().astype(np.float32)
    return bytes(head.severity.predict_proba(np.hstack([dense, batch[1]])).tobytes())


def test_severity_is_bit_equal_after_the_way_through_a_bundle(mine: House, batch: Any) -> None:
    loaded = load(mine.bundle, mine.trusted())
    assert probability(loaded, batch) == probability(tiny.models(), batch)


def test_anomaly_is_bit_equal_after_the_way_through_a_bundle(mine: House, batch: Any) -> None:
    X = batch[1][:, ANOMALY_COLUMNS]
    loaded = load(mine.bundle, mine.trusted()).anomaly.score_samples(X)
    assert loaded.tobytes() == tiny.models().anomaly.score_samples(X).tobytes()


@pytest.mark.parametrize("name", ["anomaly_reference", "feature_quantiles", "missing_share"])
def test_arrays_are_bit_equal_after_the_way_through_a_bundle(mine: House, name: str) -> None:
    loaded = getattr(load(mine.bundle, mine.trusted()), name)
    assert (loaded.dtype, loaded.tobytes()) == (np.float64, getattr(tiny.models(), name).tobytes())


@pytest.mark.parametrize("name", ["calibration_x", "calibration_y"])
def test_curves_are_bit_equal_after_the_way_through_a_bundle(mine: House, name: str) -> None:
    loaded = getattr(load(mine.bundle, mine.trusted()).heads[0], name)
    assert (loaded.dtype, loaded.tobytes()) == (np.float64, getattr(tiny.models().heads[0], name).tobytes())


def test_facts_come_back_with_the_models(mine: House) -> None:
    loaded = load(mine.bundle, mine.trusted())
    (head,) = loaded.heads
    assert (loaded.bundle_id, loaded.bootstrap, loaded.formats) == (mine.bundle.name, True, {ANY: "tiny"})
    assert (head.label_source, head.known_share_min) == ("tiny", 0.5)


def test_loaded_models_run_in_one_thread_and_say_nothing(tmp_path: Path) -> None:
    loud = copy.deepcopy(tiny.models().heads[0].severity)
    loud.n_jobs, loud.verbose = -1, 2
    mine = house(tmp_path)
    place = mine.store.path(mine.store.add(changed(severity=loud), FACTS, mine.key))
    loaded = load(place, mine.trusted())
    assert {(model.n_jobs, model.verbose) for model in (loaded.heads[0].severity, loaded.anomaly)} == {(1, 0)}


def test_the_same_models_and_facts_give_the_same_bundle(mine: House, tmp_path: Path) -> None:
    assert write(tmp_path, tiny.models(), FACTS, mine.key) == mine.bundle.name


def test_models_fitted_alike_in_another_process_give_the_same_bundle(mine: House) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(_bundle_id, mine.root.with_name("other")).result(60) == mine.bundle.name


def test_the_manifest_says_what_the_trainer_said(mine: House) -> None:
    manifest = bundle.verified(mine.bundle, mine.trusted()).manifest
    assert {name: getattr(manifest, name) for name in type(FACTS).model_fields} == dict(FACTS)


def test_a_bundle_made_for_other_features_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc.update(features_hash="0" * 16))
    assert "made for other features" in refusal(place, mine.trusted())


def test_a_bundle_of_another_minor_version_of_scikit_learn_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc["libraries"].update({"scikit-learn": "0.24.2"}))
    assert "made with scikit-learn 0.24.2" in refusal(place, mine.trusted())


def test_a_bundle_of_another_patch_version_of_scikit_learn_is_taken(mine: House) -> None:
    patched = ".".join(sklearn.__version__.split(".")[:2]) + ".99"
    place = signed_again(mine, lambda doc: doc["libraries"].update({"scikit-learn": patched}))
    assert load(place, mine.trusted()).bundle_id == place.name


def test_a_manifest_of_a_newer_millrace_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc.update(version=3, further="unknown here"))
    assert "written by a newer Millrace" in refusal(place, mine.trusted())


@pytest.mark.parametrize(
    "change",
    [
        {"further": 1},
        {"format": "millrace-promotion"},
        {"version": "1"},
        {"version": None},
        {"bootstrap": "false"},
        {"heads": []},
        {"created": "yesterday"},
        {"created": "2026-11-01T12:00:00"},
        {"files": {}},
        {"metrics": {"x": "high"}},
    ],
    ids=str,
)
def test_a_manifest_with_a_wrong_field_is_refused(mine: House, change: dict[str, Any]) -> None:
    place = signed_again(mine, lambda doc: doc.update(change))
    assert f"{MANIFEST}: '{next(iter(change))}" in refusal(place, mine.trusted())


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"\xff", b'{"version": 1'])
def test_a_signed_manifest_that_is_none_is_refused(mine: House, content: bytes) -> None:
    (mine.bundle / MANIFEST).write_bytes(content)
    (mine.bundle / SIGNATURE).write_bytes(signature_line(mine.key, content))
    place = mine.bundle.rename(mine.bundle.with_name(bundle_id(content)))
    assert MANIFEST in refusal(place, mine.trusted())


def _bundle_id(root: Path) -> str:
    return house(root).bundle.name


def _few_columns() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=2).fit(np.zeros((4, 3), np.float32), [1, 2, 1, 2])


def _other_classes() -> RandomForestClassifier:
    columns = tiny.models().heads[0].severity.n_features_in_
    return RandomForestClassifier(n_estimators=2).fit(np.zeros((4, columns), np.float32), [0, 1, 6, 2])


def changed(**parts: Any) -> Models:
    """The tiny models with other parts: those of the head, or their own."""
    models = tiny.models()
    (head,) = models.heads
    of_head = {name: part for name, part in parts.items() if hasattr(head, name)}
    own = {name: part for name, part in parts.items() if name not in of_head}
    return replace(models, heads=(replace(head, **of_head),), **own)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "severity of other columns": ({"severity": _few_columns()}, "reads 3 columns"),
    "classes that are no severities": ({"severity": _other_classes()}, "predicts classes [0, 1, 2, 6]"),
    "severity not fitted": ({"severity": RandomForestClassifier()}, "is not fitted"),
    "severity of another kind": ({"severity": "forest"}, "is neither a RandomForestClassifier nor"),
    "anomaly of another kind": (
        {"anomaly": tiny.models().heads[0].severity},
        "is not a fitted IsolationForest",
    ),
    "calibration that turns back": (
        {"calibration_x": np.array([0.5, 0.4])},
        "calibration_x of tiny",
    ),
    "calibration out of range": (
        {"calibration_y": np.array([0.5, 1.2])},
        "of tiny is not within",
    ),
    "calibration of two lengths": ({"calibration_y": np.array([0.5])}, "calibration of tiny has shapes"),
    "no calibration": ({"calibration_x": np.array([]), "calibration_y": np.array([])}, "has shapes (0,)"),
    "reference too short": ({"anomaly_reference": np.zeros(10)}, "anomaly_reference has shape"),
    "reference not a number": ({"anomaly_reference": np.full(1001, np.nan)}, "is not finite"),
    "reference that falls": ({"anomaly_reference": np.linspace(1, 0, 1001)}, "does not increase"),
    "quantiles of other features": ({"feature_quantiles": np.zeros((2, 101))}, "has shape (2, 101)"),
    "quantiles without end": (
        {"feature_quantiles": np.full_like(tiny.models().feature_quantiles, np.inf)},
        "feature_quantiles of hour",
    ),
    "missing share not a number": (
        {"missing_share": np.full_like(tiny.models().missing_share, np.nan)},
        "missing_share is not within",
    ),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG.keys())
def test_models_that_would_not_load_are_not_written(mine: House, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BundleRefused) as raised:
        mine.store.add(changed(**change), FACTS, mine.key)
    assert reason in str(raised.value)


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG.keys())
def test_models_that_do_not_fit_are_refused_however_well_signed(
    mine: House, change: dict[str, Any], reason: str
) -> None:
    place = mine.bundle
    for name, content in encoded(changed(**change)).items():
        place = with_file(replace(mine, bundle=place), name, content)
    assert reason in refusal(place, mine.trusted())


def test_a_feature_that_was_missing_throughout_needs_no_quantiles(mine: House) -> None:
    quantiles, missing = tiny.models().feature_quantiles.copy(), tiny.models().missing_share.copy()
    quantiles[3], missing[3] = np.nan, 1.0
    made = mine.store.add(
        replace(tiny.models(), feature_quantiles=quantiles, missing_share=missing), FACTS, mine.key
    )
    assert np.isnan(load(mine.store.path(made), mine.trusted()).feature_quantiles[3]).all()


def test_a_file_that_is_no_pickle_is_refused_in_one_line(mine: House) -> None:
    place = with_file(mine, SEVERITY, b"not a pickle")
    assert f"{SEVERITY}: cannot be used" in refusal(place, mine.trusted())


def test_the_manifest_is_sorted_json_for_people(mine: House) -> None:
    content = (mine.bundle / MANIFEST).read_bytes()
    option = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    assert orjson.dumps(orjson.loads(content), option=option) == content
