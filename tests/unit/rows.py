"""Rows, scores and decisions to encode: one typical Suricata alert, one full, one bare.

``python -m tests.unit.rows`` prints the example that ``docs/event.md`` ends with.
"""

from dataclasses import replace
from functools import cache
from typing import Any, Final

import orjson

from enrich import address
from enrich.address import DEFAULT_NETWORKS
from enrich.alert import Alert, Endpoint, Process, entity
from enrich.attack import Hint, Span, load_attack
from enrich.context import Context
from enrich.encode.ocsf import encode
from enrich.formats import Formats, packaged_mappings
from enrich.policy import Policy
from enrich.record import RawRecord
from enrich.row import (
    Anomaly,
    AnomalyPart,
    Confidence,
    Decision,
    History,
    Pull,
    Reason,
    Row,
    Score,
    Severity,
)
from enrich.tables import Asset, Found, Identity, Indicator, Place, System

TIME_MS: Final = 1_760_000_000_000
RAW: Final = (
    b'{"timestamp":"2025-10-09T08:53:20.000000+0000","flow_id":1234567890123456,"in_iface":"eth0",'
    b'"event_type":"alert","src_ip":"10.20.0.17","src_port":51514,"dest_ip":"198.51.100.23",'
    b'"dest_port":80,"proto":"TCP","community_id":"1:abcdefghijklmnopqrstuvwxyz0=","alert":'
    b'{"action":"allowed","gid":1,"signature_id":9000101,"rev":3,"signature":"LOCAL MALWARE Loader '
    b'asks its server for work","category":"Malware Command and Control Activity Detected","severity":1,'
    b'"metadata":{"mitre_technique_id":["T1071.001"],"mitre_tactic_id":["TA0011"]}},"http":{"hostname":'
    b'"updates.example.net","url":"/gate.php?id=7","http_user_agent":"Loader/1.2","http_method":"POST",'
    b'"protocol":"HTTP/1.1","status":200,"length":64},"app_proto":"http","flow":{"pkts_toserver":6,'
    b'"pkts_toclient":5,"bytes_toserver":812,"bytes_toclient":640}}'
)

COLD: Final = History(0, 0, 0, 0, 0, 0, None, None, None, warm=False, folded=True)
WARM: Final = History(2, 5, 9, 1, 1, 4, 12.5, 300.0, None, warm=True, folded=True)

SURICATA: Final = Alert(
    format="suricata",
    vendor="OISF",
    product="Suricata",
    detector="suricata",
    time_ms=TIME_MS,
    time_text="2025-10-09T08:53:20.000000+0000",
    rule_id="9000101",
    title="LOCAL MALWARE Loader asks its server for work",
    category="Malware Command and Control Activity Detected",
    severity_id=4,
    severity_text="1",
    severity_scale="suricata:1-4",
    proto="tcp",
    app_proto="http",
    src=Endpoint(ip="10.20.0.17", port=51514),
    dst=Endpoint(ip="198.51.100.23", port=80, name="updates.example.net"),
    action="allowed",
    url="/gate.php?id=7",
    http_method="POST",
    user_agent="Loader/1.2",
    techniques=("T1071.001",),
    tactics=("TA0011",),
    bytes_out=812,
    bytes_in=640,
    packets=11,
)
# Every field that an alert can have.
FULL: Final = replace(
    SURICATA,
    source_uid="1760000000.4711",
    message="Loader 1.2 on ws-17 asked updates.example.net for work",
    description="Looks for a loader that asks for work",
    src=Endpoint(ip="10.20.0.17", port=51514, name="ws-17"),
    device=Endpoint(ip="10.20.0.17", name="ws-17"),
    device_id="017",
    user="j.doe",
    process=Process(
        name="loader.exe",
        path=r"C:\Users\j.doe\loader.exe",
        pid=4711,
        command_line="loader.exe -q",
        parent_name="explorer.exe",
    ),
    action="blocked",
    url="http://updates.example.net/gate.php?id=7",
    dns_query="updates.example.net",
    file_path=r"C:\Users\j.doe\loader.exe",
    hashes=(("md5", "d41d8cd98f00b204e9800998ecf8427e"), ("sha256", "ab" * 32)),
    is_sample=True,
    unmapped={"flow_id": 1234567890123456, "vlan": [7], "pkt": {"linktype": 1}},
)
BARE: Final = Alert(
    format="mapped:bare", vendor="v", product="p", detector="d", time_ms=None, rule_id="r", title="t"
)

