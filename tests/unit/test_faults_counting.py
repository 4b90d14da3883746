"""The fault ledger's counting: a harness that could report a false "0 lost" would be worth nothing."""

from dataclasses import replace
from typing import Any

from tests.faults import ledger, lines
from tests.faults.counting import Count, Harm, Out, Place, Raw, Reference, Role, count, recovery_s
from tests.faults.faults import BY_NAME, FAULTS, Fault
from tests.faults.trial import Outcome

CONTEXT = "c1"
PLACES: tuple[Place, ...] = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))
RAW = {place: Raw(number, 1_000 + number) for number, place in enumerate(PLACES)}
RECEIPTS = dict(enumerate(PLACES))


def event(place: Place, at: int, **changes: Any) -> Out:
    """An event as it should be, at offset ``at`` of the output partition with its raw partition's number."""
    made = Out(
        source=place,
        uid=f"u{place}",
        context=CONTEXT,
        digest=f"d{place}",
        key=b"ip:10.0.0.%d" % place[0],
        at=(1, place[0], at),
        time_ms=2_000 + at,
        route="low",
    )
    return made._replace(**changes)


def letter(place: Place, at: int, code: str = "unparseable") -> Out:
    return event(place, at, context="", route="", code=code)


def of(
    enriched: list[Out], escalated: tuple[Out, ...] = (), dead: tuple[Out, ...] = (), **changes: Any
) -> Count:
    """Count against an undisturbed run in which every place is an ordinary event."""
    out: dict[Role, list[Out]] = {"enriched": enriched, "escalated": list(escalated), "dead": list(dead)}
    digests: dict[Role, dict[Place, str]] = {
        "enriched": {place: f"d{place}" for place in PLACES},
        "escalated": {},
        "dead": {},
    }
    given = {"raw": RAW, "receipts": RECEIPTS, "reference": Reference(CONTEXT, digests), **changes}
    return count(given["raw"], out, given["receipts"], given["reference"])


def sound() -> list[Out]:
    return [event(place, at) for at, place in enumerate(PLACES)]


def test_a_sound_run_is_clean_and_counts_nothing() -> None:
    found = of(sound())
    assert found.clean
    assert (found.alerts, found.duplicates, found.disturbed, found.order, found.elsewhere) == (
        5,
        0,
        (),
        (),
        0,
    )


def test_a_record_that_did_not_come_out_is_lost() -> None:
    found = of([each for each in sound() if each.source != (0, 1)])
    assert found.lost == ((0, 1),)
    assert not found.clean


def test_nothing_that_came_out_is_everything_lost() -> None:
    assert of([]).lost == PLACES


def test_a_dead_letter_is_not_lost_but_is_not_the_undisturbed_event_either() -> None:
    found = of([each for each in sound() if each.source != (0, 1)], dead=(letter((0, 1), 0),))
    assert found.lost == ()
    assert found.dead == {"unparseable": 1}
    assert found.disturbed == ((0, 1),)


def test_a_dead_letter_that_stands_in_for_an_event_is_counted_by_its_code_only() -> None:
    found = of([each for each in sound() if each.source != (0, 1)], dead=(letter((0, 1), 0, "poison"),))
    assert (found.lost, found.disturbed, found.dead) == ((), (), {"poison": 1})


def test_a_record_out_twice_is_one_duplicate_and_clean() -> None:
    found = of([*sound(), event((0, 1), 9)])
    assert (found.duplicates, found.differing, found.clean) == (1, (), True)


def test_a_twin_with_other_bytes_is_a_differing_duplicate() -> None:
    found = of([*sound(), event((0, 1), 9, digest="other")])
    assert found.differing == ((0, 1),)
    assert found.disturbed == ((0, 1),)
    assert not found.clean


def test_a_twin_with_another_uid_is_a_differing_duplicate() -> None:
    assert of([*sound(), event((0, 1), 9, uid="other")]).differing == ((0, 1),)


def test_a_twin_of_another_context_is_counted_apart() -> None:
    found = of([*sound(), event((0, 1), 9, context="c2", digest="other")])
    assert (found.differing, found.contexts, found.elsewhere, found.disturbed) == ((), 1, 1, ())


