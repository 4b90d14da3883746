"""Every metric of a worker; ``python -m worker.metrics_table`` prints the table in docs/metrics.md."""

from typing import Final, Literal, NamedTuple

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# From "just now" to a backlog of a week.
AGES: Final = (
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    3600.0,
    21_600.0,
    86_400.0,
    604_800.0,
)
ROWS: Final = (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0)
BYTES: Final = (1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 1e8)


class Spec(NamedTuple):
    """help: what it counts or measures. watch: when it is worth an alert, "" where it never is by itself."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    unit: str
    help: str
    watch: str = ""
    buckets: tuple[float, ...] = ()


SPECS: Final = (
    # The way of the alerts
    Spec("millrace_delivered_records_total", "counter", (), "records", "Raw records that the consumer gave."),
    Spec("millrace_delivered_bytes_total", "counter", (), "bytes", "Their size: keys and values."),
    Spec(
        "millrace_records_in_total",
        "counter",
        (),
        "records",
        "Raw records that the core has taken, tombstones included, replays not.",
        "no increase while `millrace_lag` grows",
    ),
    Spec("millrace_tombstones_total", "counter", (), "records", "Raw records without a value: skipped."),
    Spec("millrace_replayed_total", "counter", (), "records", "Raw records read again, folded before."),
    Spec(
        "millrace_records_out_total",
        "counter",
        ("topic",),
        "records",
        "Records with a receipt from the brokers, by role of the topic: enriched, escalated, dead.",
        "none `enriched` while records come in",
    ),
    Spec("millrace_receipts_total", "counter", (), "records", "Records with a receipt, all topics together."),
    Spec("millrace_decisions_total", "counter", ("route",), "alerts", "Alerts by what was decided."),
    Spec(
        "millrace_dead_letters_total",
        "counter",
        ("code",),
        "records",
        "Records that could not become alerts, by `millrace-code`.",
        "more than 1 % of what comes in, or any `poison` or `undeliverable`",
    ),
    Spec(
        "millrace_poison_total",
        "counter",
        (),
        "records",
        "Records that workers died of, each set aside as a dead letter.",
        "any: it is a bug, and the dead letter shows it",
    ),
    Spec(
        "millrace_quality_total",
        "counter",
        ("code",),
        "findings",
        "Fields found wrong or records repaired, by code.",
        "`score_failed`: alerts go out unscored",
    ),
    Spec(
        "millrace_source_alerts_total",
        "counter",
        ("source",),
        "alerts",
        "Alerts by source: the format that they came in.",
    ),
    Spec(
        "millrace_last_event_timestamp_seconds",
        "gauge",
        ("source",),
        "seconds since 1970",
        "When this worker last scored an alert of the source, by its own clock.",
        "a source that is silent for longer than it ever is",
    ),
    # How long it takes
    Spec("millrace_batch_rows", "histogram", (), "records", "Records in a scoring batch.", "", ROWS),
    Spec(
        "millrace_stage_seconds",
        "histogram",
        ("stage",),
        "seconds",
        "Of a batch: `wait`, `core`, and of the core `prepare`, `models`, `finish`.",
        "",
        SECONDS,
    ),
    Spec(
        "millrace_produce_seconds",
        "histogram",
        (),
        "seconds",
        "From producing a batch to its last receipt.",
        "the brokers are slow: p95 above 1 s",
        SECONDS,
    ),
    Spec(
        "millrace_produce_retries_total",
        "counter",
        ("error",),
        "records",
        "Records produced once more, by class of the error.",
        "for 10 minutes on end",
    ),
    Spec(
        "millrace_event_age_seconds",
        "histogram",
        (),
        "seconds",
        "Age of the oldest record of a batch (by its Kafka time) when the batch has its receipts.",
        "what your analysts can bear: p95 above 60 s",
        AGES,
    ),
    # What is under way
    Spec("millrace_queue_rows", "gauge", (), "records", "Delivered and not yet in the core."),
    Spec("millrace_outstanding_rows", "gauge", (), "records", "Delivered and not yet acknowledged."),
    Spec("millrace_outstanding_bytes", "gauge", (), "bytes", "Their size."),
    Spec(
        "millrace_oldest_unacknowledged_seconds",
        "gauge",
        (),
        "seconds",
        "For how long the oldest of them has been here; 0: there are none.",
        "above 60 s: core or brokers are stuck",
    ),
    Spec("millrace_core_busy_seconds", "gauge", (), "seconds", "How long the core has worked on its batch."),
    Spec(
        "millrace_lag",
        "gauge",
        ("partition",),
        "records",
        "End of the raw topic's partition less what is acknowledged.",
        "large, and growing for 15 minutes",
    ),
    # The group
    Spec(
        "millrace_joined",
        "gauge",
        (),
        "0 or 1",
        "Whether this worker is in the group, with or without partitions.",
        "0 for 5 minutes",
    ),
    Spec(
        "millrace_partitions",
        "gauge",
        ("state",),
        "partitions",
        "Assigned to this worker: `reading`, or `restoring` their history first.",
        "`restoring` for 10 minutes",
    ),
    Spec("millrace_poll_age_seconds", "gauge", (), "seconds", "Since a poll last returned; 0: none yet."),
    Spec("millrace_rebalances_total", "counter", (), "times", "Assignments.", "more than 10 in 15 minutes"),
    Spec(
        "millrace_gaps_total",
        "counter",
        ("kind",),
        "times",
        "Offsets that did not follow on: `expired`, `compacted`, `caught` (sought, and read), `went_back`.",
        "`went_back`: the topic was made anew or cut",
    ),
    Spec("millrace_gap_rows_total", "counter", ("kind",), "offsets", "Offsets in those gaps."),
    Spec(
        "millrace_offsets_expired_total",
        "counter",
        (),
        "offsets",
        "Offsets that retention had deleted before they were read.",
        "any: these alerts are lost",
    ),
    # History
    Spec(
        "millrace_restore_seconds",
        "histogram",
        ("how",),
        "seconds",
        "To bring a partition's history back: `kept`, `snapshot`, or `cold` (there was none).",
        "`cold` after the first start",
        SECONDS,
    ),
    Spec("millrace_restored_records_total", "counter", ("how",), "records", "Records folded again for it."),
    Spec(
        "millrace_snapshot_seconds", "histogram", (), "seconds", "To keep a partition's history.", "", SECONDS
    ),
    Spec("millrace_snapshot_bytes", "histogram", (), "bytes", "Size of what was kept.", "", BYTES),
    Spec("millrace_fold_entities", "gauge", ("partition",), "entities", "Remembered in its history."),
    Spec("millrace_fold_rules", "gauge", ("partition",), "rules", "Remembered in its history."),
    Spec(
        "millrace_fold_overflow_total",
        "counter",
        ("partition",),
        "keys",
        "Forgotten early, for want of room, in the whole life of the history: it moves with the partition.",
        "steady growth: more entities than the history holds; more partitions hold more",
    ),
    # Tables
    Spec(
        "millrace_table_loads_total",
        "counter",
        ("table", "result"),
        "times",
        "Files of tables that were `loaded`, at start or after a change, or `refused` after one.",
        "any `refused`: the last good one stays, and grows old; the log says why",
    ),
    Spec(
        "millrace_table_as_of_timestamp_seconds",
        "gauge",
        ("table",),
        "seconds since 1970",
        "When what the table says was so: built, stated in the file, or written.",
        "older than its maker's next two issues",
    ),
    Spec("millrace_table_entries", "gauge", ("table",), "entries", "Networks or rows that it has."),
    # Bundles
    Spec(
        "millrace_bundle_info",
        "gauge",
        ("bundle", "context"),
        "1",
        "Which models are in use; bundle `none`: every event goes out unscored.",
        "`none`; or two contexts in one group for long",
    ),
    Spec(
        "millrace_promotion_sequence",
        "gauge",
        (),
        "number",
        "Of the promotion that put them in force; 0: none.",
        "workers of one group that differ for minutes",
    ),
    Spec(
        "millrace_bundle_refused",
        "gauge",
        (),
        "0 or 1",
        "Whether what is promoted is not in use, because it was refused or could not be taken over.",
        "1: the last good bundle stays; the log says why",
    ),
    Spec(
        "millrace_bundle_swaps_total",
        "counter",
        ("result",),
        "times",
        "Promotions: `taken` over while it ran, `refused`, or `failed` for a reason beside them.",
        "any `refused`",
    ),
    Spec(
        "millrace_bundle_swap_seconds",
        "histogram",
        (),
        "seconds",
        "From seeing a promotion to its bundle in use. Alerts do not wait for it.",
        "",
        SECONDS,
    ),
    # The process
    Spec("process_cpu_seconds_total", "counter", (), "seconds", "User and system CPU time."),
    Spec(
        "process_resident_memory_bytes",
        "gauge",
        (),
        "bytes",
        "Resident memory.",
        "near the container's limit",
    ),
    Spec("process_virtual_memory_bytes", "gauge", (), "bytes", "Virtual memory."),
    Spec(
        "process_start_time_seconds",
        "gauge",
        (),
        "seconds since 1970",
        "When the process began.",
        "changes often: the worker ends by itself, its log says why",
    ),
    Spec("process_open_fds", "gauge", (), "files", "Open file descriptors."),
    Spec("process_max_fds", "gauge", (), "files", "As many as it may open."),
)

SPEC: Final = {spec.name: spec for spec in SPECS}


def table() -> str:
    """Return the Markdown table, one line per metric, in the order of ``SPECS``."""
    lines = ["| metric | type | labels | unit | what it is | watch |", "|---|---|---|---|---|---|"]
    for spec in SPECS:
        labels = ", ".join(f"`{label}`" for label in spec.labels) or "–"
        lines.append(
            f"| `{spec.name}` | {spec.kind} | {labels} | {spec.unit} | {spec.help} | {spec.watch or '–'} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
