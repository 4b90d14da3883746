"""The table of shapes: which top-level keys a JSON document must have before a format looks at it.

In this order: a shape that has more of its own goes before one that has less. Rule alerts of Elastic and
findings of Wazuh 5 are ECS documents too, lines of Sigma tools hold Windows events, and a ``description`` has
everybody.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import (
    cef,
    crowdstrike,
    defender,
    defender_cloud,
    defender_hunting,
    ecs_alert,
    elastic,
    flow_cic,
    flow_goflow,
    flow_netflow,
    flow_zeek,
    graph_v1,
    guardduty,
    incident,
    keyvalue,
    leef,
    ocsf,
    security_hub,
    sentinel,
    sigma,
    splunk,
    suricata,
    syslog,
    wazuh,
    wazuh5,
    windows,
    zeek,
)

Parse = Callable[[Mapping[str, Any], tuple[Quality, ...]], Alert]


class Format(NamedTuple):
    """One shape of a built-in format.

    keys: top-level keys without which a document is not of this shape: ``recognise`` is asked only where all
    of them are there. parse: raises Rejected (``not_an_alert``) for what is of this format but no alert.
    """

    name: str
    keys: frozenset[str]
    recognise: Callable[[Mapping[str, Any]], bool]
    parse: Parse


def _shapes(name: str, module: Any, *keys: tuple[str, ...]) -> tuple[Format, ...]:
    return tuple([Format(name, frozenset(each), module.recognise, module.parse) for each in keys])


_HIT: Final = (("_source",), ("_index", "fields"))
FORMATS: Final[tuple[Format, ...]] = (
    # First, for a notable has the fields of the event that was found, of whatever product.
    *_shapes(
        "splunk",
        splunk,
        *(
            ("search_name",),
            ("sid", "results_link"),
            ("rule_title", "security_domain"),
            ("_raw", "sourcetype"),
        ),
        *(("result", "preview"), ("event", "sourcetype"), ("event", "time"), ("event", "source")),
    ),
    *_shapes("suricata", suricata, ("event_type",)),
    *_shapes(
        "elastic",
        elastic,
        *(("kibana.alert.rule.name",), ("kibana.alert.rule.uuid",), ("kibana.alert.rule.rule_id",)),
        *(("kibana",), ("kibana.alert",), ("signal",)),
        *(("signal.rule.name",), ("signal.rule.uuid",), ("signal.rule.rule_id",)),
        *_HIT,
    ),
    *_shapes("wazuh5", wazuh5, ("wazuh",), ("wazuh.rule.id",), ("wazuh.rule.title",), *_HIT),
    *_shapes(
        "sigma",
        sigma,
        *(("RuleTitle", "Level"), ("timestamp_desc", "Level"), ("title", "rule_level")),
        *(("title", "description", "EventID"), ("name", "level", "document"), ("name", "level", "documents")),
        ("detection", "event"),
        *(("title", "level", event) for event in ("event", "events", "matches")),
        *(("rule", event) for event in ("event", "events", "matches")),
    ),
    *_shapes("wazuh", wazuh, ("rule",)),
    *_shapes(
        "windows",
        windows,
        *(("Event",), ("winlog",), ("winlog.event_id",), ("EventID",)),
        *(("event_id", "log_name", "source_name"), ("ProviderName", "LogName", "Id"), ("_source",)),
    ),
    *_shapes("ecs", ecs_alert, ("event",), ("event.kind",), *_HIT),
    *_shapes("ocsf", ocsf, ("class_uid",), ("detail-type", "detail")),
    *_shapes(
        "guardduty",
        guardduty,
        *(("type", "resource", "accountId"), ("Type", "Resource", "AccountId"), ("detail-type", "detail")),
        *(("findings",), ("Findings",)),
    ),
    *_shapes(
        "security_hub",
        security_hub,
        *(("ProductArn", "GeneratorId"), ("detail-type", "detail"), ("Findings",)),
    ),
    *_shapes(
        "defender",
        defender,
        *(("@odata.type",), ("serviceSource", "createdDateTime"), ("alertCreationTime", "machineId")),
    ),
    *_shapes(
        "defender", defender_hunting, ("AlertId", "ServiceSource"), ("category", "properties"), ("records",)
    ),
    *_shapes("defender", sentinel, ("AlertSeverity",), ("IncidentNumber", "IncidentName")),
    *_shapes("defender", defender_cloud, ("AlertDisplayName", "SystemAlertId"), ("type", "properties")),
    *_shapes("defender", graph_v1, ("vendorInformation",)),
    *_shapes("crowdstrike", crowdstrike, ("composite_id",), ("metadata", "event"), ("ExternalApiType",)),
    # ``conn``, ``notice`` and ``weird`` also as the one key that a writer of Zeek's puts around a record.
    *_shapes("flow", flow_zeek, ("conn_state",), ("conn",), ("_path",), ("@stream", "@proc")),
    *_shapes("flow", flow_netflow, ("PROTOCOL", "L4_SRC_PORT", "L4_DST_PORT")),
    *_shapes(
        "flow", flow_cic, ("Flow Duration",), (" Flow Duration",), ("flow_duration",), ("Flow_Duration",)
    ),
    *_shapes("flow", flow_goflow, ("sampler_address", "src_addr"), ("SamplerAddress", "SrcAddr")),
    *_shapes(
        "zeek",
        zeek,
        *(("note",), ("notice",), ("weird",), ("intel",), ("_path",), ("@stream", "@proc")),
        *(("seen.indicator",), ("seen_indicator",), ("seen", "sources"), ("seen", "matched")),
    ),
    *_shapes("incident", incident, ("description", "log_source")),
)
KEYS: Final[frozenset[str]] = frozenset().union(*(format_.keys for format_ in FORMATS))
# Lines of text, by the name that ``line.document`` gives them.
LINES: Final[Mapping[str, Parse]] = {
    "cef": cef.parse,
    "leef": leef.parse,
    "syslog": syslog.parse,
    "keyvalue": keyvalue.parse,
}
NAMES: Final[tuple[str, ...]] = (*dict.fromkeys(format_.name for format_ in FORMATS), *LINES)


# Asked with keys of ours alone, never a source's: what is remembered is bounded by the table.
@lru_cache(1024)
def candidates(keys: frozenset[str]) -> tuple[Format, ...]:
    """Return the shapes that a document with these of KEYS may be of, in their order."""
    return tuple([format_ for format_ in FORMATS if format_.keys <= keys])
