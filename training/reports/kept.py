"""Judged rows as one npz file of plain arrays: no pickle, on either way."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from enrich.errors import SettingsWrong
from training.judged import CLASSES, Judged

VERSION: Final = 1
# Of the arrays unpacked: a million rows with their texts.
LIMIT: Final = 1_073_741_824
ARRAYS: Final[dict[str, Any]] = {
    "label": np.int64,
    "time_ms": np.int64,
    "probability": np.float64,
    "confidence": np.float64,
    "known": np.float64,
    "covered": np.bool_,
    "train_label": np.int64,
}
# What zipfile, zlib and numpy raise for bytes that are none of theirs. RuntimeError: an encrypted member, and
# as NotImplementedError one of a later zip.
DAMAGED: Final = (
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
TEXTS: Final = ("ids", "texts", "train_ids", "train_texts")


def npz_of(judged: Sequence[Judged]) -> bytes:
    """Return the file's content; the same rows give the same bytes."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    heads = []
    for place, each in enumerate(judged):
        heads.append(
            {
                "name": each.name,
                "source": each.label_source,
                "baselines": list(each.baselines),
                "kind": each.kind,
            }
        )
        for name, kind in ARRAYS.items():
            arrays[f"{place}.{name}"] = np.asarray(getattr(each, name), dtype=kind)
        for name in TEXTS:
            arrays[f"{place}.{name}"], arrays[f"{place}.{name}.ends"] = _packed(getattr(each, name))
        for number, classes in enumerate(each.baselines.values()):
            arrays[f"{place}.baseline.{number}"] = np.asarray(classes, dtype=np.int64)
    about = orjson.dumps({"format": "millrace-judged", "version": VERSION, "heads": heads})
    arrays["about"] = np.frombuffer(about, dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def judged_of_npz(content: bytes, where: Path) -> list[Judged]:
    """Read the rows back. Raises SettingsWrong, naming ``where``: damaged, too large, of another version."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > LIMIT:
                raise SettingsWrong(f"{where}: unpacks to more than {LIMIT:,} bytes: remove it, train again")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            about = orjson.loads(arrays["about"].tobytes())
            if about["format"] != "millrace-judged" or about["version"] != VERSION:
                raise ValueError("another format")
            return [_judged(arrays, place, head) for place, head in enumerate(about["heads"])]
    except DAMAGED as error:
        what = "is damaged, or of another version"
        raise SettingsWrong(f"{where}: {what} ({type(error).__name__}): train again") from None


def _judged(arrays: Mapping[str, npt.NDArray[Any]], place: int, head: dict[str, Any]) -> Judged:
    numbers: dict[str, Any] = {
        name: np.asarray(arrays[f"{place}.{name}"], dtype=kind) for name, kind in ARRAYS.items()
    }
    texts: dict[str, Any] = {
        name: _unpacked(arrays[f"{place}.{name}"], arrays[f"{place}.{name}.ends"]) for name in TEXTS
    }
    baselines = {
        str(name): np.asarray(arrays[f"{place}.baseline.{number}"], dtype=np.int64)
        for number, name in enumerate(head["baselines"])
    }
    n, m = len(numbers["label"]), len(numbers["train_label"])
    rows = [len(numbers[name]) for name in ARRAYS if name != "train_label"]
    lengths = {*rows, len(texts["ids"]), len(texts["texts"]), *(len(each) for each in baselines.values())}
    if lengths != {n} or {len(texts["train_ids"]), len(texts["train_texts"])} != {m}:
        raise ValueError("columns of different lengths")
    if numbers["probability"].shape != (n, len(CLASSES)):
        raise ValueError("no probability for each class")
    if not all(np.isin(numbers[name], CLASSES).all() for name in ("label", "train_label")):
        raise ValueError("no classes")
    return Judged(
        name=str(head["name"]),
        label_source=str(head["source"]),
        baselines=baselines,
        **numbers,
        **texts,
        kind=str(head["kind"]),
    )


def _packed(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return all texts as UTF-8, one after the other, and where each ends. Lone surrogates are kept."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), dtype=np.uint8), ends


def _unpacked(packed: npt.NDArray[Any], ends: npt.NDArray[Any]) -> tuple[str, ...]:
    whole = np.asarray(packed, dtype=np.uint8).tobytes()
    places = [0, *np.asarray(ends, dtype=np.int64).tolist()]
    if any(end < start for start, end in pairwise(places)) or places[-1] != len(whole):
        raise ValueError("texts do not fit")
    return tuple(whole[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(places))
