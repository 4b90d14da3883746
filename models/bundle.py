"""A bundle: a directory of model files, the manifest with their sums, and an Ed25519 signature over it.

    <bundles>/<bundle id>/  manifest.json  manifest.sig  severity.joblib  anomaly.joblib  reference.npz
                            where it guesses techniques, techniques.joblib
                            where it says what is worth a look, worth.joblib

joblib files are pickles, and opening a pickle runs what it says. So nothing is opened before it is verified:
bytes are read once, the manifest's against the signature, the files' against the manifest, and the models are
built from those same bytes, whatever has become of the files by then.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Final, NamedTuple

from enrich.errors import BundleRefused
from enrich.features import FEATURES_HASH, NAMES
from enrich.score import Models
from models import parts, sound
from models.arrays import check_arrays
from models.files import (
    Unreadable,
    clear_staging,
    directory_opened,
    file_bytes,
    locked,
    staging,
    sync_directory,
    write_new,
    writing,
)
from models.keys import SigningKey, Trust
from models.manifest import (
    FORMAT,
    LIBRARIES,
    MANIFEST_LIMIT,
    MANIFEST_VERSION,
    Facts,
    FileFacts,
    Manifest,
    bundle_id,
    manifest_bytes,
    manifest_from,
)
from models.signature import SIGNATURE_SIZE, signature_from, signature_line

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
# Of files of plain arrays.
ARRAYS: Final = ".npz"


class Verified(NamedTuple):
    """A bundle whose bytes are proved, and of which nothing has been opened yet.

    key_id: who signed it. manifest_sha256: all of what the id is the beginning of.
    """

    bundle_id: str
    key_id: str
    manifest: Manifest
    files: dict[str, bytes]
    manifest_sha256: str


def load(directory: Path, trusted: Trust, production: bool = False) -> Models:
    """Verify the bundle in this directory, then build its models from the verified bytes.

    production: refuse what a machine made for itself; it holds as well when ``trusted`` says so.
    Raises BundleRefused in one line: which file, why, and what to do.
    """
    return opened(verified(directory, trusted, production), directory)


def opened(bundle: Verified, directory: Path) -> Models:
    """Build the models of a bundle that was verified, without another look at its files.

    Raises BundleRefused: made for other features, by another scikit-learn, or parts that do not fit.
    """
    check_made_for_us(bundle.manifest, directory / MANIFEST)
    for name, content in bundle.files.items():
        if name.endswith(ARRAYS):
            try:
                check_arrays(content)
            except ValueError as error:
                raise _refused(directory / name, str(error)) from None
    return parts.decoded(bundle.files, bundle.manifest, bundle.bundle_id, directory)


def verified(directory: Path, trusted: Trust, production: bool = False) -> Verified:
    """Read the bundle once and prove every byte of it; open nothing. Raises BundleRefused."""
    trust = Trust(trusted.keys, production or trusted.production)
    try:
        with directory_opened(directory) as descriptor:
            return _verified(directory, descriptor, trust)
    except Unreadable as error:
        raise BundleRefused(f"bundle {directory}: {error}: promote another, or train again") from None


def write(directory: Path, models: Models, facts: Facts, key: SigningKey) -> str:
    """Put a signed bundle into the directory of bundles, whole or not at all; return its id.

    models: ``bundle_id`` in it is not read; label source, bootstrap flag and the like go into the manifest.
    The files are staged beside their place, brought to the disk and renamed, so a reader never sees half of
    them; what a killed writer left behind is taken away an hour later. Writing the same bundle again does
    nothing. Raises BundleRefused: models that ``load`` would not take. SettingsWrong: no right to write, disk
    full.
    """
    sound.check(models, Path("new bundle"))
    files = parts.encoded(models)
    content = manifest_bytes(_manifest(models, facts, files))
    # Read back first: what load would refuse (a file too large) must not become a bundle.
    manifest_from(content, Path("new bundle") / MANIFEST)
    files[MANIFEST] = content
    files[SIGNATURE] = signature_line(key, content)
    place = directory / bundle_id(content)
    with writing(directory):
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        with locked(directory):
            clear_staging(directory)
            if place.exists():
                _check_same(place, files)
            else:
                _place(place, files)
    return place.name


def signed_manifest(directory: Path, trusted: Trust, production: bool = False) -> tuple[Manifest, str]:
    """Return the manifest and the id of the key that signed it; the other files are not looked at.

    Raises BundleRefused.
    """
    trust = Trust(trusted.keys, production or trusted.production)
    try:
        with directory_opened(directory) as descriptor:
            _, key_id, manifest = _signed(directory, _reader(directory, descriptor), trust)
            return manifest, key_id
    except Unreadable as error:
        raise BundleRefused(f"bundle {directory}: {error}: promote another, or train again") from None


def _reader(directory: Path, descriptor: int) -> Callable[[str, int], bytes]:
    def read(name: str, limit: int) -> bytes:
        try:
            return file_bytes(name, limit, directory=descriptor)
        except Unreadable as error:
            raise _refused(directory / name, str(error)) from None

    return read


def _verified(directory: Path, descriptor: int, trust: Trust) -> Verified:
    read = _reader(directory, descriptor)
    content, key_id, manifest = _signed(directory, read, trust)
    _check_names(directory, set(os.listdir(descriptor)), set(manifest.files), parts.names(manifest))
    files = {}
    for name, facts in manifest.files.items():
        files[name] = read(name, facts.size)
        if sha256(files[name]).hexdigest() != facts.sha256:
            raise _refused(directory / name, "was changed after it was signed")
    return Verified(bundle_id(content), key_id, manifest, files, sha256(content).hexdigest())


def _signed(directory: Path, read: Callable[[str, int], bytes], trust: Trust) -> tuple[bytes, str, Manifest]:
    """Return the manifest's bytes, who signed them, and what they say."""
    content = read(MANIFEST, MANIFEST_LIMIT)
    signature = signature_from(read(SIGNATURE, SIGNATURE_SIZE))
    if signature is None:
        raise _refused(directory / SIGNATURE, "is not a signature")
    if problem := trust.problem(signature.key_id, signature.value, content):
        raise BundleRefused(f"{directory / MANIFEST}: {problem}")
    if directory.name != bundle_id(content):
        raise BundleRefused(
            f"bundle {directory}: holds bundle {bundle_id(content)}: give the directory that name"
        )
    manifest = manifest_from(content, directory / MANIFEST)
    if manifest.bootstrap and trust.production:
        raise BundleRefused(
            f"{directory / MANIFEST}: a bootstrap bundle, refused when MILLRACE_ENV=production: train one "
            "from your own alerts"
        )
    return content, signature.key_id, manifest


