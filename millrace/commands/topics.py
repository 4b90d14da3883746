"""``millrace topics``: the topics that Millrace needs, as they are, and what is wrong with them."""

from typing import Annotated, Any

import typer


def topics(
    apply: Annotated[bool, typer.Option("--apply", help="Create the topics that are missing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Check the topics; with --apply create what is missing. Nothing is ever changed or deleted.

    Warns of settings that risk loss. Exit code 1 where something would stop a worker.

    Example: millrace topics --apply
    """
    import orjson
    from rich.text import Text

    from millrace import screen
    from worker import topics as kafka_topics
    from worker.kafka_client import admin
    from worker.settings import load_settings

    settings = load_settings()
    with admin(settings) as client:
        created = kafka_topics.apply(client, settings) if apply else []
        there, findings = kafka_topics.check(client, settings, created=created)
    plan = kafka_topics.wanted(settings)
    wrong = any(finding.level == "error" for finding in findings)
    if as_json:
        doc = {
            "topics": [
                {"role": each.role, "name": each.name, "exists": each.name in there}
                | (_facts(there[each.name]) if each.name in there else {})
                for each in plan
            ],
            "created": created,
            "findings": [finding._asdict() for finding in findings],
        }
        typer.echo(orjson.dumps(doc))
        raise typer.Exit(int(wrong))
    rows = screen.table(
        "topic",
        "partitions",
        "replicas",
        "max.message.bytes",
        "",
        right=("partitions", "replicas", "max.message.bytes"),
    )
    for each in plan:
        topic = there.get(each.name)
        if topic is None:
            rows.add_row(screen.safe(each.name), "–", "–", "–", Text("missing", style="bold red"))
            continue
        facts = _facts(topic)
        state = Text("created", style="green") if each.name in created else Text("there", style="dim")
        rows.add_row(
            screen.safe(each.name),
            str(topic.partitions),
            str(topic.replication),
            f"{facts['max.message.bytes'] or 0:,}",
            state,
        )
    out = screen.console()
    out.print(rows)
    for text, names in kafka_topics.by_text(findings).items():
        level = next(finding.level for finding in findings if finding.text == text)
        every = len(names) == len(plan)
        where = "every topic" if every else ", ".join(names)
        out.print(Text(f"{level}: ", style=screen.LEVEL[level]).append_text(screen.safe(f"{where}: {text}")))
    raise typer.Exit(int(wrong))


def _facts(topic: Any) -> dict[str, int | str | None]:
    limit, retention = topic.config.get("max.message.bytes"), topic.config.get("retention.ms")
    return {
        "partitions": topic.partitions,
        "replication": topic.replication,
        "max.message.bytes": None if limit is None else int(limit),
        "cleanup.policy": topic.config.get("cleanup.policy"),
        "retention.ms": None if retention is None else int(retention),
    }
