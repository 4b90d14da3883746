"""``millrace broker``: a real Apache Kafka on loopback, for as long as this command runs."""

import signal
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import orjson
import typer

from enrich.errors import SettingsWrong


def broker(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port for clients; not given: 9092, or a free one if it is taken."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep data here; not given: in the state directory.", file_okay=False)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin empty, delete the data at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead.")] = False,
) -> None:
    """Run a real Apache Kafka on this machine until Ctrl-C; print its address.

    Where MILLRACE_BOOTSTRAP names a cluster, say so and start nothing.

    Example: millrace broker --port 9092

    Example: millrace broker --fresh --json
    """
    from worker.broker import EmbeddedBroker
    from worker.broker.ready import is_free
    from worker.settings import Settings, load_settings

    if data and fresh:
        raise SettingsWrong("--fresh deletes its data and --data keeps it: give one of them")
    settings = load_settings()
    if "bootstrap" in settings.model_fields_set:
        _say_given(settings.bootstrap, as_json)
        return
    usual = int(str(Settings.model_fields["bootstrap"].default[0]).rsplit(":", 1)[1])
    chosen = port or (usual if is_free(usual) else None)
    signal.signal(signal.SIGTERM, _interrupt)
    with (
        suppress(KeyboardInterrupt),
        EmbeddedBroker(settings.state, chosen, fresh, data=data, say=_whisper) as running,
    ):
        if as_json:
            _json({"bootstrap": running.bootstrap, "embedded": True, "log": str(running.log)})
        else:
            typer.echo(f"Kafka is ready at {running.bootstrap} (log: {running.log}). Ctrl-C ends it.")
            if chosen != usual:
                typer.echo(f"In other terminals: export MILLRACE_BOOTSTRAP={running.bootstrap}")
        running.wait()


def _say_given(bootstrap: tuple[str, ...], as_json: bool) -> None:
    given = ",".join(bootstrap)
    if as_json:
        _json({"bootstrap": given, "embedded": False})
    else:
        typer.echo(
            f"The cluster at {given} is used, as MILLRACE_BOOTSTRAP or .env says; nothing was started."
        )


def _json(document: dict[str, object]) -> None:
    typer.echo(orjson.dumps(document))


def _whisper(line: str) -> None:
    typer.echo(line, err=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
