"""``millrace verdict``: what an analyst says of an event, on the feedback topic."""

import time
from typing import Annotated

import typer


def verdict(
    uid: Annotated[str, typer.Argument(help="metadata.uid of the event: 32 hex digits.")],
    word: Annotated[
        str,
        typer.Argument(
            metavar="VERDICT",
            help="true_positive, false_positive, benign, security_risk, suspicious, disregard, test, "
            "insufficient_data, managed_externally or duplicate.",
        ),
    ],
    author: Annotated[str, typer.Option(help="Who says so: a name of the setting authors.")],
    severity: Annotated[
        str | None, typer.Option(help="How severe it was: informational, low, medium, high or critical.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="Why; for people, nothing is learnt from it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the record as JSON.")] = False,
) -> None:
    """Say what an event was. An author's last verdict on an event holds; the others stay on the topic.

    Example: millrace verdict 0123456789abcdef0123456789abcdef false_positive --author anna

    Example: millrace verdict "$UID" true_positive --author ben --severity high --comment "dropped a shell"
    """
    from training import verdict_record
    from worker.feedback import send
    from worker.settings import load_settings

    settings = load_settings()
    now_ms = time.time_ns() // 1_000_000
    said = verdict_record.verdict(uid, word, author, now_ms, severity, comment, settings.authors)
    key, value = verdict_record.encoded(said)
    partition, offset = send(settings, key, value)
    if as_json:
        typer.echo(value)
    else:
        caption = verdict_record.VERDICTS[said.verdict].caption
        typer.echo(
            f"{said.uid}: {caption}, says {said.author} ({settings.topic_feedback} {partition}:{offset})"
        )
