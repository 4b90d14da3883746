"""What ``millrace models`` tells of bundles: described, compared, in force or refused; as plain documents."""

from typing import Any, NamedTuple

from enrich.errors import BundleRefused
from models import Manifest, Promotion, Store, Trust, trusted_keys
from models.bundle import check_made_for_us, opened, signed_manifest, verified
from models.records import Recorded
from worker.settings import Settings


class Described(NamedTuple):
    """A bundle by its signed manifest. manifest, key_id: None where problem says why it is refused."""

    bundle_id: str
    manifest: Manifest | None
    key_id: str | None
    problem: str | None

    @property
    def created(self) -> str:
        """When it was made, as text that sorts; empty for a refused one."""
        return "" if self.manifest is None else self.manifest.created.isoformat()


def store_of(settings: Settings) -> tuple[Store, Trust]:
    """Return this installation's store, and the keys that are trusted here. Raises SettingsWrong."""
    trusted = trusted_keys(settings.trust_dir, settings.production)
    return Store(settings.bundle_dir, settings.source), trusted


def described(store: Store, bundle_id: str, trusted: Trust) -> Described:
    """Read the manifest, if a trusted key has signed it; the other files are not looked at."""
    try:
        manifest, key_id = signed_manifest(store.path(bundle_id), trusted)
        return Described(bundle_id, manifest, key_id, None)
    except BundleRefused as error:
        return Described(bundle_id, None, None, str(error))


def problem(store: Store, bundle_id: str, trusted: Trust, build: bool) -> str | None:
    """Return why a worker would refuse the bundle; None: every byte is proved. build: open it as well."""
    place = store.path(bundle_id)
    try:
        proved = verified(place, trusted)
        check_made_for_us(proved.manifest, place)
        if build:
            opened(proved, place)
    except BundleRefused as error:
        return str(error)
    return None


def in_force(store: Store, trusted: Trust) -> tuple[Promotion | None, str | None]:
    """Return the promotion in force, or None and why there is none."""
    try:
        return store.current(trusted), None
    except BundleRefused as error:
        return None, str(error)


def document(each: Described, current: str | None) -> dict[str, Any]:
    """Return a line of the list as JSON has it. bytes: of all its files."""
    manifest = each.manifest
    return {
        "bundle_id": each.bundle_id,
        "in_force": each.bundle_id == current,
        "name": manifest and manifest.name,
        "created": manifest and manifest.created,
        "label_sources": manifest and [head.label_source for head in manifest.heads],
        "bytes": manifest and size(manifest),
        "gates_failed": manifest and [gate.name for gate in manifest.gates if not gate.passed],
        "gates": manifest and len(manifest.gates),
        "bootstrap": manifest and manifest.bootstrap,
        "key_id": each.key_id,
        "problem": each.problem,
    }


def record_document(each: Recorded) -> dict[str, Any]:
    """Return a line of the history as JSON has it."""
    record = {} if each.promotion is None else each.promotion.model_dump(mode="json")
    return {**record, "sequence": each.sequence, "problem": each.problem}


def size(manifest: Manifest) -> int:
    """Return the bytes of all files that the manifest lists."""
    return sum(facts.size for facts in manifest.files.values())


def facts(manifest: Manifest) -> dict[str, Any]:
    """Return what is compared besides metrics, by dotted name: one value each."""
    window = manifest.training_window
    return {
        "name": manifest.name,
        "created": manifest.created.isoformat(),
        "training_window.first": window.first.isoformat(),
        "training_window.last": window.last.isoformat(),
        "training_window.rows": window.rows,
        "bytes": size(manifest),
        "features_hash": manifest.features_hash,
        "bootstrap": manifest.bootstrap,
        **{f"parameters.{name}": value for name, value in manifest.parameters.items()},
        **{f"libraries.{name}": value for name, value in manifest.libraries.items()},
        **{f"files.{name}.size": of.size for name, of in manifest.files.items()},
        **{f"heads.{head.label_source}.kind": head.kind for head in manifest.heads},
        **{f"heads.{head.label_source}.words": head.words for head in manifest.heads},
        **{f"heads.{head.label_source}.known_share_min": head.known_share_min for head in manifest.heads},
        **{f"formats.{name}": source for name, source in manifest.formats.items()},
        **{f"gates.{gate.name}": "passed" if gate.passed else "failed" for gate in manifest.gates},
    }


def difference(a: Manifest, b: Manifest) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every metric of the two side by side, b minus a, and the other facts that are not the same."""
    one, other = facts(a), facts(b)
    return {
        "metrics": {
            name: {"a": a.metrics.get(name), "b": b.metrics.get(name), "difference": _minus(a, b, name)}
            for name in sorted({*a.metrics, *b.metrics})
        },
        "facts": {
            name: {"a": one.get(name), "b": other.get(name)}
            for name in dict.fromkeys((*one, *other))
            if one.get(name) != other.get(name)
        },
    }


def _minus(a: Manifest, b: Manifest, name: str) -> float | None:
    if name not in a.metrics or name not in b.metrics:
        return None
    return b.metrics[name] - a.metrics[name]
