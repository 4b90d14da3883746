"""Times: what is read, what is refused, and that it agrees with the standard library."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.times import END_MS, time_ms


def ms(*parts: int, zone: timezone = UTC, micro: int = 0) -> int:
    moment = datetime(*parts, tzinfo=zone) + timedelta(microseconds=micro)  # type: ignore[misc]
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


WEST = timezone(timedelta(hours=-6))
EAST = timezone(timedelta(hours=5, minutes=30))

READ = {
    "Suricata's": ("2015-03-29T11:01:38.221126-0600", ms(2015, 3, 29, 11, 1, 38, zone=WEST, micro=221126)),
    "Wazuh's": ("2024-01-14T00:00:01.123+0000", ms(2024, 1, 14, 0, 0, 1, micro=123000)),
    "with a zone with a colon": ("2024-01-14T00:00:01+05:30", ms(2024, 1, 14, 0, 0, 1, zone=EAST)),
    "with a zone of two digits": ("2024-01-14T00:00:01-06", ms(2024, 1, 14, 0, 0, 1, zone=WEST)),
    "with Z": ("2024-01-14T00:00:01Z", ms(2024, 1, 14, 0, 0, 1)),
    "with small letters": ("2024-01-14t00:00:01z", ms(2024, 1, 14, 0, 0, 1)),
    "with the word UTC": ("2024-01-14 00:00:01 UTC", ms(2024, 1, 14, 0, 0, 1)),
    "without a zone": ("2024-01-14T00:00:01", ms(2024, 1, 14, 0, 0, 1)),
    "with a space between": ("2024-01-14 00:00:01.5", ms(2024, 1, 14, 0, 0, 1, micro=500000)),
    "with a comma": ("2024-01-14 00:00:01,25", ms(2024, 1, 14, 0, 0, 1, micro=250000)),
    "with nine digits, cut": ("2024-01-14T00:00:01.123999999Z", ms(2024, 1, 14, 0, 0, 1, micro=123000)),
    "without seconds": ("2024-01-14T00:07Z", ms(2024, 1, 14, 0, 7)),
    "on a leap day": ("2024-02-29T23:59:59Z", ms(2024, 2, 29, 23, 59, 59)),
    "in a leap second, clamped": ("2016-12-31T23:59:60.5Z", ms(2017, 1, 1) - 1),
    "at the beginning": ("1970-01-01T00:00:00Z", 0),
    "at the end": ("9999-12-31T23:59:59.999Z", END_MS - 1),
    "with a newline behind": ("2024-01-14T00:00:01Z\n", ms(2024, 1, 14, 0, 0, 1)),
    "seconds": (1705190401, 1705190401000),
    "seconds with a fraction": (1705190401.123456, 1705190401123),
    "milliseconds": (1705190401123, 1705190401123),
    "microseconds": (1705190401123456, 1705190401123),
    "nanoseconds": (1705190401123456789, 1705190401123),
    "nanoseconds beyond 64 bits, as a float": (9.9e18, 9_900_000_000_000),
    "seconds as text": ("1705190401", 1705190401000),
    "seconds with a fraction as text": ("1705190401.0009", 1705190401000),
    "milliseconds as text": ("1705190401123", 1705190401123),
    "zero": (0, 0),
}


@pytest.mark.parametrize(("value", "expected"), READ.values(), ids=READ.keys())
def test_a_time_is_read(value: object, expected: int) -> None:
    assert time_ms(value) == expected


REFUSED = {
    "nothing": None,
    "true": True,
    "a list": [1705190401],
    "no text": "",
    "words": "yesterday",
    "a date alone": "2024-01-14",
    "a year": "2024",
    "month 13": "2024-13-01T00:00:00Z",
    "30 February": "2024-02-30T00:00:00Z",
    "29 February of a common year": "2023-02-29T00:00:00Z",
    "25 o'clock": "2024-01-14T25:00:00Z",
    "24 o'clock": "2024-01-14T24:00:00Z",
    "minute 60": "2024-01-14T00:60:00Z",
    "second 61": "2024-01-14T00:00:61Z",
    "one-digit second": "2024-01-14T00:00:1Z",
    "a point without digits": "2024-01-14T00:00:01.Z",
    "ten digits of fraction": "2024-01-14T00:00:01.1234567890Z",
    "a fraction of a minute": "2024-01-14T00:00.5Z",
    "zone of 24 hours": "2024-01-14T00:00:00+24:00",
    "zone with words": "2024-01-14T00:00:00 CEST",
    "Arabic digits": "٢٠٢٤-٠١-١٤T٠٠:٠٠:٠٠Z",
    "full-width digits": "２０２４-01-14T00:00:00Z",
    "underscores": "1_705_190_401",
    "year 0": "0000-01-01T00:00:00Z",
    "year 1601": "1601-01-01T00:00:00Z",
    "before 1970 by its zone": "1970-01-01T00:30:00+01:00",
    "beyond 9999 by its zone": "9999-12-31T23:30:00-01:00",
    "negative seconds": -1,
    "negative float": -0.5,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "beyond nanoseconds": 10**30,
    "minus as text": "-1705190401",
    "exponent as text": "1.7e9",
    "a megabyte": "2024-01-14T00:00:00" + "0" * 1_000_000,
    "a NUL behind": "2024-01-14T00:00:00Z\x00",
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_time_is_none(value: object) -> None:
    assert time_ms(value) is None


@given(
    st.datetimes(min_value=datetime(1970, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.integers(-23 * 60, 23 * 60),
)
def test_every_iso_time_is_read_as_the_standard_library_reads_it(naive: datetime, minutes: int) -> None:
    text = naive.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert time_ms(text) == (datetime.fromisoformat(text) - epoch) // timedelta(milliseconds=1)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"[0-9T:.,+Z -]{1,40}")))
def test_any_value_is_a_time_in_range_or_none(value: object) -> None:
    found = time_ms(value)
    assert found is None or (type(found) is int and 0 <= found < END_MS)


@given(st.integers(10**8, 10**11 - 1))
def test_digits_as_text_and_as_number_are_one_time(seconds: int) -> None:
    assert time_ms(str(seconds)) == time_ms(seconds)
