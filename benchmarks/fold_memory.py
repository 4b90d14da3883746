"""Memory of one partition's history with every table full: `python -m benchmarks.fold_memory`."""

import tracemalloc

from enrich.history import ENTITIES, PAIRS, RULES, Fold


def main() -> None:
    """Fill a fold with distinct entities, rules and pairs, and print what it holds."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    fold = Fold()
    for i in range(max(ENTITIES, RULES, PAIRS) * 2):
        fold.see(
            f"ip:10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}",
            f"suricata/2{i % (RULES * 2):06}",
            1_700_000_000_000 + i,
        )
    after, _ = tracemalloc.get_traced_memory()
    print(f"{(after - before) / 1e6:.1f} MB: {len(fold.entities):,} entities, {len(fold.rules):,} rules")


if __name__ == "__main__":
    main()
