"""The report as one HTML page that needs nothing else: no network, no script, charts drawn inline."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from training.gates import promotable
from training.reports.card import card_part
from training.reports.compared import Compared
from training.reports.head_part import head_part
from training.reports.markup import el, page
from training.reports.other_parts import PARTS
from training.reports.report import Report
from training.reports.style import STYLE
from training.reports.tables import Row, table


def html_of(report: Report) -> bytes:
    """Return the page, UTF-8."""
    parts = list(_parts(report))
    sections = report.sections
    empty = [part.title for part in PARTS if not part.made(sections)]
    body = el(
        "body",
        el("a", "Skip to the figures", class_="skip", href="#main"),
        el(
            "header",
            el("h1", f"Evaluation of bundle {report.bundle_id}"),
            el("p", f"{sections.name}, trained {sections.made}", class_="soft"),
            _verdict(report),
            el(
                "nav",
                el("ul", *(el("li", el("a", part[0].text, href=f"#{part.get('id')}")) for part in parts)),
                aria_label="Parts of the report",
            ),
        ),
        el("main", *parts, id="main"),
        el(
            "footer",
            el("p", f"Not told by this evaluation: {', '.join(empty)}.", class_="soft") if empty else None,
            el("p", "The same numbers are in report.json, in full.", class_="soft"),
        ),
    )
    return page(f"Bundle {report.bundle_id}: evaluation", STYLE, body).encode()


def _parts(report: Report) -> Iterator[Element]:
    made = {part.anchor: part.made(report.sections) for part in PARTS}
    titles = {part.anchor: part.title for part in PARTS}

    def told(anchor: str) -> Iterator[Element]:
        if made[anchor]:
            yield el("section", el("h2", titles[anchor]), *made[anchor], id=anchor)

    yield from told("gates")
    if report.compared:
        yield _compared(report.compared)
    for number, head in enumerate(report.heads, 1):
        yield head_part(head, f"head-{number}")
    for part in PARTS:
        if part.anchor != "gates":
            yield from told(part.anchor)
    yield card_part(report)


def _verdict(report: Report) -> Element:
    gates = report.sections.gates
    if not gates:
        return el("p", "No gate was asked", class_="verdict bad")
    passed = sum(each.passed for each in gates)
    if promotable(gates):
        return el("p", f"Promotable: all {passed} gates passed", class_="verdict good")
    refused = ", ".join(each.name for each in gates if not each.passed)
    return el("p", f"Not promotable: refused by {refused}", class_="verdict bad")


def _compared(all_: tuple[Compared, ...]) -> Element:
    parts: list[Element] = [
        el("h2", f"Against bundle {all_[0].against}"),
        el("p", "Differences are of this bundle less the other, on the same rows in every bootstrap sample."),
    ]
    for each in all_:
        said = each.agreement
        rows = [Row((one.figure, one.difference, one.difference.n)) for one in each.differences]
        parts.append(el("h3", f"{each.label_source}, {each.rows:,} rows judged by both"))
        parts.append(
            el(
                "p",
                f"Both say the same of {said.same:.1%} of the rows (κ {said.kappa:.3f}). Only this bundle "
                f"is right on {said.only_first_right:,}, only the other on {said.only_second_right:,}; "
                f"neither on {said.both_wrong:.1%}. Rows that one of them alone was judged by: "
                f"{each.only_first:,} and {each.only_second:,}.",
            )
        )
        parts.append(table("Paired differences", ("figure", "this less the other", "n"), rows))
    return el("section", *parts, id="compared")
