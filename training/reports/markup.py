"""Markup by the standard library's element tree: text and attributes are escaped as they are written out.

No markup is ever put together from text, so none can come in with it. Text goes through ``visible`` besides:
what an attacker wrote into an alert's title is shown as what it is.
"""

from typing import Final
from xml.etree.ElementTree import Element, tostring

from enrich.text import visible

Content = Element | str | int | None
# Elements that a line break after makes the file readable without changing the page.
_BREAK: Final = frozenset(
    {"section", "table", "tr", "thead", "tbody", "p", "ul", "li", "h2", "h3", "figure", "svg"}
)


def el(tag: str, *content: Content, **attributes: str | float | None) -> Element:
    """Return an element. content: elements and text, in order; None is left out.

    attributes: ``class_`` is written class, ``aria_label`` aria-label; None is left out.

    >>> tostring(el("p", "a < b", class_="x"), encoding="unicode", method="html").strip()
    '<p class="x">a &lt; b</p>'
    """
    made = Element(
        tag, {_name(name): visible(str(value)) for name, value in attributes.items() if value is not None}
    )
    add(made, *content)
    if tag in _BREAK:
        made.tail = "\n"
    return made


def add(made: Element, *content: Content) -> Element:
    """Append elements and text; return the element."""
    last: Element | None = made[-1] if len(made) else None
    for part in content:
        if part is None:
            continue
        if isinstance(part, Element):
            made.append(part)
            last = part
            continue
        text = visible(str(part))
        if last is None:
            made.text = (made.text or "") + text
        else:
            last.tail = (last.tail or "") + text
    return made


def page(title: str, style: str, body: Element) -> str:
    """Return a whole page. style: CSS of our own, the one text that is not escaped.

    The policy lets nothing in: no script, no image, no font, no address.
    """
    sheet = Element("style")
    sheet.text = style
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        Element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        sheet,
    )
    whole = tostring(el("html", head, body, lang="en"), encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{whole}\n"


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
