"""What may be committed: the end of the unbroken run of acknowledged deliveries."""

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.consumed import consumed
from worker.delivery import LISTS, Delivery, Ledger

PLACE = TP("raw", 0)


def delivery(first: int, rows: int = 1) -> Delivery:
    return Delivery.of(PLACE, [consumed(0, first + n, b"x" * 10) for n in range(rows)], 1, float(first))


def ledger(rows: int = 1000, size: int = 1_000_000) -> Ledger:
    made = Ledger(rows, size)
    made.begin(PLACE, 0)
    return made


@given(st.permutations(range(6)))
def test_the_head_is_never_beyond_what_is_not_acknowledged(order: list[int]) -> None:
    book, lists = ledger(), [delivery(2 * n, 2) for n in range(6)]
    for each in lists:
        book.add(each)
    done: set[int] = set()
    for number in order:
        book.done(lists[number])
        done.add(number)
        assert book.head(PLACE) == 2 * next((n for n in range(6) if n not in done), 6)
    assert (book.rows, book.size) == (0, 0)


def test_the_expected_offset_follows_what_was_read_and_not_what_was_acknowledged() -> None:
    book = ledger()
    book.add(delivery(0, 3))
    assert (book.expected(PLACE), book.head(PLACE)) == (3, 0)


def test_a_partition_that_begins_anew_forgets_what_was_on_its_way() -> None:
    book, old = ledger(), delivery(0, 3)
    book.add(old)
    book.begin(PLACE, 1)
    book.done(old)
    assert (book.head(PLACE), book.rows) == (1, 0)


def test_room_is_bounded_in_lists_rows_and_bytes() -> None:
    for book, count in ((ledger(), LISTS), (ledger(rows=2), 2), (ledger(size=300), 2)):
        for n in range(count):
            assert book.has_room(PLACE)
            book.add(delivery(n))
        assert not book.has_room(PLACE)


def test_the_oldest_is_the_first_that_has_no_receipts() -> None:
    book, lists = ledger(), [delivery(5), delivery(6)]
    for each in lists:
        book.add(each)
    assert book.oldest_s() == 5.0
    book.done(lists[0])
    assert book.oldest_s() == 6.0


def test_what_the_brokers_have_not_confirmed_is_due_and_what_they_have_is_not() -> None:
    book = ledger()
    assert book.is_due(PLACE, 0)
    book.confirm(PLACE, 2)
    assert (book.is_due(PLACE, 2), book.is_due(PLACE, 3)) == (False, True)
    book.begin(PLACE, 0)  # the log was made anew, and a commit from before comes to its end
    book.confirm(PLACE, 2)
    assert book.is_due(PLACE, 0)
    book.begin(PLACE, 7, 7)
    assert not book.is_due(PLACE, 7)