def test_two_differing_twins_within_the_other_context_differ() -> None:
    twins = [event((0, 1), at, context="c2", digest=f"other{at}") for at in (8, 9)]
    assert of([*sound(), *twins]).differing == ((0, 1),)


def test_an_event_that_is_not_that_of_the_undisturbed_run_is_told() -> None:
    found = of([each._replace(digest="cold") if each.source == (1, 0) else each for each in sound()])
    assert found.disturbed == ((1, 0),)
    assert found.lost == ()


def test_an_alert_that_came_out_before_an_earlier_one_of_its_entity_breaks_the_order() -> None:
    swapped = [event((0, 1), 0), event((0, 0), 1), event((0, 2), 2), event((1, 0), 0), event((1, 1), 1)]
    assert of(swapped).order == (((0, 0), (0, 1)),)


def test_a_late_duplicate_does_not_break_the_order() -> None:
    assert of([*sound(), event((0, 0), 9)]).order == ()


def test_the_order_of_other_entities_and_partitions_does_not_matter() -> None:
    other = event((0, 1), 0, key=b"ip:10.0.0.9")
    mixed = [other, event((0, 0), 1), event((0, 2), 2), event((1, 0), 5), event((1, 1), 6)]
    assert of(mixed).order == ()


def test_an_entity_in_two_output_partitions_has_no_order() -> None:
    strayed = [each._replace(at=(1, 7, 9)) if each.source == (0, 2) else each for each in sound()]
    assert of(strayed).order == (((0, 2), (0, 1)),)


def test_a_topic_made_anew_goes_on_after_the_old_one() -> None:
    renewed = [each._replace(at=(2, *each.at[1:])) if each.source == (0, 0) else each for each in sound()]
    assert of(renewed).order == (((0, 0), (0, 2)),)


def test_what_is_of_no_raw_record_is_a_stranger() -> None:
    found = of([*sound(), event((3, 3), 9), event((0, 0), 10, source=None)])
    assert found.strangers == 2
    assert not found.clean


def test_an_escalation_that_its_topic_lacks_is_missing_and_so_is_one_without_an_event() -> None:
    told = [each._replace(route="escalated") if each.source == (0, 0) else each for each in sound()]
    assert of(told).missing_escalated == ((0, 0),)
    assert of(sound(), escalated=(event((1, 1), 0),)).missing_escalated == ((1, 1),)
    assert not of(told).clean


def test_an_escalation_that_only_the_undisturbed_run_has_is_told() -> None:
    digests: dict[Role, dict[Place, str]] = {
        "enriched": {place: f"d{place}" for place in PLACES},
        "escalated": {(1, 1): "d(1, 1)"},
        "dead": {},
    }
    assert of(sound(), reference=Reference(CONTEXT, digests)).disturbed == ((1, 1),)


def test_an_event_beside_a_dead_letter_of_one_record_is_told() -> None:
    assert of(sound(), dead=(letter((0, 1), 0, "undeliverable"),)).both == ((0, 1),)


def test_a_receipt_whose_record_the_raw_topic_does_not_keep_is_told() -> None:
    assert of(sound(), receipts={**RECEIPTS, 5: (0, 9)}).vanished == (5,)
    assert of(sound(), receipts={0: (0, 1)}).vanished == (0,)
    assert not of(sound(), receipts={0: (0, 1)}).clean


def test_a_record_without_a_receipt_counts_all_the_same() -> None:
    found = of(sound()[1:], receipts={})
    assert found.lost == ((0, 0),)


def test_the_first_event_after_is_of_an_alert_that_was_sent_after_the_harm() -> None:
    raw = {(0, 0): Raw(0, 1_000), (0, 1): Raw(1, 3_000), (1, 0): Raw(2, 3_000), (1, 1): Raw(3, 3_500)}
    events = [
        event((0, 0), 0, time_ms=2_500),  # under way before the harm: shows nothing
        event((0, 1), 1, time_ms=9_000),
        event((1, 0), 0, time_ms=4_000),
        event((1, 0), 1, time_ms=3_900),  # of twins the earlier one
        event((1, 1), 2, time_ms=8_000),
    ]
    assert recovery_s(raw, events, [Harm(2_000, frozenset({0, 1}))]) == [7.0, 1.9]
    assert recovery_s(raw, events, [Harm(2_000, frozenset({1}))]) == [1.9]
    assert recovery_s(raw, events, [Harm(9_999, frozenset({0, 1}))]) == []


