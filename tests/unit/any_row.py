"""Hypothesis strategies: any row, score and decision that ``enrich.alert`` and ``enrich.row`` allow."""

from typing import Any

from hypothesis import strategies as st

from enrich import address
from enrich.alert import Alert, Endpoint, Process
from enrich.attack import Hint, Span
from enrich.errors import Quality, QualityCode
from enrich.row import Anomaly, AnomalyPart, Confidence, Decision, History, Reason, Row, Score, Severity
from enrich.tables import Asset, Found, Identity, Indicator, Place, System
from tests.unit import rows

texts = st.text(st.characters(codec="utf-8"), max_size=40)
filled = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
shares = st.floats(0, 1, allow_nan=False)
points = st.floats(0, 100, allow_nan=False)
times_ms = st.integers(0, 253_402_300_799_999)
counts = st.integers(0, 2**53)
addresses = st.ip_addresses().map(lambda ip: address.canonical(str(ip)))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a field that may be missing."""
    return st.none() | strategy


endpoints = st.builds(Endpoint, ip=maybe(addresses), port=maybe(st.integers(0, 65_535)), name=maybe(texts))
processes = st.builds(
    Process,
    name=maybe(texts),
    path=maybe(texts),
    pid=maybe(counts),
    command_line=maybe(texts),
    parent_name=maybe(texts),
)
hashes = st.lists(
    st.tuples(
        st.sampled_from(["md5", "sha1", "sha256"]), st.text("0123456789abcdef", min_size=32, max_size=64)
    ),
    max_size=10,
).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
alerts = st.builds(
    Alert,
    unmapped=maybe(st.dictionaries(texts, json_values, min_size=1, max_size=4)),
    format=st.sampled_from(["suricata", "wazuh", "mapped:ait-ads"]),
    vendor=texts,
    product=texts,
    detector=texts,
    time_ms=maybe(times_ms),
    time_text=maybe(texts),
    source_uid=maybe(texts),
    rule_id=filled,
    title=filled,
    category=maybe(texts),
    message=maybe(texts),
    severity_id=maybe(st.integers(1, 5)),
    severity_text=maybe(texts),
    severity_scale=maybe(texts),
    proto=maybe(st.sampled_from(["tcp", "udp", "ipv6-icmp", "sctp"]) | texts),
    app_proto=maybe(texts),
    src=endpoints,
    dst=endpoints,
    device=endpoints,
    device_id=maybe(texts),
    user=maybe(texts),
    process=maybe(processes),
    action=maybe(st.sampled_from(["allowed", "blocked"])),
    url=maybe(texts | texts.map(lambda text: "/" + text)),
    http_method=maybe(st.sampled_from(["GET", "PROPFIND"]) | texts),
    user_agent=maybe(texts),
    dns_query=maybe(texts),
    file_path=maybe(texts),
    hashes=hashes,
    bytes_out=maybe(counts),
    bytes_in=maybe(counts),
    packets=maybe(counts),
    is_sample=st.booleans(),
)
hints = st.builds(
    Hint,
    uid=st.sampled_from(["T1059", "T1059.001", "T9999.999"]),
    name=filled,
    tactics=st.lists(st.tuples(st.just("TA0002"), filled), max_size=3).map(tuple),
    source=st.sampled_from(["stated", "table", "pattern", "model"]),
    evidence=texts,
    confidence=shares,
    as_received=maybe(texts),
    was_revoked=st.booleans(),
    span=maybe(st.builds(Span, st.sampled_from(["title", "message"]), counts, counts)),
)
qualities = st.builds(Quality, st.sampled_from(QualityCode), texts)
histories = st.builds(
    History,
    *[counts] * 6,
    *[maybe(st.floats(0, 1e6))] * 3,
    warm=st.booleans(),
    folded=st.booleans(),
)
anomalies = st.builds(
    Anomaly,
    shares,
    st.lists(
        st.builds(AnomalyPart, filled, maybe(st.floats(allow_nan=False, allow_infinity=False)), shares),
        max_size=3,
    ).map(tuple),
)
scores = st.builds(
    Score,
    st.builds(
        Severity,
        st.integers(1, 5),
        points,
        maybe(st.integers(1, 5)),
        maybe(st.integers(1, 5)),
        maybe(points),
        st.sampled_from(["stated", "model", "default"]),
    ),
    maybe(anomalies),
    st.builds(Confidence, shares, st.just("measured"), st.just("synthetic"))
    | st.builds(Confidence, st.none(), st.sampled_from(["insufficient data", "unscored"]), st.none()),
)
numbers = st.integers(0, 2**32 - 1)
places = st.builds(
    Place, *[maybe(filled)] * 4, *[maybe(st.floats(-180, 180, allow_nan=False, allow_subnormal=False))] * 2
)
systems = st.builds(System, numbers, maybe(filled))
assets = st.builds(
    Asset, filled, filled, maybe(filled), maybe(st.integers(1, 4)), st.lists(filled, max_size=3).map(tuple)
)
identities = st.builds(Identity, filled, maybe(filled), maybe(filled), maybe(st.booleans()))


@st.composite
def founds(draw: st.DrawFn, alert: Alert) -> tuple[Found, ...]:
    """Return what tables could say of this alert."""
    found: list[Found] = []

    def say(of: str, table: str, value: Any) -> None:
        found.append(Found(of, table, draw(filled), draw(times_ms), value))

    for of, end in (("src", alert.src), ("dst", alert.dst)):
        if end.ip is not None:
            say(of, "geo", draw(places))
            say(of, "asn", draw(systems))
            for match in draw(st.sampled_from([(), (end.ip,), (end.ip, "192.0.2.0/24")])):
                say(of, "blocklist", Indicator(end.ip, match, draw(maybe(numbers))))
    for of in draw(st.sampled_from([(), ("src",), ("dst", "device")])):
        say(of, "assets", draw(assets))
    if alert.user and draw(st.booleans()):
        say("user", "identities", draw(identities))
    return tuple(found)


decisions = st.builds(
    Decision,
    st.booleans(),
    st.sampled_from(["escalated", "low", "suppressed", "never", "sample", "over_capacity"]),
    points,
    st.lists(st.builds(Reason, filled, texts, points), min_size=1, max_size=4).map(tuple),
    counts,
)


@st.composite
def any_row(draw: st.DrawFn) -> Row:
    """Return any row; its raw bytes are any bytes, not those that the alert came from."""
    alert = draw(alerts)
    return rows.row(
        alert,
        draw(st.binary(max_size=60) | texts.map(str.encode)),
        time_ms=draw(times_ms) if alert.time_ms is None else alert.time_ms,
        hints=tuple(draw(st.lists(hints, max_size=3))),
        history=draw(histories),
        quality=tuple(draw(st.lists(qualities, max_size=3))),
        found=draw(st.just(()) | founds(alert)),
    )
