"""Alerts of somebody who wants the worker's memory: each has address, user, host and rule of its own.

No two share a text either, so that nothing that remembers texts, rules or entities ever sees one again.
"""

from ipaddress import IPv4Address
from typing import Final

from benchmarks.room import Line

START_S: Final = 1_767_571_200  # Monday, 2026-01-05 00:00 UTC
PER_S: Final = 100
# Two formats by turns, as Wazuh and Suricata write them; %-formatting, because millions are made.
WAZUH: Final = (
    '{"timestamp":"%(time)s.000+0000","rule":{"level":%(level)d,"description":"Access by u%(n)d to s%(n)d",'
    '"id":"%(rule)d","firedtimes":1,"groups":["syslog","sshd"]},'
    '"agent":{"id":"%(n)d","name":"host-%(n)d","ip":"%(own)s"},"manager":{"name":"m"},"id":"%(n)d.1",'
    '"full_log":"sshd: Failed password for u%(n)d from %(peer)s port 22","decoder":{"name":"sshd"},'
    '"data":{"srcip":"%(peer)s","dstuser":"u%(n)d"},"location":"/var/log/auth.log"}'
)
SURICATA: Final = (
    '{"timestamp":"%(time)s.000000+0000","flow_id":%(n)d,"event_type":"alert","src_ip":"%(peer)s",'
    '"src_port":4444,"dest_ip":"%(own)s","dest_port":80,"proto":"TCP","app_proto":"http",'
    '"alert":{"action":"allowed","signature_id":%(rule)d,"rev":1,"signature":"Probe n%(n)d of k%(n)d",'
    '"category":"Web Application Attack","severity":%(grade)d},'
    '"http":{"hostname":"h%(n)d.example","url":"/p%(n)d","http_user_agent":"agent%(n)d"},'
    '"flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":700,"bytes_toclient":300}}'
)


def hostile(number: int) -> Line:
    """Return alert ``number``; its addresses appear in no other one of the first 16 million."""
    seconds = number // PER_S
    day, rest = divmod(seconds, 86_400)
    values = {
        "n": number,
        "time": f"2026-01-{5 + day % 27:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}",
        "own": IPv4Address(0x0A000000 + number % 0x1000000),
        "peer": IPv4Address(0xCB000000 + number % 0x1000000),
        "rule": 3_000_000 + number,
        "level": number % 15 + 1,
        "grade": number % 3 + 1,
    }
    text = SURICATA if number % 2 else WAZUH
    return Line(b"ip:%d" % number, (text % values).encode())