def outcome(fault: str, found: Count, **changes: Any) -> Outcome:
    made = Outcome(
        fault=fault,
        seed=1,
        rate=1000.0,
        times=3,
        count=found,
        recovery_s=(1.0, 4.0, 2.0),
        restarts=2,
        ended={1: 1},
        unclean={},
        unreceived=0,
        seconds=60.0,
        trouble="",
    )
    return replace(made, **changes)


def test_a_row_sums_its_runs() -> None:
    short = of([each for each in sound() if each.source != (0, 1)])
    made = ledger.Made("python -m tests.faults", ledger.date(2026, 11, 21))
    text = ledger.row([outcome("kill", of(sound())), outcome("kill", short, seed=2)], 0, made)
    cells = [cell.strip() for cell in text.strip("|").split("|")]
    told = dict(zip(ledger.COLUMNS, cells, strict=True))
    assert (told["runs"], told["times"], told["alerts"], told["lost"]) == ("2", "6", "10", "**1**")
    assert (told["first event after, s"], told["restarts"], told["seeds"]) == ("2.0 / 4.0", "4 (1: 2)", "1 2")


def test_a_run_without_a_count_stands_in_the_row() -> None:
    made = ledger.Made("python -m tests.faults", ledger.date(2026, 11, 21))
    assert "| 1 (+ 2 without a count) |" in ledger.row([outcome("kill", of(sound()))], 2, made)


def test_a_fault_run_again_replaces_its_row_and_no_other(tmp_path: Any) -> None:
    page = tmp_path / "ledger.md"
    old = ledger.Made("old", ledger.date(2026, 11, 20))
    new = ledger.Made("new", ledger.date(2026, 11, 21))
    ledger.write(page, [outcome("kill", of(sound())), outcome("terminate", of(sound()))], [], old)
    before = page.read_text().splitlines()
    ledger.write(page, [outcome("kill", of([]))], [], new)
    after = page.read_text().splitlines()
    rows = [line for line in after if line.startswith(("| kill | 1", "| terminate | 1"))]
    assert len(rows) == 2
    assert rows[1] in before
    assert rows[0] not in before
    assert "**5**" in rows[0]


def test_every_fault_is_named_once_and_says_what_it_does() -> None:
    assert len(BY_NAME) == len(FAULTS)
    assert all(fault.what and fault.since for fault in FAULTS)


def test_a_fault_that_had_no_effect_on_its_marked_alerts_is_told() -> None:
    assert BY_NAME["poison"].wrong(of(sound())) == "0 dead as poison, not 2"
    assert "not 20" in BY_NAME["model-raises"].wrong(of(sound()))
    assert BY_NAME["kill"].wrong(of(sound())) == ""


def test_a_dead_letter_that_the_fault_does_not_explain_is_told() -> None:
    kill: Fault = BY_NAME["kill"]
    rest = [each for each in sound() if each.source != (0, 1)]
    assert kill.wrong(of(rest, dead=(letter((0, 1), 0, "poison"),))) == "1 dead as poison, not 0"
    refused = of(rest, dead=(letter((0, 1), 0, "undeliverable"),))
    assert kill.wrong(refused) == "1 dead as undeliverable"
    assert BY_NAME["too-large"].wrong(refused) == ""


def test_the_same_seed_feeds_the_same_alerts_and_only_the_marked_ones_carry_the_mark() -> None:
    one, two = (lines.Lines(7, {3, 499}) for _ in range(2))
    first = [one.line(number, 1_700_000_000_000) for number in range(600)]
    assert first == [two.line(number, 1_700_000_000_000) for number in range(600)]
    assert [line.number for line in first if lines.MARK.encode() in line.value] == [3, 499]
    assert len({line.key for line in first}) > 100
    assert max(len(line.value) for line in first) > lines.LARGE_BYTES[0]
