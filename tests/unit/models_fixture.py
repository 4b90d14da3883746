"""A store with one real bundle in it, signed by a real key; and ways to spoil it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.errors import BundleRefused
from models import Facts, Gate, Promotion, SigningKey, Store, Trust, Window, load, new_key, trusted_keys
from models.bundle import MANIFEST, SIGNATURE
from models.manifest import bundle_id
from models.signature import signature_line
from tests.unit import tiny

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FAILED = Gate(name="leak", passed=False, reason="title alone predicts the label: accuracy .99")
PASSED = Gate(name="support", passed=True, reason="the smallest class has 120 rows")
FACTS = Facts(
    name="tiny",
    created=AT,
    training_window=Window(first=datetime(2026, 10, 1, tzinfo=UTC), last=AT, rows=300),
    metrics={"severity.macro_f1": 0.5, "severity.rows": 60},
    parameters={"seed": 1, "label_noise": 0.05, "generator": "tiny"},
)


@dataclass(frozen=True)
class House:
    """A state directory with keys, trust and bundles, and the bundle in it."""

    root: Path
    key: SigningKey
    bundle: Path

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def trust(self) -> Path:
        return self.root / "trust"

    @property
    def store(self) -> Store:
        return Store(self.root / "bundles")

    def trusted(self, production: bool = False) -> Trust:
        return trusted_keys(self.trust, production)

    def another(self, seed: int) -> str:
        """Put a further bundle into the store; return its id, the same for the same seed."""
        return add(self.root, self.key, seed)

    def plain(self) -> str:
        """Put a bundle that is no bootstrap one into the store; return its id."""
        return self.store.add(replace(tiny.models(), bootstrap=False), FACTS, self.key)

    def gated(self, *gates: Gate) -> str:
        """Put a bundle of which these gates said this into the store; return its id."""
        return self.store.add(tiny.models(), FACTS.model_copy(update={"gates": gates}), self.key)

    def promoted(self, bundle_id: str, why: str = "better", **further: Any) -> Promotion:
        """Promote a bundle."""
        given = {"key": self.key, "trusted": self.trusted(), "who": "kim", "why": why, "at": AT, **further}
        return self.store.promote(bundle_id, **given)

    def rolled_back(self, to: str | None = None) -> Promotion:
        """Go back to this bundle, or the one before."""
        return self.store.rollback(key=self.key, trusted=self.trusted(), who="lee", why="worse", at=AT, to=to)

    def current(self, at_least: int = 0) -> Promotion:
        """Return the promotion in force."""
        return self.store.current(self.trusted(), at_least=at_least)

    def refused(self, at_least: int = 0) -> str:
        """Return why no promotion is in force: one line."""
        with pytest.raises(BundleRefused) as raised:
            self.current(at_least)
        assert "\n" not in str(raised.value)
        return str(raised.value)


def add(root: Path, key: SigningKey, seed: int) -> str:
    """Put a bundle of its own for this seed into the state directory's store; return its id."""
    facts = FACTS.model_copy(update={"parameters": {"seed": seed}})
    return Store(root / "bundles").add(tiny.models(), facts, key)


def house(root: Path, bootstrap: bool = True) -> House:
    """Make a state directory whose bundle and key are bootstrap ones."""
    key = new_key(root / "keys", root / "trust", comment="test", bootstrap=bootstrap)
    store = Store(root / "bundles")
    return House(root, key, store.path(store.add(tiny.models(), FACTS, key)))


def refusal(directory: Path, trusted: Trust, production: bool = False) -> str:
    """Return why this bundle is not loaded: one line."""
    with pytest.raises(BundleRefused) as raised:
        load(directory, trusted, production)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def signed_again(house: House, change: Callable[[dict[str, Any]], None]) -> Path:
    """Change the manifest and sign it with the trusted key, so that only the change itself can be refused."""
    doc = orjson.loads((house.bundle / MANIFEST).read_bytes())
    change(doc)
    return _written(house, orjson.dumps(doc))


def with_file(house: House, name: str, content: bytes) -> Path:
    """Replace a file of the bundle and sign for it, as whoever holds a trusted key could."""
    (house.bundle / name).write_bytes(content)
    return signed_again(
        house,
        lambda doc: doc["files"].update(
            {name: {"sha256": sha256(content).hexdigest(), "size": len(content)}}
        ),
    )


def _written(house: House, manifest: bytes) -> Path:
    (house.bundle / MANIFEST).write_bytes(manifest)
    (house.bundle / SIGNATURE).write_bytes(signature_line(house.key, manifest))
    return house.bundle.rename(house.bundle.with_name(bundle_id(manifest)))
