"""Reports: the same numbers on page and in JSON, nothing that an alert wrote as markup, plain files."""

import re
from dataclasses import fields, replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest

from enrich.attack.table import Table
from enrich.errors import SettingsWrong
from tests.unit.candidates import corpus, evidence, linear
from training.figures.drift import Drift
from training.figures.intervals import Interval
from training.gates import GATES, results
from training.judged import Judged
from training.reports import FILES, Report, json_of, read, report_of, sections_of, write
from training.reports.attack import attack_coverage
from training.reports.card import markdown
from training.reports.kept import judged_of_npz, npz_of
from training.reports.markup import el
from training.reports.page import html_of
from training.reports.sections import (
    Area,
    Effect,
    Hits,
    LeftOut,
    Moved,
    Part,
    PathPart,
    Sections,
    Shap,
    ShapLine,
    Source,
    Stage,
    Tactic,
    Technique,
)

ID = "0123456789abcdef"
QUICK = 60
NASTY = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202egnp.exe"
HALF = Interval(0.5, 0.4, 0.6, 100)


@cache
def judged() -> Judged:
    """An honest model, of which the surest and furthest miss has a title that wants to be markup."""
    given = evidence(corpus(1, 1_200), 1, linear).challenger[0]
    confidence = given.confidence.copy()
    far = np.abs(given.predicted - given.label)
    place = int(np.flatnonzero(far == far.max())[0])
    confidence[place] = 1.0
    texts = [f"{text}\ncategory\nC:\\secret\\command.exe" for text in given.texts]
    texts[place] = f"{NASTY}\ncategory\nC:\\secret\\command.exe"
    covered = given.known.astype(bool)
    covered[:40] = False
    return replace(given, confidence=confidence, texts=tuple(texts), covered=covered)


def sections() -> Sections:
    """All of them, each with text that wants to be markup."""
    return Sections(
        name=f"name {NASTY}",
        made="2026-11-21 20:00 UTC",
        features_hash="aabb",
        parameters=(("seed", NASTY),),
        sources=(Source(NASTY, 10, (1, 2, 3, 4, 0), "ff" * 16, NASTY, NASTY),),
        splits=(Part(NASTY, "train", 10, "2024-01-01", "2024-02-01"),),
        gates=results(evidence(corpus(1, 1_200), 1, linear)),
        ablation=(Effect("sigma", NASTY, HALF),),
        importance=(Effect("sigma", "hour", Interval(float("nan"), float("nan"), float("nan"), 0)),),
        shap=(Shap("sigma", 5, NASTY, NASTY, 0.5, True),),
        shap_lines=(ShapLine("sigma", NASTY, 0.5),),
        paths=(PathPart("anomaly", NASTY, 0.5, 0.1),),
        tactics=(Tactic("TA0001", NASTY, 1, 2, 3, ("T1001",)),),
        techniques=(Technique("T1002", NASTY, 3),),
        hints=(Hits("sigma", NASTY, HALF, HALF, HALF),),
        anomaly=(Area(NASTY, "the model", HALF),),
        drift=(Moved("sigma", NASTY, Drift("hour", 0.2, 0.01)),),
        stages=(Stage(NASTY, 1.5, 300), Stage("nothing", 0.0, 0)),
        notes=(NASTY,),
    )


@cache
def report() -> Report:
    other = replace(judged(), probability=np.roll(judged().probability, 1, axis=1))
    return report_of(ID, [judged()], sections(), ("fedcba9876543210", [other]), QUICK)


@cache
def page() -> str:
    return html_of(report()).decode()


class Elements(HTMLParser):
    """Collects (tag, attributes) and checks that what is opened is closed."""

    VOID = ("meta", "img", "br", "hr", "input", "link")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@cache
def elements() -> Elements:
    made = Elements()
    made.feed(page())
    made.close()
    assert made.open == []
    return made


def test_no_element_comes_from_data() -> None:
    tags = {tag for tag, _ in elements().found}
    assert tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form"} == set()


def test_no_attribute_runs_anything_or_asks_for_an_address() -> None:
    named = [(tag, name, value) for tag, attributes in elements().found for name, value in attributes.items()]
    addresses = [value for _, name, value in named if name in ("src", "href", "xlink:href", "action")]
    assert [each for each in named if each[1].startswith("on")] == []
    assert [value for value in addresses if not str(value).startswith("#")] == []


