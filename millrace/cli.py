"""``millrace``: the table of commands, and what becomes of their errors.

A command is a function in ``millrace/commands/<name>.py``, loaded when it is called, so that ``--help`` is
quick and ``score`` does not load Kafka. Whatever is wrong ends as one line on stderr:

    exit code 0 done · 1 the command's own "no" · 2 wrong option, setting, broker, topic or bundle
              70 a bug here · 130 Ctrl-C · 141 whoever read the output has gone
"""

import errno
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from enrich.errors import MillraceError
from millrace import __version__

MARKUP: Final = "rich"
DEFAULTS: Final[dict[str, Any]] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": MARKUP,
}


class Lazy(NamedTuple):
    """where: ``module:name`` of a function or of a Typer app. summary: its line in ``millrace --help``."""

    where: str
    summary: str


class Commands(TyperGroup):
    """Shows the table; loads a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what ``--help`` shows of a command."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name].summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command itself, loaded."""
        name = args[0]
        if name in COMMANDS:
            return name, load(name), args[1:]
        near = get_close_matches(name, COMMANDS, n=1)
        return ctx.fail(f"no command {name!r}" + (f"; did you mean {near[0]}?" if near else ""))


def load(name: str) -> Any:
    """Return a command of the table, ready to be called."""
    module, _, attribute = COMMANDS[name].where.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        found.rich_markup_mode, found._add_completion = MARKUP, False
        return typer.main.get_command(found)
    alone = typer.Typer(**DEFAULTS)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: millrace demo    |    Settings: MILLRACE_*, .env, millrace.toml (docs/settings.md)",
    **DEFAULTS,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"millrace {__version__}")
        raise typer.Exit


@app.callback()
def millrace(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The learned triage layer between security detectors and analysts, on Kafka."""


def main(args: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    given = list(sys.argv[1:] if args is None else args)
    try:
        code = typer.main.get_command(app).main(
            given or ["--help"], prog_name="millrace", standalone_mode=False
        )
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _speechless()
        return 141
    except Exception as error:
        if os.environ.get("MILLRACE_TRACEBACK"):
            raise
        return _told(error)
    return code if isinstance(code, int) else 0


def _speechless() -> None:
    """Drop what stdout still holds: nobody can have it, and the interpreter would complain at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: Exception) -> int:
    """Print what went wrong, a line each, and return the exit code."""
    from enrich.text import visible

    lines, code = _lines(error)
    for line in lines:
        print(f"millrace: {visible(line)}", file=sys.stderr)
    return code


def _lines(error: Exception) -> tuple[list[str], int]:
    if isinstance(error, MillraceError):
        return str(error).splitlines(), 2
    usage = getattr(error, "format_message", None)
    if usage is not None:
        # Typer's errors of usage; its own class of them is private.
        context = getattr(error, "ctx", None)
        path = "millrace" if context is None else context.command_path
        said = " ".join(usage().split()).rstrip(".").replace("Value error, ", "")
        return [f"{said} (see {path} --help)"] if said else [], 2
    kafka = sys.modules.get("kafka.errors")
    if kafka is not None and isinstance(error, kafka.KafkaError):
        from worker.kafka_client import message

        return [f"Kafka: {message(error)}"], 2
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            _speechless()
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return [f"{place}{error.strerror}"], 2
    text = " ".join(str(error).split())[:200]
    return [f"bug: {type(error).__name__}: {text} (MILLRACE_TRACEBACK=1 shows where)"], 70


COMMANDS: Final[dict[str, Lazy]] = {
    "demo": Lazy(
        "millrace.commands.demo:demo", "Show the whole line on this machine, from broker to escalation."
    ),
    "broker": Lazy("millrace.commands.broker:broker", "Run a real Apache Kafka on this machine."),
    "topics": Lazy("millrace.commands.topics:topics", "Check the topics; --apply creates what is missing."),
    "worker": Lazy("millrace.commands.worker:worker", "Enrich and score alerts, from Kafka to Kafka."),
    "send": Lazy("millrace.commands.send:send", "Send alerts from a file to the raw topic."),
    "watch": Lazy("millrace.commands.watch:watch", "Watch enriched, escalated or dead records arrive."),
    "status": Lazy("millrace.commands.status:status", "Show workers, lag, dead letters and sources."),
    "dead": Lazy("millrace.commands.dead:app", "List and show dead letters, and send them back."),
    "score": Lazy(
        "millrace.commands.score:score", "Score alerts without Kafka, or a stretch of a topic again."
    ),
    "explain": Lazy(
        "millrace.commands.explain:explain", "Show how an alert is read, and from where each field came."
    ),
    "formats": Lazy("millrace.commands.formats:formats", "Show the formats in use, and a sample of each."),
    "lint": Lazy("millrace.commands.lint:lint", "Say what is wrong with a feed, in a file or on a topic."),
    "generate": Lazy(
        "millrace.commands.generate:generate", "Write alerts of an invented company, to try the rest."
    ),
    "train": Lazy("millrace.commands.train:train", "Train models and sign them as a bundle."),
    "models": Lazy(
        "millrace.commands.models:app", "Show bundles of models, promote one, go back to another."
    ),
    "verdict": Lazy("millrace.commands.verdict:verdict", "Say what an event was, for models to learn from."),
    "evaluate": Lazy(
        "millrace.commands.evaluate:evaluate", "Say what a bundle is worth, and compare it with another."
    ),
    "keys": Lazy("millrace.commands.keys:app", "Keys that sign bundles, and whose bundles are believed."),
}
