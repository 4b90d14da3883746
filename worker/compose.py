"""The composition root: settings become the context and the models, once, before anything runs."""

import platform
import tomllib
from collections.abc import Callable
from hashlib import blake2b
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from enrich.address import Networks
from enrich.alert import entity
from enrich.attack import load_attack
from enrich.clock import zone_digest
from enrich.context import PASSTHROUGH_BUNDLE, Context
from enrich.errors import BundleRefused, Rejected, SettingsWrong
from enrich.formats import Formats, alert_from, load_mapping, packaged_mappings
from enrich.lint import Lint
from enrich.policy import Policy
from enrich.redact import Redaction
from enrich.score import Models
from enrich.tables import Tables
from worker import tables
from worker.current import UNSCORED, Noted, Promoted, with_models
from worker.log import log
from worker.settings import Settings
from worker.warm import warm

# Mappings and policies are written by hand; more is no such file.
TEXT_LIMIT: Final = 1_048_576
# Of the key of pseudonyms: what a guesser cannot try out.
KEY_MIN: Final = 16


def context(settings: Settings, partitions: int, models: Models | None) -> Context:
    """Return the context of a raw topic with so many partitions. Raises SettingsWrong naming the file."""
    rules, networks = policy(settings), Networks.of(settings.networks)
    capacity = rules.escalate.capacity_per_day
    if capacity is not None and capacity < partitions:
        raise SettingsWrong(
            f"policy: escalate.capacity_per_day is {capacity}, for {partitions} partitions: each keeps a "
            "share, so give at least one to each, or use a topic with fewer partitions"
        )
    made = Context(
        source=settings.source,
        partitions=partitions,
        bundle_id=PASSTHROUGH_BUNDLE,
        bootstrap=False,
        formats=formats(settings),
        attack=load_attack(),
        networks=networks,
        policy=rules,
        raw_limit=settings.raw_limit,
        raw_keep=settings.raw_keep,
        redaction=redaction(settings),
        tables=Tables(tables.at_start(settings), networks),
        zone=settings.zone,
        extra=(("zone data", zone_digest(settings.zone)), ("sources", _sources()), *_libraries()),
    )
    return with_models(made, models)


def redaction(settings: Settings) -> Redaction:
    """Return what is taken out of events. Raises SettingsWrong."""
    path = settings.pseudonym_key_file
    if path is None:
        return Redaction(settings.raw_data)
    if settings.raw_data == "full":
        raise SettingsWrong(
            "pseudonym_key_file: the names would still stand in raw_data; set raw_data to redacted or none"
        )
    key = _text(path, "pseudonym_key_file").strip().encode()
    if len(key) < KEY_MIN:
        raise SettingsWrong(f"pseudonym_key_file {path}: {len(key)} bytes, at least {KEY_MIN} are asked for")
    return Redaction(settings.raw_data, key)


def _sources() -> str:
    """Return a hash of the core's own files: two builds under one version are two contexts."""
    found = sorted(
        (str(file.relative_to(root)), file)
        for root in [Path(str(resources.files("enrich")))]
        for file in root.rglob("*")
        if file.suffix in (".py", ".toml", ".json")
    )
    digest = blake2b(digest_size=8)
    for name, file in found:
        digest.update(name.encode() + b"\x00" + file.read_bytes() + b"\x00")
    return digest.hexdigest()


def _libraries() -> tuple[tuple[str, str], ...]:
    """Return the versions of what computes an event's numbers and writes its bytes."""
    names = ("numpy", "scikit-learn", "joblib", "orjson")
    return ("python", platform.python_version()), *((name, version(name)) for name in names)


def entity_of(settings: Settings) -> Callable[[bytes], bytes | None]:
    """Return what gives a raw record its key: its entity, None where no format knows the record."""
    known, networks = formats(settings), Networks.of(settings.networks)

    def of(value: bytes) -> bytes | None:
        try:
            return entity(alert_from(value, known), networks).encode()
        except Rejected:
            return None

    return of


def lint(settings: Settings, now_ms: int | None) -> Lint:
    """Return what looks for faults in a feed. now_ms: no event without a record time can be later."""
    return Lint(formats(settings), load_attack(), settings.raw_limit, now_ms)


def formats(settings: Settings) -> Formats:
    """Return the formats in use: the operator's mappings before the packaged ones. Raises SettingsWrong."""
    mappings = [load_mapping(text, name) for name, text in mapping_texts(settings)]
    return Formats.of((*mappings, *packaged_mappings()))


def mapping_texts(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return name and TOML text of each of the operator's mappings. Raises SettingsWrong naming the file."""
    return tuple((path.stem, _text(path, "mapping")) for path in settings.mappings)


def policy(settings: Settings) -> Policy:
    """Return the operator's policy, else the packaged one. Raises SettingsWrong naming the file."""
    if settings.policy is None:
        return Policy.parse(_toml(resources.files("enrich").joinpath("policy.toml").read_text(), "policy"))
    return Policy.parse(_toml(_text(settings.policy, "policy"), str(settings.policy)), str(settings.policy))


def models(settings: Settings) -> Models | None:
    """Return the models of the promoted bundle. None is passthrough. Raises as ``promoted`` does."""
    return promoted(settings).models


def promoted(settings: Settings, seen: Noted | None = None, context: Context | None = None) -> Promoted:
    """Return the promoted bundle, verified and opened.

    seen: what is older, or another of the same number, is refused. context: to score some alerts in, and
    refuse models that cannot; None: that is not tried.
    Raises BundleRefused, unless ``on_bundle_error`` is "passthrough": then nothing is opened, and said so.
    """
    from worker import bundles  # a second for scikit-learn, which `send` can do without

    try:
        found = bundles.promoted(settings, seen or bundles.NOTHING)
        if context is not None and found.models is not None:
            warm(found.models, with_models(context, found.models))
        return found
    except BundleRefused as error:
        if settings.on_bundle_error == "stop":
            raise
        log.warning("passthrough", reason=str(error), meaning=UNSCORED)
        return Promoted(None, 0, str(error))


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(f"{name}: not TOML: {error}") from None


def _text(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(TEXT_LIMIT).decode()
    except UnicodeDecodeError:
        raise SettingsWrong(f"{what} {path}: not UTF-8") from None
    except OSError as error:
        raise SettingsWrong(f"{what} {path}: {error.strerror}") from None
