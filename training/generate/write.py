"""Occurrences made into the lines that detectors write: Suricata EVE, Wazuh 4, and mapped JSON."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from training.generate.concepts import CONCEPTS, SERVICES, TECHNIQUES
from training.generate.details import LOGS, PROCESSES, agent_of, path_of, query_of
from training.generate.occurrence import Occurrence


@lru_cache(maxsize=64)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def _stamp(time_ms: int) -> str:
    seconds = time_ms // 1000
    return f"{_minute(seconds // 60)}{seconds % 60:02d}"


def suricata(one: Occurrence) -> bytes:
    """Return an EVE alert."""
    signature, concept = one.signature, CONCEPTS[one.signature.concept]
    service = SERVICES[signature.service]
    alert: dict[str, Any] = {
        "action": "blocked" if one.blocked else "allowed",
        "gid": 1,
        "signature_id": signature.uid,
        "rev": 1 + signature.uid % 5,
        "signature": signature.title,
        "category": signature.category,
        "severity": signature.stated,
    }
    if signature.states_techniques:
        alert["metadata"] = {"mitre_technique_id": list(concept.techniques)}
    stamp = f"{_stamp(one.time_ms)}.{one.time_ms % 1000:03d}000+0000"
    size, packets = _volume(one)
    doc: dict[str, Any] = {
        "timestamp": stamp,
        "flow_id": int(one.shade * 2e15),
        "in_iface": "eth1",
        "event_type": "alert",
        "src_ip": one.src,
        "src_port": one.src_port,
        "dest_ip": one.dst,
        "dest_port": one.dst_port,
        "proto": service.proto,
        "alert": alert,
        "flow": {
            "pkts_toserver": packets,
            "pkts_toclient": packets * 3 // 4,
            "bytes_toserver": size,
            "bytes_toclient": 60 * packets + int(one.shade * 4_000),
            "start": stamp,
        },
    }
    if service.app_proto is not None:
        doc["app_proto"] = service.app_proto
        if service.app_proto == "http":
            doc["http"] = {
                "hostname": f"www-{int(one.shade * 30)}.example",
                "url": path_of(signature.concept, one.shade),
                "http_user_agent": agent_of(signature.concept, one.shade),
                "http_method": "POST" if one.shade > 0.7 else "GET",
                "status": 200 if one.shade > 0.4 else 404,
            }
        elif service.app_proto == "dns":
            doc["dns"] = {
                "type": "query",
                "rrname": query_of(signature.concept, signature.title, one.shade),
                "rrtype": "A",
            }
        elif service.app_proto == "tls" and one.shade > 0.3:
            doc["tls"] = {"sni": f"host-{int(one.shade * 900)}.example", "version": "TLS 1.3"}
    return orjson.dumps(doc)


def wazuh(one: Occurrence) -> bytes:
    """Return an alert of the Wazuh manager about one of its agents' hosts."""
    signature, concept = one.signature, CONCEPTS[one.signature.concept]
    rule: dict[str, Any] = {
        "level": signature.stated,
        "description": signature.title,
        "id": str(signature.uid),
        "firedtimes": 1 + int(one.shade * 9),
        "mail": signature.stated >= 12,
        "groups": signature.category.split(","),
    }
    if signature.states_techniques:
        rule["mitre"] = {
            "id": list(concept.techniques),
            "tactic": [TECHNIQUES[uid][1] for uid in concept.techniques],
            "technique": [TECHNIQUES[uid][0] for uid in concept.techniques],
        }
    host, number = one.host, int(one.shade * 1e6)
    doc: dict[str, Any] = {
        "timestamp": f"{_stamp(one.time_ms)}.{one.time_ms % 1000:03d}+0000",
        "rule": rule,
        "agent": {"id": host.number, "name": host.name, "ip": host.ip},
        "manager": {"name": "wazuh-manager"},
        "id": f"{one.time_ms // 1000}.{number}",
    }
    if signature.concept in LOGS and not signature.title.startswith(("Windows", "Multiple Windows")):
        decoder, location, line = LOGS[signature.concept]
        doc["full_log"] = line.format(
            pid=1000 + number % 30_000, user=one.user, peer=one.src, port=one.src_port
        )
        doc["decoder"] = {"name": decoder}
        doc["location"] = location
        doc["data"] = {"dstuser": one.user}
        if one.src is not None:
            doc["data"] |= {"srcip": one.src, "srcport": str(one.src_port)}
    elif signature.concept == "integrity":
        doc["syscheck"] = {"path": f"/etc/app/conf-{number % 40}.d", "mode": "realtime", "event": "modified"}
        doc["decoder"] = {"name": "syscheck_integrity_changed"}
        doc["location"] = "syscheck"
    else:
        doc["data"] = {"win": _windows(one, number)}
        doc["decoder"] = {"name": "windows_eventchannel"}
        doc["location"] = "EventChannel"
    return orjson.dumps(doc)


def mapped(one: Occurrence) -> bytes:
    """Return an alert in the columns of the AIT alert data set; it states no severity."""
    detector, _, code = one.signature.category.partition("/")
    return orjson.dumps(
        {
            "ts": _stamp(one.time_ms) + "+00:00",
            "detector": detector,
            "name": one.signature.title,
            "ip": one.host.ip,
            "host": one.host.name,
            "code": f"{code}{one.signature.uid}",
        }
    )


def _windows(one: Occurrence, number: int) -> dict[str, Any]:
    data = {"user": f"CORP\\{one.user}"}
    options = PROCESSES.get(one.signature.concept)
    if options is not None:
        image, parent, command = options[number % len(options)]
        data["image"] = f"C:\\Windows\\System32\\{image}"
        data["parentImage"] = f"C:\\Windows\\{parent}"
        data["commandLine"] = command.format(number % 50)
    if one.src is not None and CONCEPTS[one.signature.concept].flow == "lateral":
        data["sourceIp"] = one.src
    system = {"providerName": "Microsoft-Windows-Sysmon", "eventID": "1", "computer": one.host.name}
    return {"system": system, "eventdata": data}


def _volume(one: Occurrence) -> tuple[int, int]:
    """Return bytes and packets from the client; what carries data away is large, beyond any rule's text."""
    if one.signature.concept in ("exfil", "policy.share"):
        size = int(200_000 + one.shade * one.shade * (80_000_000 if one.story else 4_000_000))
    else:
        size = int(60 + one.shade * one.shade * 6_000)
    return size, 1 + size // 900


WRITERS: Final[dict[str, Callable[[Occurrence], bytes]]] = {
    "suricata": suricata,
    "wazuh": wazuh,
    "mapped": mapped,
}
