"""One key for two installations: what is promoted for the one is refused by the other."""

import shutil
from pathlib import Path

import orjson
import pytest

from enrich.errors import BundleRefused
from millrace.demo import line
from models import Promotion, Store
from models.promotion import record_name, signed
from models.records import PROMOTIONS
from models.signature import SIGNATURE_SIZE, signature_line
from tests.unit.models_fixture import AT, House, house
from worker.settings import Settings


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "mine")


def store(home: House, name: str) -> Store:
    return Store(home.root / "bundles", name)


def promoted(home: House, name: str, bundle_id: str = "") -> Promotion:
    given = {"key": home.key, "trusted": home.trusted(), "who": "kim", "why": "better", "at": AT}
    return store(home, name).promote(bundle_id or home.bundle.name, **given)


def record(home: House, sequence: int) -> Path:
    return home.store.directory / PROMOTIONS / record_name(sequence)


def test_a_promotion_names_the_installation_that_it_is_for(mine: House) -> None:
    assert promoted(mine, "prod").installation == "prod"
    assert store(mine, "prod").current(mine.trusted()).installation == "prod"


def test_a_record_of_another_installation_with_the_same_key_and_bundle_is_refused(
    mine: House, tmp_path: Path
) -> None:
    other = mine.another(2)
    shutil.copytree(mine.root, tmp_path / "theirs")
    theirs = House(tmp_path / "theirs", mine.key, tmp_path / "theirs" / "bundles" / mine.bundle.name)
    promoted(mine, "prod", other)
    for _ in range(3):
        promoted(theirs, "staging")
    shutil.copy(record(theirs, 3), record(mine, 3))
    with pytest.raises(BundleRefused, match="is for installation 'staging', this one is 'prod'") as raised:
        store(mine, "prod").current(mine.trusted())
    assert ("\n" in str(raised.value), str(record(mine, 3)) in str(raised.value)) == (False, True)
    # As with any that is refused: promoted again, the new one stands above it.
    again = promoted(mine, "prod", other)
    assert (again.sequence, again.previous) == (4, other)


def test_a_replica_of_the_installation_takes_its_promotions(mine: House, tmp_path: Path) -> None:
    promoted(mine, "prod")
    shutil.copytree(mine.root, tmp_path / "replica")
    fresh = Store(tmp_path / "replica" / "bundles", "prod")
    assert fresh.load(mine.trusted()).bundle_id == mine.bundle.name


def test_a_promotion_for_no_installation_counts_in_each(mine: House) -> None:
    # A fresh machine makes its first one so, by a key of its own.
    promoted(mine, "")
    assert store(mine, "prod").current(mine.trusted()).sequence == 1


def test_who_names_no_installation_reads_those_of_all(mine: House) -> None:
    promoted(mine, "prod")
    assert store(mine, "").current(mine.trusted()).sequence == 1


def test_a_record_of_before_installations_were_named_is_still_read(mine: House) -> None:
    promoted(mine, "prod")
    doc = orjson.loads(record(mine, 1).read_bytes()[SIGNATURE_SIZE:])
    del doc["installation"]
    body = orjson.dumps({**doc, "version": 1})
    record(mine, 1).write_bytes(signature_line(mine.key, body) + body)
    found = store(mine, "prod").current(mine.trusted())
    assert (found.version, found.installation, found.bundle_id) == (1, "", mine.bundle.name)


def test_the_name_of_the_installation_is_signed(mine: House) -> None:
    content = signed(promoted(mine, "staging"), mine.key)
    record(mine, 1).write_bytes(content.replace(b"staging", b"product"))
    with pytest.raises(BundleRefused, match="does not match its signature"):
        store(mine, "product").current(mine.trusted())


def test_a_worker_asks_for_promotions_of_its_own_installation(mine: House) -> None:
    from worker import bundles
    from worker.settings import Settings

    promoted(mine, "staging")
    assert bundles.promotion(Settings(state=mine.root, source="staging")).sequence == 1
    with pytest.raises(BundleRefused, match="is for installation 'staging', this one is 'prod'"):
        bundles.promotion(Settings(state=mine.root, source="prod"))


def test_the_demo_takes_no_promotion_that_its_worker_would_refuse(mine: House) -> None:
    promoted(mine, "staging")
    told: list[str] = []
    with pytest.raises(BundleRefused, match="is for installation 'staging', this one is 'prod'"):
        line.bundle(Settings(state=mine.root, source="prod"), told.append)
    line.bundle(Settings(state=mine.root, source="staging"), told.append)
    assert told == [f"Models: bundle {mine.bundle.name} (tiny)"]
