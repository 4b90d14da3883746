"""Block lists and CSV files: what is taken, and what is refused with the line that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import parsed
from enrich.errors import TableRefused
from enrich.tables import KINDS, Asset, Built, Identity, built
from enrich.tables.assets import asset, host_key, identity, user_key
from enrich.tables.blocklist import entry
from enrich.tables.index import Index

WRITTEN_MS = 1_760_000_000_000


def table(kind: str, text: str | bytes) -> Built:
    return built(kind, kind, text if isinstance(text, bytes) else text.encode(), WRITTEN_MS)


def refused(kind: str, text: str | bytes) -> str:
    with pytest.raises(TableRefused) as raised:
        table(kind, text)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def listed(text: str, ip: str) -> tuple[str | None, int | None] | None:
    record = Index(table("blocklist", text).packed).at(*(parsed(ip) or (0, 0)))
    return None if record is None else entry(record)


def an_asset(text: str, ip: str = "", host: str = "") -> Asset | None:
    index = Index(table("assets", text).packed)
    record = index.named(host_key(host)) if host else index.at(*(parsed(ip) or (0, 0)))
    return None if record is None else asset(record)


def an_identity(text: str, user: str) -> Identity | None:
    record = Index(table("identities", text).packed).named(user_key(user))
    return None if record is None else identity(record)


FEED = """# Example feed
# Last update: Thu, 20 Nov 2025 03:00:05 +0100

192.0.2.7\t5
198.51.100.0/24 ; SBL1234
; another comment
// and one more
203.0.113.9#4#2#Malicious Host
  2001:db8:bad::/48\t# a comment