def _place(place: Path, files: dict[str, bytes]) -> None:
    staged = staging(place)
    try:
        staged.mkdir(mode=0o755)
        for name, data in files.items():
            write_new(staged / name, data, 0o644)
        sync_directory(staged)
    except OSError:
        rmtree(staged, ignore_errors=True)
        raise
    try:
        staged.rename(place)
    except OSError:
        rmtree(staged, ignore_errors=True)
        if not place.exists():
            raise
        # Another machine was quicker, or ours is there and the reply was lost on the way.
        _check_same(place, files)
    sync_directory(place.parent)


def _check_names(directory: Path, present: set[str], signed: set[str], wanted: set[str]) -> None:
    if signed != wanted:
        raise _refused(directory / MANIFEST, f"lists {sorted(signed)}, not {sorted(wanted)}")
    if extra := sorted(present - signed - {MANIFEST, SIGNATURE}):
        raise BundleRefused(f"bundle {directory}: {extra[0]!r} does not belong to it: take it away")
    if missing := sorted(signed - present):
        raise _refused(directory / missing[0], "is missing")


def check_made_for_us(manifest: Manifest, path: Path) -> None:
    """Raise BundleRefused unless features and scikit-learn are those of this Millrace."""
    if manifest.features_hash != FEATURES_HASH or manifest.feature_names != NAMES:
        raise _refused(
            path, f"made for other features ({manifest.features_hash}, this Millrace has {FEATURES_HASH})"
        )
    trained, here = manifest.libraries.get("scikit-learn", "?"), LIBRARIES["scikit-learn"]
    # scikit-learn promises nothing for pickles of another minor version.
    if trained.split(".")[:2] != here.split(".")[:2]:
        raise _refused(path, f"made with scikit-learn {trained}, here is {here}")


def _check_same(place: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        try:
            same = file_bytes(place / name, len(data)) == data
        except Unreadable:
            same = False
        if not same:
            raise BundleRefused(
                f"{place / name}: damaged, or signed by another key: remove {place} and write it again"
            )


def _manifest(models: Models, facts: Facts, files: dict[str, bytes]) -> Manifest:
    sums = {name: FileFacts(sha256=sha256(data).hexdigest(), size=len(data)) for name, data in files.items()}
    return Manifest(
        **dict(facts),
        format=FORMAT,
        version=MANIFEST_VERSION,
        files=sums,
        feature_names=NAMES,
        features_hash=FEATURES_HASH,
        libraries=LIBRARIES,
        heads=parts.head_facts(models),
        formats=dict(models.formats),
        techniques=parts.technique_facts(models),
        worth=parts.worth_facts(models),
        bootstrap=models.bootstrap,
    )


def _refused(path: Path, reason: str) -> BundleRefused:
    return BundleRefused(f"{path}: {reason}: train again, or promote another bundle")