def test_a_policy_lets_nothing_in() -> None:
    policy = next(
        a["content"] for _, a in elements().found if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in str(policy)


def test_the_style_asks_for_nothing() -> None:
    style = re.search(r"<style>(.*?)</style>", page(), re.DOTALL)
    assert style is not None
    assert re.findall(r"url\(|@import|//|<", style[1]) == []


def test_what_an_alert_wrote_is_shown_as_it_is() -> None:
    shown = "".join(elements().text)
    assert "</td><script>alert(1)</script>" in shown
    assert "␛[2J‹U+202E›gnp.exe" in shown


def test_no_control_character_is_on_the_page() -> None:
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", page()) == []


def test_of_an_alert_only_its_title_is_quoted() -> None:
    whole = page() + json_of(report()).decode() + markdown(report())
    assert "secret" not in whole


def test_every_link_of_the_page_leads_to_a_part_of_it() -> None:
    ids = {attributes["id"] for _, attributes in elements().found if "id" in attributes}
    links = {str(a["href"])[1:] for tag, a in elements().found if tag == "a"}
    assert (links - ids, len(links) > 8) == (set(), True)


def test_every_chart_says_what_it_shows_and_stands_beside_a_table() -> None:
    charts = [attributes for tag, attributes in elements().found if tag == "svg"]
    tables = [tag for tag, _ in elements().found if tag == "table"]
    assert all(each.get("role") == "img" and each.get("aria-label") for each in charts)
    assert len(tables) > len(charts) > 4


def test_every_table_has_a_caption_and_headings_with_a_scope() -> None:
    tags = [tag for tag, _ in elements().found]
    assert tags.count("caption") == tags.count("table")
    assert all("scope" in attributes for tag, attributes in elements().found if tag == "th")


def test_headings_leave_no_level_out() -> None:
    levels = [int(tag[1]) for tag, _ in elements().found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert max(after - before for before, after in pairwise(levels)) == 1


def test_each_part_is_on_the_page() -> None:
    ids = {attributes.get("id") for tag, attributes in elements().found if tag == "section"}
    wanted = {"gates", "compared", "head-1", "data", "worth", "attack", "anomaly", "drift", "time", "card"}
    assert wanted - ids == set()


def test_parts_that_nobody_told_are_named_as_such() -> None:
    bare = report_of(ID, [judged()], Sections(name="x", made="", features_hash=""), resamples=QUICK)
    assert "Not told by this evaluation: Gates, Data and labels" in html_of(bare).decode()


def test_the_page_has_the_numbers_of_the_json() -> None:
    head = orjson.loads(json_of(report()))["heads"][0]
    own = head["scored"][0]["macro_f1"]
    shown = "".join(elements().text)
    assert all(f"{own[name]:.3f}" in shown for name in ("value", "low", "high"))
    assert f"{head['ece']['value']:.3f}" in shown


def test_the_json_says_null_for_what_does_not_exist() -> None:
    doc = orjson.loads(json_of(report()))
    assert doc["sections"]["importance"][0]["lost"]["value"] is None


def test_the_json_has_every_gate() -> None:
    assert len(orjson.loads(json_of(report()))["sections"]["gates"]) == len(GATES)


def test_sections_come_back_from_the_json() -> None:
    again = sections_of(json_of(report()), "report.json")
    assert json_of(replace(report(), sections=again)) == json_of(report())


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format":"millrace-report","version":9}', b'{"format":1,"version":1}']
)
def test_a_report_that_is_none_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(SettingsWrong, match=r"report\.json"):
        sections_of(content, "report.json")


def test_the_card_is_markdown_without_markup_from_data() -> None:
    text = markdown(report())
    assert re.findall(r"(?<!\\)<", text) == []
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| label")}
    assert widths <= {5, 7}


def test_the_card_says_which_classes_are_too_few() -> None:
    few = replace(judged(), label=np.where(judged().label == 5, 4, judged().label))
    label = few.label.copy()
    label[:3] = 5
    text = markdown(report_of(ID, [replace(few, label=label)], sections(), resamples=QUICK))
    assert "too few test rows to judge critical (3)" in text


def test_the_worst_errors_come_first() -> None:
    misses = report().heads[0].misses
    far = [abs(each.label - each.predicted) for each in misses]
    assert (far == sorted(far, reverse=True), misses[0].confidence) == (True, 1.0)


def test_a_comparison_is_of_the_rows_that_both_have() -> None:
    shorter = replace(
        judged(), ids=tuple(f"x{each}" if i < 100 else each for i, each in enumerate(judged().ids))
    )
    found = report_of(ID, [judged()], sections(), ("f" * 16, [shorter]), QUICK).compared[0]
    assert (found.rows, found.only_first, found.only_second) == (len(judged()) - 100, 100, 100)


def test_judged_rows_come_back_as_they_were() -> None:
    (again,) = judged_of_npz(npz_of([judged()]), Path("judged.npz"))
    for each in fields(Judged):
        before, after = getattr(judged(), each.name), getattr(again, each.name)
        if each.name == "baselines":
            assert {name: values.tolist() for name, values in after.items()} == {
                name: values.tolist() for name, values in before.items()
            }
        else:
            np.testing.assert_array_equal(np.array(after), np.array(before))


def test_texts_that_no_encoding_likes_come_back() -> None:
    texts = ("", "\ud83d", "a\x00b", *judged().texts[3:])
    (again,) = judged_of_npz(npz_of([replace(judged(), texts=texts)]), Path("judged.npz"))
    assert again.texts == texts


def test_the_same_rows_give_the_same_bytes() -> None:
    assert npz_of([judged()]) == npz_of([judged()])


def test_a_pickle_in_the_rows_is_refused_and_not_run(tmp_path: Path) -> None:
    class Calls:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "ran"),))

    np.savez(tmp_path / "judged.npz", about=np.array([Calls()], dtype=object), allow_pickle=True)
    with pytest.raises(SettingsWrong, match=r"judged\.npz"):
        judged_of_npz((tmp_path / "judged.npz").read_bytes(), tmp_path / "judged.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("cut", [0, 10, 1_000, -1])
def test_rows_that_were_cut_are_refused_by_name(cut: int) -> None:
    with pytest.raises(SettingsWrong, match=r"judged\.npz"):
        judged_of_npz(npz_of([judged()])[:cut], Path("judged.npz"))


@pytest.mark.parametrize(("at", "to"), [(8, 1), (6, 255), (10, 99)], ids=["encrypted", "later zip", "method"])
def test_rows_that_the_parser_gives_up_on_are_refused_by_name(at: int, to: int) -> None:
    content = bytearray(npz_of([judged()]))
    content[content.find(b"PK\x01\x02") + at] = to
    content[content.find(b"PK\x03\x04") + at - 2] = to
    with pytest.raises(SettingsWrong, match=r"judged\.npz: is damaged"):
        judged_of_npz(bytes(content), Path("judged.npz"))


def test_rows_that_do_not_unpack_are_refused_by_name() -> None:
    content = bytearray(npz_of([judged()]))
    name, extra = content[26], content[28]  # lengths, in the header of the first member, of 30 bytes
    content[30 + name + extra] = 0b111  # a block of a kind that deflate does not have
    with pytest.raises(SettingsWrong, match=r"judged\.npz: is damaged.*\(error\)"):
        judged_of_npz(bytes(content), Path("judged.npz"))


def test_rows_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(SettingsWrong, match=r"judged\.npz"):
        judged_of_npz(npz_of([replace(judged(), label=judged().label[1:])]), Path("judged.npz"))


def test_a_report_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / ID, report(), [judged()])
    made = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / ID).iterdir()}
    assert {name: made[name] for name in FILES} == dict.fromkeys(FILES, 0o600)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / ID, report(), [judged()])
    rows, again = read(tmp_path / ID)
    assert json_of(report_of(ID, rows, again, resamples=QUICK)) == json_of(replace(report(), compared=()))


