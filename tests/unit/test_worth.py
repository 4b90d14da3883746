"""Worth: learnt from what somebody knows, the same bits in any batch, silent where it knows nothing."""

from dataclasses import replace

import numpy as np
import pytest

from enrich.decide import decide
from enrich.errors import CorpusRefused
from enrich.features import NAMES
from enrich.forest import Matrix
from enrich.policy import Policy
from enrich.priority import WORTH_LEAST, WORTH_MOST, priority
from enrich.row import Confidence, Score, Severity
from enrich.suppression import Suppression
from enrich.worth import Worth
from tests.unit import rows
from training.units import HOUR_MS, positions, spread, units
from training.worth import COLUMNS, Known, folds, learnt

QUIET, ATTACK = "Login succeeded\n\n\n\n\n", "Scan for open ports\n\n\n\n\n"
NOW = 1_760_000_000_000


def invented(n: int = 400) -> Known:
    """Ten days of quiet logins, two phases of scans that come in bursts, and now and then a harmless scan."""
    rng = np.random.default_rng(5)
    attack = ["one" if 100 <= i < 140 else "two" if 300 <= i < 340 else "" for i in range(n)]
    scan = np.array([bool(name) or i % 10 == 0 for i, name in enumerate(attack)])
    X = rng.normal(0, 1, (n, len(NAMES))).astype(np.float32)
    X[:, NAMES.index("entity_1m")] += 2 * np.array([bool(name) for name in attack])
    X[rng.random(X.shape) < 0.1] = np.nan
    time_ms = NOW + np.arange(n, dtype=np.int64) * 10 * 86_400_000 // n
    return Known(
        [ATTACK if one else QUIET for one in scan],
        X,
        np.array([bool(name) for name in attack]),
        attack,
        np.arange(n),
        time_ms,
    )


@pytest.fixture(scope="module")
def fitted() -> Worth:
    return learnt(invented(), "invented").worth


def test_a_true_positive_is_likelier_where_words_and_counts_say_so(fitted: Worth) -> None:
    known = invented()
    said = np.array(fitted.of(known.texts, known.X), dtype=np.float64)
    assert said[known.true].mean() > 3 * said[~known.true].mean()
    assert ((said > 0) & (said < 1)).all()


def test_held_out_probabilities_are_near_the_truth() -> None:
    known = invented()
    held_out = learnt(known, "invented").held_out
    assert abs(held_out.mean() - known.true.mean()) < 0.05
    assert held_out[known.true].mean() > 2 * held_out[~known.true].mean()


@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_a_rows_worth_has_the_same_bits_in_any_batch(fitted: Worth, size: int) -> None:
    known = invented(1_000)
    whole = fitted.of(known.texts, known.X)
    cut = [
        each
        for i in range(0, 1_000, size)
        for each in fitted.of(known.texts[i : i + size], known.X[i : i + size])
    ]
    assert cut == whole
    assert np.array_equal(
        fitted._of_numbers(known.X),
        np.concatenate([fitted._of_numbers(known.X[i : i + size]) for i in range(0, 1_000, size)]),
    )


def test_of_a_rule_with_strange_words_nothing_is_said(fitted: Worth) -> None:
    X = np.zeros((2, len(NAMES)), dtype=np.float32)
    assert fitted.of(["Quark gluon plasma\n\n\n\n\n", QUIET], X)[0] is None
    assert fitted.of([QUIET], X[:1])[0] is not None


def test_what_an_attacker_writes_has_no_say(fitted: Worth) -> None:
    X = np.zeros((1, len(NAMES)), dtype=np.float32)
    assert fitted.of([ATTACK + "\nlogin succeeded login succeeded"], X) == fitted.of([ATTACK], X)


def test_a_row_without_any_number_has_a_worth_all_the_same(fitted: Worth) -> None:
    X: Matrix = np.full((1, len(NAMES)), np.nan, dtype=np.float32)
    assert fitted.of([QUIET], X)[0] is not None


