"""Who drains the backlog. Each is a process of its own; what is fair about it stands in its module."""

from typing import Final, Literal, NamedTuple

# How much of the backlog: as much as its speed allows in some seconds.
Share = Literal["plain", "stock", "alerts"]


class Contestant(NamedTuple):
    """name: in JSON. letter, title: in tables. words: after ``python``. copies: needs the size of an event.

    gentle: stopped by SIGTERM, which must give exit code 0; the others are killed. settings: of ours, beside
    those of the benchmark.
    """

    name: str
    letter: str
    title: str
    words: tuple[str, ...]
    share: Share = "alerts"
    copies: bool = False
    gentle: bool = False
    settings: tuple[tuple[str, object], ...] = ()


PLAIN: Final = "plain"
LOOP: Final = "confluent_loop"
OURS: Final = "millrace"
LIMIT: Final = "in_process"

CONTESTANTS: Final = (
    Contestant(PLAIN, "a", "Faust, event by event", ("-m", "benchmarks.rivals.plain"), "plain"),
    Contestant("stock", "b", "Faust, noack_take", ("-m", "benchmarks.rivals.stock"), "stock"),
    Contestant(LOOP, "c", "confluent-kafka loop", ("-m", "benchmarks.rivals.confluent_loop")),
    Contestant(OURS, "d", "millrace worker", ("-m", "millrace", "worker", "--json-logs"), gentle=True),
    Contestant(
        "millrace_spread",
        "d",
        "the same, one_cpu=false",
        ("-m", "millrace", "worker", "--json-logs"),
        gentle=True,
        settings=(("one_cpu", False),),
    ),
    Contestant(
        "aiokafka_copy",
        "f",
        "aiokafka, no work",
        ("-m", "benchmarks.rivals.aiokafka_copy"),
        copies=True,
    ),
    Contestant(
        "confluent_copy",
        "f",
        "confluent-kafka, no work",
        ("-m", "benchmarks.rivals.confluent_loop"),
        copies=True,
    ),
)
