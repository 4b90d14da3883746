"""Where the fuzzer begins: the golden samples of each format, as bytes."""

from millrace.samples import samples


def seeds() -> dict[str, list[bytes]]:
    """Return the samples' records by format; "nothing" has none."""
    found: dict[str, list[bytes]] = {"nothing": [b"{}"]}
    for sample in samples():
        found.setdefault(sample.format, []).append(sample.value)
    return found