def test_neither_clock_nor_address_is_read(fitted: Worth) -> None:
    read = {NAMES[column] for column in COLUMNS}
    assert not read & {"hour", "hour_sin", "hour_cos", "weekday", "weekend", "office_hours"}
    assert not any("octet" in name or "net24" in name for name in read)
    assert {NAMES[column] for column in fitted.columns.tolist()} <= read


def test_too_few_true_positives_are_refused_in_one_line() -> None:
    known = invented()
    few = known._replace(true=known.true & (np.arange(400) < 110))
    with pytest.raises(CorpusRefused, match=r"10 true and 390 false .* needs 20 of each") as raised:
        learnt(few, "verdicts")
    assert "\n" not in str(raised.value)


def test_an_attack_phase_stands_in_one_fold_only() -> None:
    known = invented()
    fold = folds(known.attack, known.time_ms)
    for name in ("one", "two"):
        assert len({fold[i] for i, attack in enumerate(known.attack) if attack == name}) == 1
    assert len(set(fold.tolist())) > 2


def test_a_flood_weighs_as_much_as_a_single_alert() -> None:
    time_ms = np.concatenate([np.full(5_000, NOW), [NOW + 2 * HOUR_MS]])
    unit = units(["scan"] * 5_001, ["host"] * 5_001, time_ms)
    kept, weight = spread(unit)
    assert unit.tolist()[-1] == 1
    assert positions(unit)[-2] == 4_999
    assert kept.sum() == 7
    assert np.isclose(weight[kept & (unit == 0)].sum(), weight[-1])


def _score(worth: float | None) -> Score:
    return Score(
        Severity(3, 50.0, 3, None, None, "stated"), None, Confidence(None, "unscored", None), worth=worth
    )


def test_worth_moves_the_priority_within_bounds_and_gives_its_reason() -> None:
    row = rows.row(rows.SURICATA)
    points = [priority(row, _score(worth))[0] for worth in (0.0, 0.02, 0.2, 0.6, 1.0)]
    assert points == sorted(points)
    assert len(set(points)) == 5
    without, reasons = priority(row, _score(None))
    assert "worth" not in {reason.code for reason in reasons}
    assert round(points[-1] - without, 1) == WORTH_MOST
    assert round(points[0] - without, 1) == WORTH_LEAST
    total, reasons = priority(row, _score(0.6))
    assert round(sum(reason.points for reason in reasons), 1) == total
    assert [reason.detail for reason in reasons if reason.code == "worth"] == ["60.0% likely a true positive"]


def test_the_priority_never_leaves_its_scale() -> None:
    row = rows.row(rows.SURICATA)
    low = _score(0.0)._replace(severity=Severity(1, 10.0, 1, None, None, "stated"))
    high = _score(1.0)._replace(severity=Severity(5, 90.0, 5, None, None, "stated"))
    assert priority(row, low)[0] >= 0.0
    assert priority(row, high)[0] <= 100.0


def test_a_rule_that_was_escalated_elsewhere_makes_room_for_another() -> None:
    scarce = Policy.parse({"version": 1, "escalate": {"capacity_per_day": 10, "floor": 0}})
    fold, score = Suppression(), _score(None)
    fold.ranked(0.0, NOW - 30 * HOUR_MS)  # the whole day's capacity is open
    for i in range(10):
        fold.ranked(40.0, NOW - i)
    scan = [rows.row(rows.SURICATA, entity=f"ip:10.0.0.{i}") for i in range(3)]
    routes = [decide(row, score, scarce, fold, NOW + i, 10).route for i, row in enumerate(scan)]
    assert routes == ["escalated", "low", "low"]
    other = rows.row(replace(rows.SURICATA, rule_id="another"))
    assert decide(other, score, scarce, fold, NOW + 10, 10).escalated
    assert decide(scan[2], score, scarce, fold, NOW + HOUR_MS, 10).escalated
