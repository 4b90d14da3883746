"""The flat index: ranges answer as the blocks that they were made of, names as they stand."""

from ipaddress import ip_network

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import TableRefused
from enrich.tables.index import HEADS_FROM, Block, Index, Ranges, packed, ranges
from enrich.tables.sheet import block

RECORDS = [b"%d" % n for n in range(1, 40)]


def index(blocks: list[Block], names: dict[str, int] | None = None) -> Index:
    return Index(packed(ranges(blocks, 4), ranges(blocks, 6), (names or {}).items(), RECORDS))


@st.composite
def some_blocks(draw: st.DrawFn, version: int) -> list[Block]:
    """Blocks near each other, so that they overlap; each network once."""
    bits = 32 if version == 4 else 128
    given_blocks = draw(
        st.lists(st.tuples(st.integers(0, 255), st.integers(bits - 8, bits)), max_size=12, unique=True)
    )
    found: dict[tuple[int, int], Block] = {}
    for low, prefix in given_blocks:
        rest = (1 << (bits - prefix)) - 1
        first = (draw(st.sampled_from([0, 2**bits - 256])) + low) & ~rest
        found[first, first | rest] = Block(version, first, first | rest, len(found) + 1)
    return list(found.values())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([4, 6]).flatmap(lambda version: st.tuples(st.just(version), some_blocks(version))))
def test_the_narrowest_block_answers(case: tuple[int, list[Block]]) -> None:
    version, blocks = case
    made, bits = index(blocks), 32 if version == 4 else 128
    for number in (*range(260), *range(2**bits - 258, 2**bits)):
        holding = [each for each in blocks if each.first <= number <= each.last]
        best = min(holding, key=lambda each: each.last - each.first, default=None)
        assert made.at(version, number) == (None if best is None else RECORDS[best.value - 1])


def test_a_large_table_answers_as_numpy_does() -> None:
    rng = np.random.default_rng(7)
    starts = np.unique(np.append(rng.integers(0, 2**32, 3 * HEADS_FROM, np.uint32), np.uint32(0)))
    values = rng.integers(0, len(RECORDS) + 1, len(starts)).astype(np.uint32)
    high = np.zeros(0, np.uint64)
    made = Index(packed(Ranges(high, starts, values), ranges((), 6), (), RECORDS))
    asked = [*rng.integers(0, 2**32, 3_000).tolist(), 0, 2**32 - 1, *starts[:500].tolist()]
    for number in asked:
        value = int(values[np.searchsorted(starts, number, side="right") - 1])
        assert made.at(4, number) == (RECORDS[value - 1] if value else None)


@given(st.dictionaries(st.text(max_size=20), st.integers(1, len(RECORDS)), max_size=20), st.text(max_size=20))
def test_names_are_found_and_others_are_not(names: dict[str, int], other: str) -> None:
    made = index([], names)
    assert all(made.named(name) == RECORDS[value - 1] for name, value in names.items())
    assert other in names or made.named(other) is None


def test_an_empty_table_says_nothing() -> None:
    made = Index(packed(ranges((), 4), ranges((), 6), (), ()))
    assert (made.at(4, 7), made.at(6, 7), made.named("x"), made.filled) == (None, None, None, False)


def test_bytes_that_are_no_table_or_a_part_of_one_are_refused() -> None:
    whole = packed(ranges([Block(4, 0, 255, 1)], 4), ranges((), 6), (), RECORDS)
    for data in (b"", b"MTI1", b"x" * 200, whole[:-1], whole + b"x"):
        with pytest.raises(TableRefused):
            Index(data)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/32", "192.0.2.7/32"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("128.0.0.0/1", "128.0.0.0/1"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_a_block_is_its_network(text: str, network: str) -> None:
    expected = ip_network(network)
    assert block(text, 5) == Block(expected.version, int(expected[0]), int(expected[-1]), 5)


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "/24", "x", "192.0.2.7/", "192.0.2.7/33", "192.0.2.7/0", "192.0.2.7/-1", "192.0.2.7/2４"),
        *("192.0.2.7/1e1", "010.1.1.1", "1.2.3", "1.2.3.4.5", "192.0.2.7/24/24", "fe80::1%eth0", "::/0"),
        *("::ffff:0.0.0.0/96", "::/129", "１92.0.2.7", "192.0.2.0/255.255.255.0", "9" * 5_000),
    ],
)
def test_what_is_no_block_is_none(text: str) -> None:
    assert block(text, 1) is None