def test_a_bundle_without_an_evaluation_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="there is no evaluation of this bundle here"):
        read(tmp_path / ID)


def test_a_disk_that_takes_nothing_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsWrong, match="cannot be written"):
        write(tmp_path / "file" / ID, report(), [judged()])


def test_text_after_an_element_stays_after_it() -> None:
    made = el("p", "a ", el("b", "b"), " c")
    assert "".join(made.itertext()) == "a b c"


def test_revoked_and_sub_techniques_count_for_their_technique() -> None:
    table = Table(
        orjson.dumps(
            {
                "version": "1",
                "tactics": {"TA0001": ["one", "one-short"], "TA0002": ["two", "two-short"]},
                "former_tactics": {},
                "techniques": {
                    "T1001": ["a", "TA0001"],
                    "T1001.001": ["a.a", "TA0001"],
                    "T1002": ["b", "TA0001", "TA0002"],
                    "T1003": ["c", "TA0002"],
                },
                "revoked": {"T1009": ["old", "T1002"]},
                "deprecated": {"T1010": "gone"},
                "former_names": {},
            }
        )
    )
    tactics, techniques = attack_coverage([("T1001.001", "T1001"), ("T1009",), ("T1010", "T9999")], table)
    assert [(each.uid, each.known, each.techniques, each.rows, each.gaps) for each in tactics] == [
        ("TA0001", 2, 2, 2, ()),
        ("TA0002", 1, 2, 1, ("T1003",)),
    ]
    assert [(each.uid, each.rows) for each in techniques] == [("T1001", 1), ("T1002", 1)]


def test_a_head_that_was_not_carried_stays_visible() -> None:
    left = LeftOut("splunk", "chance: kappa 0.01", 240, 0.4, 0.2, 0.1)
    made = replace(report(), sections=replace(sections(), left_out=(left,)))
    assert "Judged, not carried" in html_of(made).decode()
    assert "splunk: judged, not carried: chance" in markdown(made)
    assert sections_of(json_of(made), "report.json").left_out == (left,)


def test_text_that_no_encoding_likes_is_written_out() -> None:
    odd = replace(sections(), notes=("sig\udcffma.jsonl: 3 rows",), parameters=(("\ud800", "x\udfff"),))
    made = replace(report(), sections=odd)
    assert orjson.loads(json_of(made))["sections"]["notes"] == ["sig‹U+DCFF›ma.jsonl: 3 rows"]
    assert html_of(made)
    assert markdown(made).encode()


def test_with_a_class_of_few_rows_the_page_says_that_the_interval_is_none() -> None:
    label = np.where(judged().label == 5, 4, judged().label)
    label[:3] = 5
    few = report_of(ID, [replace(judged(), label=label)], sections(), resamples=QUICK)
    assert "no 95 % interval here: critical (3)" in html_of(few).decode()
    assert "no 95 % interval here" not in page()