2001:db8::9
192.0.2.7 3
"""


@pytest.mark.parametrize(
    ("ip", "found"),
    [
        ("192.0.2.7", (None, 5)),
        ("192.0.2.8", None),
        ("198.51.100.200", ("198.51.100.0/24", None)),
        ("203.0.113.9", (None, 4)),
        ("2001:db8:bad::1", ("2001:db8:bad::/48", None)),
        ("2001:db8::9", (None, None)),
        ("2001:db8::a", None),
    ],
)
def test_a_feed_is_read_as_feeds_are_written(ip: str, found: tuple[str | None, int | None] | None) -> None:
    assert listed(FEED, ip) == found


def test_a_feed_says_how_old_it_is_and_how_many_it_lists() -> None:
    made = table("blocklist", FEED)
    assert (made.as_of_ms, made.entries, made.remark) == (1_763_604_005_000, 5, "")


def test_a_feed_that_does_not_say_how_old_it_is_is_as_old_as_its_file() -> None:
    assert table("blocklist", "192.0.2.7\r\n").as_of_ms == WRITTEN_MS


def test_of_blocks_that_overlap_the_narrowest_is_told() -> None:
    text = "192.0.2.0/24 1\n192.0.2.128/25 2\n192.0.2.200 3\n"
    assert [listed(text, f"192.0.2.{n}") for n in (1, 129, 200)] == [
        ("192.0.2.0/24", 1),
        ("192.0.2.128/25", 2),
        (None, 3),
    ]


def test_one_wrong_line_in_hundred_is_left_out_and_told() -> None:
    good = "\n".join(f"192.0.2.{n}" for n in range(200))
    made = table("blocklist", f"{good}\nbad.example.com\n010.1.1.1\n")
    assert (made.entries, made.remark[:60]) == (
        200,
        "2 wrong lines are left out, first line 201: 'bad.example.com",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no address in it"),
        ("# nothing\n", "no address in it"),
        ("192.0.2.7\n<html>\n", "line 2: '<html>' is no address and no CIDR block; 1 of 2 lines are wrong"),
        ("0.0.0.0/0\n", "line 1"),
        (b"192.0.2.7\n\xff\xfe\n", "line 2: not UTF-8"),
        ("x" * 10_000, "line 1"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(text: str | bytes, says: str) -> None:
    assert says in refused("blocklist", text)


ASSETS = """# as_of: 2026-11-20T06:00:00Z
address,host,name,owner,criticality,tags
10.1.0.1,DC-1.corp.example.,Domain controller,it-ops,critical,windows;ad
10.1.0.0/24,,Servers,it-ops,3,
"10.2.0.1 10.2.0.2",,,,,
,web-1,,j.doe,Low,"web, dmz"
2001:db8:1::/48,,IPv6 site,,2,
"""


@pytest.mark.parametrize(
    ("ip", "found"),
    [
        ("10.1.0.1", Asset("Domain controller", "10.1.0.1", "it-ops", 4, ("windows", "ad"))),
        ("10.1.0.2", Asset("Servers", "10.1.0.0/24", "it-ops", 3, ())),
        ("10.2.0.2", Asset("10.2.0.2", "10.2.0.2", None, None, ())),
        ("2001:db8:1::7", Asset("IPv6 site", "2001:db8:1::/48", None, 2, ())),
        ("10.3.0.1", None),
    ],
)
def test_an_asset_is_found_by_address(ip: str, found: Asset | None) -> None:
    assert an_asset(ASSETS, ip) == found


@pytest.mark.parametrize(
    ("host", "found"),
    [
        (
            "dc-1.CORP.example",
            Asset("Domain controller", "DC-1.corp.example.", "it-ops", 4, ("windows", "ad")),
        ),
        ("WEB-1", Asset("web-1", "web-1", "j.doe", 1, ("web", "dmz"))),
        ("web-2", None),
    ],
)
def test_an_asset_is_found_by_host(host: str, found: Asset | None) -> None:
    assert an_asset(ASSETS, host=host) == found


def test_a_csv_may_say_how_old_it_is() -> None:
    assert (table("assets", ASSETS).as_of_ms, table("assets", ASSETS).entries) == (1_795_154_400_000, 5)


def test_semicolons_and_other_names_of_columns_are_read_and_columns_of_others_are_told() -> None:
    made = "\ufeffIP;Hostname;Criticality;Serial number\r\n10.0.0.1;a;high;77\r\n"
    assert an_asset(made, "10.0.0.1") == Asset("a", "10.0.0.1", None, 3, ())
    assert table("assets", made).remark == "columns that nobody reads: Serial number"


IDENTITIES = "user,name,department,privileged\nJ.Doe,Jane Doe,Finance,no\nadm-x,,IT,Yes\nsvc,,,\n"


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("j.doe", Identity("J.Doe", "Jane Doe", "Finance", False)),
        ("ADM-X", Identity("adm-x", None, "IT", True)),
        ("svc", Identity("svc", None, None, None)),
        ("root", None),
    ],
)
def test_an_identity_is_found_by_user(user: str, found: Identity | None) -> None:
    assert an_identity(IDENTITIES, user) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: there is no header"),
        ("# only this\n", "line 1: there is no header"),
        ("owner,criticality\nx,1\n", "line 1: no column address or host"),
        ("address,ip\n10.0.0.1,10.0.0.1\n", "line 1: two columns for address"),
        ("address\n", "line 1: there is nothing below the header"),
        ("address,owner\n10.0.0.1\n", "line 2: 1 columns, the header has 2"),
        ("address,owner\n10.0.0.1,a,b\n", "line 2: 3 columns, the header has 2"),
        ("address,owner\n10.0.0.1,a\n,b\n", "line 3: neither address nor host"),
        ("address\n010.1.1.1\n", "line 2: address '010.1.1.1' is no address"),
        ("address\n１0.1.1.1\n", "line 2: address"),
        ("# c\n\naddress,criticality\n10.0.0.1,hgih\n", "line 4: criticality 'hgih' is none of low, medium"),
        ("address,criticality\n10.0.0.1,5\n", "line 2: criticality '5'"),
        ("address\n10.0.0.0/24\n10.0.0.7/24\n", "line 3: the same stands in line 2 already"),
        ("host\nWeb-1\n\nweb-1.\n", "line 4: the same stands in line 2 already"),
        ('address,owner\n10.0.0.1,"x\n', "line 2: unexpected end of data"),
        ('address,owner\n10.0.0.1,"x"y\n', "line 2: ',' expected after '\"'"),
        ("address,owner\n10.0.0.1," + "x" * 300 + "\n", "line 2: owner is longer than 200"),
        ("address,owner\n10.0.0.1," + "x" * 5_000 + "\n", "line 2: longer than 4096"),
        ("address,owner\n10.0.0.1,\x1b[31mx\n", "line 2: owner has characters that cannot be seen"),
        (b"address\n10.0.0.1\n\xe4\n", "line 3: not UTF-8"),
    ],
)
def test_a_wrong_row_refuses_the_file_and_is_named(text: str | bytes, says: str) -> None:
    assert says in refused("assets", text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nx\n", "line 1: no column user"),
        ("user,name\n,x\n", "line 2: no user"),
        ("user\na\nA\n", "line 3: the same stands in line 2 already"),
        ("user,privileged\na,maybe\n", "line 2: privileged 'maybe' is none of yes, no"),
    ],
)
def test_a_wrong_identity_refuses_the_file_and_is_named(text: str, says: str) -> None:
    assert says in refused("identities", text)


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_one_refusal(kind: str, data: bytes) -> None:
    try:
        assert Index(table(kind, data).packed)
    except TableRefused:
        return


cells = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["10.0.0.1", "1", "a", "yes", ""])


@given(
    st.sampled_from(["assets", "identities"]),
    st.lists(st.sampled_from(["address", "host", "owner", "user", "tags", "x"]), min_size=1, max_size=4),
    st.lists(st.lists(cells, min_size=1, max_size=4), max_size=5),
    st.sampled_from([",", ";"]),
)
def test_any_rows_are_a_table_or_one_refusal(
    kind: str, header: list[str], rows: list[list[str]], delimiter: str
) -> None:
    text = "\n".join(delimiter.join(row) for row in [header, *rows])
    try:
        assert table(kind, text).entries
    except TableRefused:
        return


def test_a_time_beyond_the_calendar_is_none() -> None:
    text = b"# Last update: 9999-12-31T23:59:59-01:00\n192.0.2.7\n"
    table = built("blocklist", "x", text, 2**62)
    assert table.as_of_ms == 253_402_300_799_999
