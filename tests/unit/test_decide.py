"""Priority and decision: parts that add up, rules in their order of force, history that must be warm."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.decide import CLEARLY_WORSE, REASONS, decide
from enrich.policy import Policy
from enrich.priority import priority
from enrich.row import Anomaly, AnomalyPart, Confidence, Decision, Score, Severity
from enrich.score import combine
from enrich.suppression import Suppression
from tests.unit import rows

NOW = rows.TIME_MS
ROW = rows.row()
MEASURED = Confidence(0.8, "measured", "synthetic")
HIGH = Score(Severity(4, 70.0, 4, 3, 50.0, "stated"), Anomaly(0.5, ()), MEASURED)


def policy(text: str) -> Policy:
    return Policy.parse(tomllib.loads("version = 1\n" + text))


def codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def test_what_the_source_states_counts_whole() -> None:
    agreed = HIGH._replace(severity=HIGH.severity._replace(model_id=4, model_score=70.0))
    points, reasons = priority(replace(ROW, hints=()), agreed)
    assert (reasons[0].code, reasons[0].points) == ("severity_stated", 45.5)
    assert points == 45.5 + 5.0


def test_what_the_model_adds_counts_as_far_as_it_is_confident() -> None:
    raised = HIGH._replace(severity=Severity(5, 90.0, 3, 5, 90.0, "model"))
    _, reasons = priority(ROW, raised)
    points = {r.code: r.points for r in reasons}
    assert points["severity_stated"] == 32.5
    assert points["severity_model"] == pytest.approx((58.5 - 32.5) * 0.8)


def test_a_lower_view_of_the_model_counts_half_as_far_as_it_is_confident() -> None:
    _, reasons = priority(replace(ROW, hints=()), HIGH)
    points = {r.code: r.points for r in reasons}
    assert points["severity_stated"] == 45.5
    assert points["severity_model_lower"] == pytest.approx(-20 * 0.65 / 2 * 0.8)


def test_outside_what_it_knows_the_model_takes_nothing_off() -> None:
    unsure = HIGH._replace(confidence=Confidence(None, "insufficient data", "x"))
    assert "severity_model_lower" not in {r.code for r in priority(ROW, unsure)[1]}


def test_an_unmeasured_raise_counts_half() -> None:
    raised = Score(
        Severity(4, 70.0, None, 4, 70.0, "model"), None, Confidence(None, "insufficient data", "x")
    )
    points, _ = priority(replace(ROW, hints=()), raised)
    assert points == pytest.approx(45.5 / 2, abs=0.06)


@given(
    st.floats(0, 100), st.floats(0, 1), st.none() | st.floats(0, 1), st.sampled_from([None, 1, 2, 3, 4, 5])
)
def test_the_shares_add_up_to_the_priority(
    model_score: float, unusual: float, confident: float | None, stated: int | None
) -> None:
    severity = combine(stated, min(int(model_score // 20) + 1, 5), model_score, confident is not None)
    confidence = Confidence(confident, "insufficient data" if confident is None else "measured", "x")
    points, reasons = priority(ROW, Score(severity, Anomaly(unusual, ()), confidence))
    assert 0 <= points <= 100
    assert points == pytest.approx(sum(r.points for r in reasons), abs=0.06)


def test_an_anomaly_gives_no_points_while_the_history_is_cold() -> None:
    part = AnomalyPart("entity_60m", None, 0.01)
    cold = replace(ROW, history=rows.COLD, hints=())
    warm = replace(cold, history=rows.WARM)
    unusual = HIGH._replace(anomaly=Anomaly(1.0, (part,)))
    assert priority(warm, unusual)[0] - priority(cold, unusual)[0] == 20.0
    assert "anomaly_not_counted" in {r.code for r in priority(cold, unusual)[1]}


def test_a_sample_finding_never_escalates_even_where_the_policy_says_always() -> None:
    always = policy("[escalate]\nthreshold=0\n[[always]]\nreason='x'\ntitle='*'")
    sample = rows.row(replace(rows.SURICATA, is_sample=True))
    assert decide(sample, HIGH, always, Suppression(), NOW, None).route == "sample"


def test_always_beats_never_and_the_threshold() -> None:
    both = policy(
        "[escalate]\nthreshold=100\n[[always]]\nreason='a'\nrule='*'\n[[never]]\nreason='n'\nrule='*'"
    )
    decision = decide(ROW, HIGH, both, Suppression(), NOW, None)
    assert decision.escalated
    assert "always" in codes(decision)


@pytest.mark.parametrize(
    ("until", "route"), [("2025-10-09T08:53:21Z", "never"), ("2025-10-09T08:53:20Z", "escalated")]
)
def test_never_ends_at_its_expiry_in_event_time(until: str, route: str) -> None:
    muted = policy(f"[escalate]\nthreshold=0\n[[never]]\nreason='n'\nrule='*'\nuntil={until}")
    assert decide(ROW, HIGH, muted, Suppression(), NOW, None).route == route


def test_repeats_are_suppressed_and_counted() -> None:
    quiet = policy("[escalate]\nthreshold=0\n[[suppress]]\nminutes=60")
    fold = Suppression()
    routes = [decide(ROW, HIGH, quiet, fold, NOW + i * 60_000, None) for i in range(61)]
    assert [d.route for d in routes] == ["escalated"] + ["suppressed"] * 59 + ["escalated"]
    assert routes[59].suppressed_count == 59
    assert "suppression_ended" in codes(routes[60])


def test_a_days_capacity_is_kept_but_for_what_is_clearly_worse_than_all_before() -> None:
    scarce = policy("[escalate]\ncapacity_per_day=10\nfloor=0")
    fold = Suppression()
    passed: list[float] = []
    for i in range(8_000):
        unusual = HIGH._replace(anomaly=Anomaly((i % 97) / 97, ()))
        decision = decide(ROW, unusual, scarce, fold, NOW + i * 10_000, 10)
        if decision.escalated:
            worse = not passed or int(decision.priority) >= max(map(int, passed)) + CLEARLY_WORSE
            assert worse or len(passed) < 10
            passed.append(decision.priority)
    assert len(passed) >= 5


def test_whoever_fills_the_day_with_decoys_does_not_buy_silence_for_what_is_worse() -> None:
    scarce = policy("[escalate]\ncapacity_per_day=1\nfloor=0")
    fold = Suppression()
    decoy = HIGH._replace(severity=Severity(2, 30.0, 2, 2, 30.0, "stated"))
    assert decide(ROW, decoy, scarce, fold, NOW, 1).escalated
    assert decide(ROW, decoy, scarce, fold, NOW + 1, 1).route in ("low", "over_capacity")
    assert decide(ROW, HIGH, scarce, fold, NOW + 2, 1).escalated


def test_long_rule_ids_that_begin_alike_do_not_suppress_each_other() -> None:
    quiet = policy("[escalate]\nthreshold=0\n[[suppress]]\nminutes=60")
    fold = Suppression()
    one, two = (rows.row(replace(rows.SURICATA, rule_id="A" * 200 + end)) for end in ("a", "b"))
    assert decide(one, HIGH, quiet, fold, NOW, None).escalated
    assert decide(two, HIGH, quiet, fold, NOW, None).escalated


def test_the_model_may_raise_the_stated_severity_but_not_lower_it() -> None:
    assert combine(2, 4, 70.0, True)[:2] == (4, 70.0)
    assert combine(4, 1, 10.0, True)[:2] == (4, 70.0)


def test_outside_what_it_knows_the_model_does_not_raise() -> None:
    assert combine(2, 5, 90.0, False)[:2] == (2, 30.0)


def test_every_reason_code_given_is_documented() -> None:
    import re
    from pathlib import Path

    import enrich.decide
    import enrich.priority

    source = "".join(Path(each.__file__).read_text() for each in (enrich.decide, enrich.priority))
    given_codes = set(re.findall(r'Reason\("(\w+)"', source))
    origins = {f"severity_{origin}" for origin in ("stated", "model", "default")}
    assert given_codes | origins == set(REASONS)
