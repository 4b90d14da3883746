"""Splunk's stash format: an epoch time, then the fields of a notable or risk event as pairs.
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/collect

``1700000000, search_name="Access - Brute Force - Rule", orig_time="1699999990", src="192.0.2.7"``. A field of
several values is written once for each.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from enrich.formats.lines.pairs import pairs

# Beside ``search_name``: fields that a correlation search, its notable or risk action, or ``addinfo`` adds.
# https://dev.splunk.com/enterprise/docs/devtools/enterprisesecurity/notableeventsplunkes/usingnotableeventsinsearch
MARKS: Final = frozenset(
    (
        *("rule_title", "rule_name", "rule_description", "orig_rule_title", "savedsearch_description"),
        *("security_domain", "orig_security_domain", "urgency", "event_hash", "risk_object", "risk_message"),
        *("orig_time", "orig_sid", "orig_rid", "orig_action_name", "orig_raw", "orig_source"),
        *("orig_sourcetype", "info_search_time", "info_min_time", "info_max_time", "annotations"),
    )
)
# As the search calls the time that stands before the pairs.
TIME: Final = "_time"
# Nothing of a sentence may stand before it: what a program logs may quote whoever is watched.
_HEAD: Final = re.compile(r"(?:([0-9]{9,10}(?:\.[0-9]{1,9})?), )?search_name=")


def names_search(event: Mapping[str, Any]) -> bool:
    """Return whether these are fields of a notable or risk event: ``search_name`` and one of MARKS."""
    name = event.get("search_name")
    return type(name) is str and bool(name) and not MARKS.isdisjoint(event)


def stash(body: str) -> tuple[dict[str, Any], bool] | None:
    """Return the notable or risk event that a line is, and whether pairs of it were cut; None: it is none."""
    head = _HEAD.match(body)
    if head is None:
        return None
    said = pairs(body)
    if not names_search(said.found):
        return None
    doc: dict[str, Any] = {} if head[1] is None else {TIME: head[1]}
    for key, value in said.found.items():
        name, again, _ = key.partition("#")
        if not again or name not in doc:
            doc[name] = value
        elif type(doc[name]) is list:
            doc[name].append(value)
        else:
            doc[name] = [doc[name], value]
    return doc, said.cut
