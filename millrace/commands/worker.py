"""``millrace worker``: runs a worker in the foreground."""

from typing import Annotated

import typer


def worker(
    json_logs: Annotated[
        bool | None,
        typer.Option("--json-logs/--console-logs", help="Not given: JSON unless stderr is a terminal."),
    ] = None,
) -> None:
    """Enrich and score alerts, from Kafka to Kafka, until SIGTERM or Ctrl-C. Logs go to stderr.

    Run as many as the raw topic has partitions. Settings come from MILLRACE_*, .env and millrace.toml.

    Example: MILLRACE_BOOTSTRAP=kafka-1:9092,kafka-2:9092 millrace worker --json-logs
    """
    from worker.run import run
    from worker.settings import load_settings

    raise typer.Exit(run(load_settings(), json_logs))