# What tables could say of FULL.
FOUND: Final = (
    Found(
        "src", "assets", "assets", TIME_MS - 86_400_000, Asset("ws-17", "10.20.0.17", "it", 2, ("office",))
    ),
    Found("dst", "geo", "Example-City", TIME_MS, Place("AT", "AT-9", "Vienna", "Europe", 48.2, 16.37)),
    Found("dst", "asn", "Example-ASN", TIME_MS, System(64_496, "Example Net")),
    Found(
        "dst", "blocklist", "example", TIME_MS - 3_600_000, Indicator("198.51.100.23", "198.51.100.0/24", 3)
    ),
    Found("user", "identities", "identities", TIME_MS, Identity("j.doe", "Jane Doe", "Finance", True)),
)

HINT: Final = Hint(
    uid="T1071.001",
    name="Web Protocols",
    tactics=(("TA0011", "Command and Control"),),
    source="stated",
    evidence="T1071.001 in alert.metadata.mitre_technique_id",
    confidence=0.95,
    as_received="T1071.001",
)
MATCHED: Final = Hint(
    uid="T1105",
    name="Ingress Tool Transfer",
    tactics=(("TA0011", "Command and Control"),),
    source="pattern",
    evidence="loader",
    confidence=0.4,
    span=Span("title", 14, 20),
)
ANOMALY: Final = Anomaly(
    0.93, (AnomalyPart("rule_60m", 4.0, 0.012), AnomalyPart("entity_since_s", None, 0.034))
)
SCORE: Final = Score(
    Severity(5, 84.2, 4, 5, 84.2, "model"),
    ANOMALY,
    Confidence(0.81, "measured", "synthetic"),
    (Pull("loader", 1.31),),
)
UNSCORED: Final = Score(
    Severity(2, 30.0, None, None, None, "default"), None, Confidence(None, "unscored", None)
)
ESCALATED: Final = Decision(
    True,
    "escalated",
    84.5,
    (
        Reason("severity_stated", "class 4", 45.5),
        Reason("severity_model", "class 5, confidence 81%", 7.5),
        Reason("anomaly", "more unusual than 93%: rule_60m, entity_since_s", 17.3),
        Reason("attack", f"T1071.001 Web Protocols (stated: {HINT.evidence})", 14.2),
        Reason("over_threshold", "84.5 >= 60", 0.0),
    ),
    0,
)
LOW: Final = Decision(False, "low", 19.5, (Reason("below_threshold", "19.5 < 60", 0.0),), 0)


_attack = cache(load_attack)


@cache
def _formats() -> Formats:
    return Formats.of(packaged_mappings())


def context(**changes: Any) -> Context:
    """Return the context that the examples are made in."""
    settings: dict[str, Any] = {
        "source": "example",
        "partitions": 1,
        "bootstrap": True,
        "bundle_id": "bootstrap-example",
        "formats": _formats(),
        "attack": _attack(),
        "networks": DEFAULT_NETWORKS,
        "policy": Policy.parse({"version": 1, "escalate": {"threshold": 60}}),
    }
    return Context(**(settings | changes))


def row(alert: Alert = SURICATA, raw: bytes = RAW, **changes: Any) -> Row:
    """Return the row of an alert; addresses, direction and entity are worked out as the pipeline does."""
    networks = DEFAULT_NETWORKS
    parts: dict[str, Any] = {
        "record": RawRecord("alerts.raw", 0, 42, TIME_MS + 250, None, raw),
        "raw": raw,
        "uid": "0123456789abcdef0123456789abcdef",
        "alert": alert,
        "time_ms": TIME_MS if alert.time_ms is None else alert.time_ms,
        "record_time_ms": TIME_MS + 250,
        "entity": entity(alert, networks),
        "src": None if alert.src.ip is None else address.facts(alert.src.ip),
        "dst": None if alert.dst.ip is None else address.facts(alert.dst.ip),
        "direction": address.direction(alert.src.ip, alert.dst.ip, networks),
        "hints": (HINT,) if alert.techniques else (),
        "history": WARM,
        "quality": (),
    }
    return Row(**(parts | changes))


if __name__ == "__main__":
    value = encode(row(), SCORE, ESCALATED, context())[1] or b""
    print(orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode())
