"""The training table: labelled alerts with the numbers that serving would compute for them."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

from enrich.address import DEFAULT_NETWORKS, Networks
from enrich.attack import load_attack
from enrich.context import PASSTHROUGH_BUNDLE, Context
from enrich.errors import MillraceError
from enrich.forest import Matrix
from enrich.formats import Formats, load_mapping, packaged_mappings
from enrich.pipeline import prepare
from enrich.policy import Policy
from enrich.record import RawRecord
from training.generate import Sample

Classes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True)
class Dataset:
    """n alerts in time order, each column of length n.

    texts, X: what the models read, X is float32 (n, len(FEATURES)), NaN where missing.
    label: class 1-5 that somebody gave. truth: the class as it is, where it is known (synthetic alerts).
    stated: class that the source stated, 0 where it states none.
    story: part of an attack. repeat: the same bytes came before: no second test of anything. middle: they
    came before and come again: what such a row could teach, the first and the last of its kind teach.
    time_ms: event time.
    """

    texts: list[str]
    X: Matrix
    label: Classes
    truth: Classes
    stated: Classes
    story: Flags
    repeat: Flags
    middle: Flags
    time_ms: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.texts)

    def where(self, chosen: Flags) -> "Dataset":
        """Return the rows for which ``chosen`` holds."""
        return self._at(np.flatnonzero(chosen))

    def stretch(self, start: float, end: float) -> "Dataset":
        """Return the rows from share ``start`` to share ``end`` of the time order, 0-1."""
        return self._at(np.arange(int(len(self) * start), int(len(self) * end)))

    def _at(self, places: npt.NDArray[np.intp]) -> "Dataset":
        return Dataset(
            [self.texts[place] for place in places],
            self.X[places],
            self.label[places],
            self.truth[places],
            self.stated[places],
            self.story[places],
            self.repeat[places],
            self.middle[places],
            self.time_ms[places],
        )


def context(
    networks: Sequence[str] = DEFAULT_NETWORKS.cidrs,
    zone: str = "UTC",
    mappings: Sequence[tuple[str, str]] = (),
) -> Context:
    """Return the context that rows are prepared in: packaged mappings and policy.

    networks: the user's own, in CIDR, as workers have them. zone: IANA name of the time zone in which workers
    tell the hour. mappings: name and TOML text of each of the user's own. Raises SettingsWrong.
    """
    policy = tomllib.loads(files("enrich").joinpath("policy.toml").read_text("utf-8"))
    return Context(
        source="training",
        partitions=1,
        bundle_id=PASSTHROUGH_BUNDLE,
        bootstrap=False,
        formats=Formats.of((*(load_mapping(text, name) for name, text in mappings), *packaged_mappings())),
        attack=load_attack(),
        networks=Networks.of(networks),
        policy=Policy.parse(policy),
        zone=zone,
    )


def dataset(samples: Iterable[Sample], shift_h: int | None, within: Context) -> Dataset:
    """Return the samples as serving would see them, by ``enrich.pipeline.prepare``.

    shift_h: after so many hours the history starts empty again, as after a restart without a snapshot. A
    model that never saw a cold fold would take the missing features of every start for an anomaly. None:
    one history throughout. Raises MillraceError when a sample is not an alert.
    """
    kept = list(samples)
    first_ms = kept[0].time_ms if kept else 0
    records = []
    for i, sample in enumerate(kept):
        shift = 0 if shift_h is None else (sample.time_ms - first_ms) // (shift_h * HOUR_MS)
        records.append(RawRecord("training", shift, i, sample.time_ms, None, sample.line))
    batch = prepare(records, {}, within)
    if batch.dead:
        place = min(batch.dead)
        raise MillraceError(f"training row {place + 1} is not an alert: {kept[place].line[:200]!r}")
    return Dataset(
        batch.texts,
        batch.X,
        np.array([sample.label for sample in kept], dtype=np.int64),
        np.array([sample.severity for sample in kept], dtype=np.int64),
        np.array([row.alert.severity_id or 0 for row in batch.rows], dtype=np.int64),
        np.array([sample.story is not None for sample in kept], dtype=np.bool_),
        *_copies([sample.line for sample in kept]),
        np.array([sample.time_ms for sample in kept], dtype=np.int64),
    )


def joined(parts: Iterable[Dataset]) -> Dataset:
    """Return the rows of all parts, one part after the other."""
    held = list(parts)
    return Dataset(
        [text for part in held for text in part.texts],
        *(
            np.concatenate([getattr(part, name) for part in held])
            for name in ("X", "label", "truth", "stated", "story", "repeat", "middle", "time_ms")
        ),
    )


def _copies(lines: Sequence[bytes]) -> tuple[Flags, Flags]:
    """Return which lines came before, and which came before and come again, byte for byte."""
    last = {line: place for place, line in enumerate(lines)}
    first = {line: place for place, line in reversed(list(enumerate(lines)))}
    before = np.array([first[line] < place for place, line in enumerate(lines)], dtype=np.bool_)
    again = np.array([place < last[line] for place, line in enumerate(lines)], dtype=np.bool_)
    return before, before & again
