"""What the demo sends: two days of generated alerts, and a few lines that are no alerts."""

from typing import Final

from training.generate import Parameters, samples

# Every broken line must come out as a dead letter, with its bytes and a code.
BROKEN: Final = (
    b'{"timestamp": "2026-11-21T07:00:00+0000", "event_type": "alert", "alert": {"signature": "cut of',
    b"Dear all, the scanner is off until Monday.",
    b'{"hello": "world"}',
    b"[1, 2, 3]",
    b"\xff\xfe\x00\x00",
)


DAY_MS: Final = 86_400_000
DAYS: Final = 2


def demo_alerts(count: int, seed: int, now_ms: int) -> list[bytes]:
    """Return ``count`` lines of the last two whole days, the broken ones spread among them."""
    start_ms = (now_ms // DAY_MS - DAYS) * DAY_MS
    parameters = Parameters(seed=seed, days=DAYS, count=count - len(BROKEN), start_ms=start_ms)
    lines = [sample.line for sample in samples(parameters)]
    step = len(lines) // (len(BROKEN) + 1)
    for i, broken in enumerate(BROKEN, start=1):
        lines.insert(i * step, broken)
    return lines
