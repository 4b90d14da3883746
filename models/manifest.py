"""The manifest: what a bundle holds, what it was made for and from, and how good it was.

Its bytes are what is signed, and the first 16 hex digits of their SHA-256 are the bundle's id; through the
sums in it the signature covers every file. ``format`` keeps a signature over a manifest from being taken for
one over some other kind of record.
"""

import platform
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from enrich.errors import BundleRefused

FORMAT: Final = "millrace-bundle"
# Raised when an older Millrace could not read, or would misread, a manifest of today.
MANIFEST_VERSION: Final = 2
# Measured: a manifest of the bootstrap is 4 KiB, most of it feature names and metrics.
MANIFEST_LIMIT: Final = 1_048_576
# Per file; a bundle is held in memory once as bytes and once as models while it is loaded.
FILE_LIMIT: Final = 512 * 1_048_576
# All files together. The bootstrap's are 14 MB.
BUNDLE_LIMIT: Final = 1024 * 1_048_576
GATES_LIMIT: Final = 64
# Asked of the installation, not of the modules: importing scikit-learn takes a second.
LIBRARIES: Final = {
    "python": platform.python_version(),
    **{name: version(name) for name in ("scikit-learn", "numpy", "joblib")},
}

FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\.[a-z0-9]{1,10}$")]
Hex16 = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
# A label source: part of a file's name.
Source = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$")]
Line = Annotated[str, Field(min_length=1, max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FileFacts(_Frozen):
    """sha256: hex, of the file's bytes. size: in bytes, at most FILE_LIMIT."""

    sha256: Sha256
    size: Annotated[int, Field(ge=1, le=FILE_LIMIT)]


def _within_limit(files: dict[str, FileFacts]) -> dict[str, FileFacts]:
    total = sum(facts.size for facts in files.values())
    if total > BUNDLE_LIMIT:
        raise ValueError(f"{total} bytes together, more than {BUNDLE_LIMIT}")
    return files


class Window(_Frozen):
    """Event times of the oldest and newest alert trained on, and how many alerts there were."""

    first: AwareDatetime
    last: AwareDatetime
    rows: Annotated[int, Field(ge=1)]


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("one line of printable characters is asked for")
    return text


# For people: stands in messages of one line, and on the screen.
Printable = AfterValidator(_printable)


class Gate(_Frozen):
    """What one gate said of the bundle when it was trained. reason: one line, with the figures."""

    name: Annotated[str, Field(min_length=1, max_length=200), Printable]
    passed: bool
    reason: Annotated[str, Field(min_length=1, max_length=500), Printable]


class Facts(_Frozen):
    """What only the trainer knows; ``bundle.write`` finds out the rest of the manifest by itself.

    name: for people ("bootstrap", "sigma-2024"). created: given, not read from a clock, so that the same
    training can give the same bundle. training_window: see Window. metrics: dotted name -> number
    ("severity.macro_f1"), finite. parameters: what training was given (seed, rows, label noise).
    gates: in the order they were asked; empty where none was (bootstrap). Promotion reads them.
    champion: id of the bundle in force that the gates held it against; empty: there was none.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
    created: AwareDatetime
    training_window: Window
    metrics: dict[Line, FiniteFloat | int]
    parameters: dict[Line, bool | int | FiniteFloat | str]
    gates: Annotated[tuple[Gate, ...], Field(max_length=GATES_LIMIT)] = ()
    champion: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""


class HeadFacts(_Frozen):
    """A head, as in ``enrich.heads.Head``. kind: "linear" or "forest". words: size of its vocabulary."""

    label_source: Source
    kind: Literal["linear", "forest"]
    known_share_min: Share
    words: Annotated[int, Field(ge=1)]


class TechniquesFacts(_Frozen):
    """As in ``enrich.techniques.Techniques``. number: of techniques that it knows."""

    number: Annotated[int, Field(ge=1)]
    least: Share
    known_share_min: Share
    words: Annotated[int, Field(ge=1)]


class WorthFacts(_Frozen):
    """As in ``enrich.worth.Worth``."""

    label_source: Source
    known_share_min: Share
    words: Annotated[int, Field(ge=1)]


class Manifest(Facts):
    """See the module. heads, formats, techniques, bootstrap: as in ``enrich.score.Models``.

    files: every file of the bundle besides manifest and signature. feature_names, features_hash: of
    ``enrich.features`` when it was trained. libraries: versions it was trained with.
    """

    # No defaults: a manifest that does not say what it is, is none.
    format: Literal["millrace-bundle"]
    version: Literal[2]
    files: Annotated[
        dict[FileName, FileFacts], Field(min_length=1, max_length=16), AfterValidator(_within_limit)
    ]
    feature_names: tuple[Line, ...]
    features_hash: Hex16
    libraries: dict[Line, Line]
    heads: Annotated[tuple[HeadFacts, ...], Field(min_length=1, max_length=8)]
    formats: dict[Line, Source]
    techniques: TechniquesFacts | None
    worth: WorthFacts | None = None
    bootstrap: bool


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the one form that is signed: JSON, UTF-8, keys sorted, indented for people."""
    doc = manifest.model_dump(mode="json")
    return orjson.dumps(doc, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def bundle_id(content: bytes) -> str:
    """Return the id of the bundle with these manifest bytes."""
    return sha256(content).hexdigest()[:16]


def manifest_from(content: bytes, path: Path) -> Manifest:
    """Parse manifest bytes whose signature was verified. path is for the message.

    Raises BundleRefused: not JSON, of a newer version, a field unknown, missing or wrong.
    """
    try:
        doc = orjson.loads(content)
    except ValueError:
        raise BundleRefused(f"{path}: is not JSON: train again") from None
    written = doc.get("version") if isinstance(doc, dict) else None
    if isinstance(written, int) and written > MANIFEST_VERSION:
        raise BundleRefused(
            f"{path}: written by a newer Millrace (manifest version {written}, this one reads "
            f"{MANIFEST_VERSION}): upgrade Millrace, or promote an older bundle"
        )
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the manifest"
        raise BundleRefused(f"{path}: {where!r}: {first['msg']}: train again") from None
