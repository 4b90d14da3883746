"""Generated alerts are alerts: Millrace reads every one of them without a finding."""

from functools import cache

from enrich.address import DEFAULT_NETWORKS, facts
from enrich.alert import Alert
from enrich.attack import load_attack
from enrich.formats import Formats, alert_from, packaged_mappings
from training.generate import Parameters, Sample, samples
from training.generate.concepts import TECHNIQUES
from training.generate.network import company


@cache
def read() -> list[tuple[Sample, Alert]]:
    formats = Formats.of(packaged_mappings())
    once = {sample.line: sample for sample in samples(Parameters(seed=9, count=5_000))}
    return [(sample, alert_from(line, formats)) for line, sample in once.items()]


def test_each_is_read_as_its_format() -> None:
    names = {"suricata": "suricata", "wazuh": "wazuh", "mapped": "mapped:ait-ads"}
    assert [s for s, alert in read() if alert.format != names[s.format]] == []


def test_no_field_is_wrong_or_repaired() -> None:
    assert {quality for _, alert in read() for quality in alert.quality} == set()


def test_the_time_read_is_the_time_meant() -> None:
    assert [s.line for s, alert in read() if alert.time_ms != s.time_ms] == []


def test_stated_techniques_are_known_and_current() -> None:
    attack = load_attack()
    found = {uid: attack.technique(uid) for _, alert in read() for uid in alert.techniques}
    assert [uid for uid, known in found.items() if known is None or known.revoked or known.deprecated] == []


def test_techniques_are_named_as_the_table_names_them() -> None:
    attack = load_attack()
    known = {uid: attack.technique(uid) for uid in TECHNIQUES}
    assert {uid: t and t.name for uid, t in known.items()} == {uid: t[0] for uid, t in TECHNIQUES.items()}


def test_the_company_has_private_addresses_only() -> None:
    assert [host for host in company(9).hosts if not DEFAULT_NETWORKS.own(host.ip)] == []


def test_outside_addresses_are_ordinary_or_for_documentation() -> None:
    outside = {ip for _, a in read() for ip in (a.src.ip, a.dst.ip) if ip and not DEFAULT_NETWORKS.own(ip)}
    assert {facts(ip).scope for ip in outside} == {"global", "documentation"}
