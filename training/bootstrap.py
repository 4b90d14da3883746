"""A bundle for a machine that has nothing yet: trained on generated alerts, signed by a key of its own.

    generate -> prepare -> split by time -> fit -> calibrate -> evaluate -> sign and promote

What it knows is the generator's small world. It makes the line run, and its events say so: the label source
is ``synthetic``, and production refuses it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from enrich.score import Models
from models import Facts, Store, Window, bootstrap_key, trusted_keys
from training import fit as sizes
from training.calibrate import calibrated
from training.dataset import Dataset, context, dataset, joined
from training.evaluate import baselines, figures
from training.fit import fit
from training.generate import START_MS, USUAL_STORY_SHARE, Parameters, samples

ROWS: Final = 14_500
# More attacks than the usual .07: of the words in titles of grave rules .95 are then known, instead of .92.
STORY_SHARE: Final = 0.1
LABEL_SOURCE: Final = "synthetic"
TRAIN, CALIBRATE = 0.6, 0.8  # where the training rows, and the calibration rows, end in each company's time
_DAY_MS: Final = 86_400_000


class Company(NamedTuple):
    """One invented company of the training set. share: of the rows. first_day: after START_MS, a Monday.

    shift_h: hours after which its history starts cold, None: never. See ``dataset``.
    """

    share: float
    days: int
    first_day: int
    shift_h: int | None


# Three companies of 500, 1,250 and 3,000 alerts a day: networks, users and rates differ, so that octets and
# counts of one of them are not learnt for the world's. Weekends fall into each of the stretches.
COMPANIES: Final = (Company(0.24, 7, 2, None), Company(0.34, 4, 4, 12), Company(0.42, 2, 1, 6))
# One more, of which nothing is trained: how far the models carry to a network they never saw.
OTHER: Final = Company(0.14, 3, 1, 12)


class Split(NamedTuple):
    """Rows in order of time: to fit, to calibrate, to judge; and those of another company, to judge too."""

    train: Dataset
    calibrate: Dataset
    test: Dataset
    other: Dataset


class Bootstrapped(NamedTuple):
    """models: as they are in the bundle. metrics: by dotted name, as in the manifest."""

    bundle_id: str
    models: Models
    metrics: dict[str, float]


def bootstrap(
    *,
    bundles: Path,
    keys: Path,
    trust: Path,
    now_ms: int,
    seed: int = 1,
    rows: int = ROWS,
    label_noise: float = 0.05,
    say: Callable[[str], None] = lambda stage: None,
) -> Bootstrapped:
    """Train, sign, promote. The same seed, rows and label noise give the same models, bit for bit.

    bundles, keys, trust: directories, made if missing; the key too, and it is marked as a bootstrap key.
    now_ms: stands in the manifest only. say: told each stage as it begins. Raises SettingsWrong for what
    cannot be trained or written.
    """
    split = bootstrap_split(seed, rows, label_noise, say)
    models, metrics = trained(split, seed, say)
    say("sign and promote")
    store, now = Store(bundles), datetime.fromtimestamp(now_ms / 1000, UTC)
    key = bootstrap_key(keys, trust)
    bundle_id = store.add(models, _facts(split, metrics, now, seed, rows, label_noise), key)
    store.promote(
        bundle_id,
        key=key,
        trusted=trusted_keys(trust),
        who="train --bootstrap",
        why="first models of a fresh machine",
        at=now,
    )
    return Bootstrapped(bundle_id, models, metrics)


def bootstrap_split(
    seed: int, rows: int, label_noise: float, say: Callable[[str], None] = lambda stage: None
) -> Split:
    """Return generated alerts, prepared and split by time within each company."""
    say(f"generate and prepare {rows:,} alerts")
    within = context()

    def made(company: Company, number: int, story_share: float) -> Dataset:
        parameters = Parameters(
            seed=1_000 * seed + number,
            count=max(1, round(rows * company.share)),
            days=company.days,
            start_ms=START_MS + company.first_day * _DAY_MS,
            label_noise=label_noise,
            story_share=story_share,
        )
        return dataset(samples(parameters), company.shift_h, within)

    companies = [made(company, number, STORY_SHARE) for number, company in enumerate(COMPANIES)]
    return Split(
        joined(each.stretch(0, TRAIN) for each in companies),
        joined(each.stretch(TRAIN, CALIBRATE) for each in companies),
        joined(each.stretch(CALIBRATE, 1) for each in companies),
        made(OTHER, len(COMPANIES), USUAL_STORY_SHARE),
    )


def trained(
    split: Split, seed: int, say: Callable[[str], None] = lambda stage: None
) -> tuple[Models, dict[str, float]]:
    """Return models fitted and calibrated on the split, and what they are worth."""
    say(f"fit on {len(split.train):,} alerts")
    fitted = fit(split.train, seed)
    say(f"calibrate on the next {len(split.calibrate):,}")
    models = calibrated(fitted, split.calibrate, LABEL_SOURCE, bootstrap=True)
    say(f"evaluate on the last {len(split.test):,}, and on another company's {len(split.other):,}")
    metrics = {
        **figures(models, split.test),
        **baselines(split.train, split.test),
        **{f"other.{name}": value for name, value in figures(models, split.other).items()},
        **{f"other.{name}": value for name, value in baselines(split.train, split.other).items()},
    }
    return models, {name: round(value, 6) for name, value in metrics.items()}


def _facts(
    split: Split, metrics: dict[str, float], now: datetime, seed: int, rows: int, label_noise: float
) -> Facts:
    times = split.train.time_ms
    first, last = (datetime.fromtimestamp(int(end) / 1000, UTC) for end in (times.min(), times.max()))
    return Facts(
        name="bootstrap",
        created=now,
        training_window=Window(first=first, last=last, rows=len(split.train)),
        metrics=dict(metrics),
        parameters={
            "seed": seed,
            "rows": rows,
            "label_noise": label_noise,
            "words": sizes.WORDS,
            "trees": sizes.TREES,
            "depth": sizes.DEPTH,
            "leaf": sizes.LEAF,
            "columns": sizes.COLUMNS,
            "anomaly_trees": sizes.ANOMALY_TREES,
        },
    )
