"""Records as aiokafka's consumer gives them."""

from aiokafka.structs import ConsumerRecord


def consumed(partition: int, offset: int, value: bytes | None, key: bytes | None = b"k") -> ConsumerRecord:
    """Return a record of the topic "raw", of time 5."""
    sizes = [-1 if each is None else len(each) for each in (key, value)]
    return ConsumerRecord("raw", partition, offset, 5, 0, key, value, None, *sizes, ())
