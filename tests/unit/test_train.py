"""A training from a corpus to a signed candidate: judged, gated, made again bit for bit, promoted by hand."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from enrich.errors import CorpusRefused
from models import Store, new_key, trusted_keys
from tests.unit import rule_writer
from training.evaluated import Places
from training.run import Trained, trained
from training.train import Options

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class House:
    """A state directory with a key of a person's."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root / "reports", root / "bundles", root / "trust")
        self.work = root / "training"
        self.key = new_key(root / "keys", root / "trust", comment="team")
        self.told: list[str] = []

    def train(self, data: Path, seed: int = 1) -> Trained:
        return trained(
            data=[data],
            more=None,
            authors=(),
            places=self.places,
            work=self.work,
            key=self.key,
            options=Options(seed=seed),
            now=NOW,
            production=False,
            tell=lambda what, done, of: self.told.append(what),
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rule_writer.sigma(tmp_path_factory.mktemp("corpus") / "sigma.jsonl")


@pytest.fixture(scope="module")
def made(house: House, corpus: Path) -> Trained:
    return house.train(corpus)


def test_a_candidate_is_signed_and_not_promoted(house: House, made: Trained) -> None:
    store, trusted = Store(house.places.bundles), trusted_keys(house.places.trust)
    assert store.list() == (made.bundle_id,)
    assert store.history(trusted) == ()


def test_an_honest_candidate_passes_every_gate_and_can_be_promoted(house: House, made: Trained) -> None:
    assert made.refused == ()
    store, trusted = Store(house.places.bundles), trusted_keys(house.places.trust)
    record = store.promote(made.bundle_id, key=house.key, trusted=trusted, who="test", why="better", at=NOW)
    models = store.load(trusted)
    assert record.bundle_id == models.bundle_id
    assert models.formats == {"sigma": "sigma"}
    assert models.techniques is not None


def test_the_same_corpus_gives_the_same_models_in_another_house(
    made: Trained, corpus: Path, tmp_path: Path
) -> None:
    assert House(tmp_path).train(corpus).content == made.content


def test_the_report_is_there_with_its_split(house: House, made: Trained) -> None:
    place = house.places.reports / made.bundle_id
    assert {each.name for each in place.iterdir()} >= {"report.html", "report.json", "card.md", "split.json"}
    doc = orjson.loads((place / "report.json").read_bytes())
    assert [head["label_source"] for head in doc["heads"]] == ["sigma"]
    split = orjson.loads((place / "split.json").read_bytes())
    assert not set(split["train"]) & set(split["test"])


def test_every_stage_is_told_and_nothing_is_left_of_them(house: House, made: Trained) -> None:
    stages = {"read sigma.jsonl", "severity: sigma", "techniques", "judge", "gates", "report"}
    assert stages <= set(house.told)
    assert not house.work.exists() or not any(house.work.iterdir())


def test_words_that_say_nothing_are_refused_by_the_gates(tmp_path: Path) -> None:
    corpus = rule_writer.sigma(tmp_path / "sigma.jsonl", tell=False)
    refused = House(tmp_path / "state").train(corpus).refused
    assert any(reason.startswith("chance:") for reason in refused)


def test_a_broken_row_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    corpus = rule_writer.sigma(tmp_path / "sigma.jsonl")
    lines = corpus.read_bytes().splitlines()
    lines[41] = lines[41].replace(b'"level":', b'"levle":')
    corpus.write_bytes(b"\n".join(lines))
    other = House(tmp_path / "state")
    with pytest.raises(CorpusRefused, match=r"sigma\.jsonl:42: .*level") as raised:
        other.train(corpus)
    assert "\n" not in str(raised.value)
    assert not other.places.bundles.exists()


def test_too_few_rows_to_judge_by_are_refused(tmp_path: Path) -> None:
    corpus = rule_writer.sigma(tmp_path / "sigma.jsonl", rules=120)
    with pytest.raises(CorpusRefused, match="at least 130"):
        House(tmp_path / "state").train(corpus)
