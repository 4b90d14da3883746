"""Tables against MaxMind's test databases and their expected answers, a full ASN database, real lists."""

import gzip
import json
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.address import parsed
from enrich.errors import TableRefused
from enrich.tables import asn, built, geo
from enrich.tables.index import Index, as_record
from enrich.tables.mmdb import Value, read

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "ipintel"
CITY = ["GeoIP2-City-Test", "GeoLite2-City-Test"]
KIND = {**dict.fromkeys(CITY, "geo"), "GeoLite2-ASN-Test": "asn"}

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public databases are not at {DATA}"),
]


def expected(name: str) -> list[tuple[str, Any]]:
    """Every row: (network, record). Both ends of each network are asked about."""
    rows = orjson.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))
    return [(cidr, record) for row in rows for cidr, record in row.items()]


def answers(index: Index, cidr: str) -> list[Any]:
    found = [index.at(*(parsed(str(ip)) or (0, 0))) for ip in (ip_network(cidr)[0], ip_network(cidr)[-1])]
    return [None if record is None else orjson.loads(record) for record in found]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("GeoIP2-City-Test", 251),
        ("GeoLite2-City-Test", 242),
        ("GeoLite2-ASN-Test", 720),
        ("GeoIP2-Anonymous-IP-Test", 12),
    ],
)
def test_every_row_of_the_expected_answers_is_what_the_database_says(name: str, count: int) -> None:
    def whole(record: Value) -> bytes:
        return orjson.dumps(record)

    index = Index(read((DATA / f"{name}.mmdb").read_bytes(), whole).packed)
    rows = expected(name)
    assert len(rows) == count
    assert [cidr for cidr, record in rows if answers(index, cidr) != [record, record]] == []


@pytest.mark.parametrize("name", KIND)
def test_every_row_gives_the_place_or_system_that_the_table_keeps(name: str) -> None:
    picked = geo.picked if KIND[name] == "geo" else asn.picked
    index = Index(built(KIND[name], "x", (DATA / f"{name}.mmdb").read_bytes(), 0).packed)
    wrong = []
    for cidr, record in expected(name):
        kept = picked(record)
        if answers(index, cidr) != [None if kept is None else orjson.loads(kept)] * 2:
            wrong.append(cidr)
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("GeoIP2-City-Test-Broken-Double-Format", "a value of type 3 has 5 bytes"),
        ("GeoIP2-City-Test-Invalid-Node-Count", "does not end after its 100000 nodes"),
        ("MaxMind-DB-test-broken-search-tree-24", "no tree"),
    ],
)
def test_the_corrupt_databases_are_refused_with_a_message(name: str, says: str) -> None:
    with pytest.raises(TableRefused, match=says):
        built("geo", "geo", (DATA / f"{name}.mmdb").read_bytes(), 0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("GeoIP2-Country-Test", "geo"), ("GeoLite2-Country-Test", "geo"), ("GeoIP2-ISP-Test", "asn")],
)
def test_country_and_isp_databases_are_tables_too(name: str, kind: str) -> None:
    table = built(kind, kind, (DATA / f"{name}.mmdb").read_bytes(), 0)
    assert table.source == name.removesuffix("-Test")
    assert table.entries > 200


def test_a_database_of_other_things_is_refused_by_its_name() -> None:
    with pytest.raises(TableRefused, match="GeoIP2-IP-Risk: none of its records has a country"):
        built("geo", "geo", (DATA / "GeoIP2-IP-Risk-Test.mmdb").read_bytes(), 0)


@pytest.mark.parametrize("level", range(3, 9))
def test_every_line_of_the_real_block_lists_is_found(level: int) -> None:
    data = gzip.decompress((DATA / f"ipsum_level{level}.txt.gz").read_bytes())
    table = built("blocklist", "ipsum", data, 0)
    lines = [line.split()[0] for line in data.decode().splitlines() if line and not line.startswith("#")]
    assert (table.entries, table.remark) == (len(set(lines)), "")
    index = Index(table.packed)
    assert all(index.at(*(parsed(line) or (0, 0))) == as_record((None, None)) for line in lines)


def test_a_million_networks_and_120000_entries_are_small_fast_and_no_burden() -> None:
    """More than the 700,000 networks asked for. Prints all figures."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.quality.tables_figures", DATA / "GeoLite2-ASN-20181120-full.mmdb.gz"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=300,
    )
    figures = json.loads(done.stdout)
    print(json.dumps(figures, indent=1))
    assert (figures["networks"], figures["listed"]) == (1_048_576, 120_000)
    assert figures["resident_mib"] <= 150
    assert figures["asn_us"] <= 3
    assert figures["list_us"] <= 3
    assert max(figures["stall_asn_ms"], figures["stall_list_ms"]) <= 50
