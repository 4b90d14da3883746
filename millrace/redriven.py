"""What `dead redrive` says: the plan before, the outcome after, for the screen and as JSON."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from enrich.text import visible
from millrace import letters, screen
from worker.dead_plan import Plan, Terms
from worker.dead_reading import Found
from worker.redrive import Outcome

NAMED: Final = 10


def ticked(found: Iterable[Found], places: set[str]) -> Iterator[Found]:
    """Pass letters on; take from ``places``, as a person wrote them, those that were found."""
    named = {each: letters.place(each) for each in places}
    for each in found:
        about = (each.letter.partition, each.letter.offset), each.letter.uid
        places -= {text for text, place in named.items() if place in about}
        yield each


def refused(places: Iterable[str], made: Plan) -> bool:
    """Return whether one of the places that a person wrote has no letter in the plan."""
    going = {each for letter in made.letters for each in ((letter.partition, letter.offset), letter.uid)}
    return any(letters.place(each) not in going for each in places)


def show_plan(made: Plan, on: Terms) -> None:
    """Print what would go and what would stay."""
    out = screen.console()
    if made.letters:
        named = [Found(letter, None, False) for letter in made.letters[:NAMED]]
        out.print(letters.table(named, time.time_ns() // 1_000_000))
        if len(made.letters) > NAMED:
            out.print(f"and {len(made.letters) - NAMED:,} more")
    counts = Counter(letter.code or "?" for letter in made.letters)
    line = f"{len(made.letters):,} to go back to {on.topic}" + (
        f": {letters.codes(counts)}" if counts else ""
    )
    if made.left:
        line += f"; {made.left:,} more are left for another run (--limit)"
    out.print(screen.safe(line, "bold"))
    for reason, count in made.refused.most_common():
        out.print(screen.safe(f"{count:,} to stay: {letters.why(reason, on)}"))


def tell_failures(outcome: Outcome) -> None:
    """Name on stderr the letters without a receipt."""
    for each in outcome.not_sent[:NAMED]:
        print(f"millrace: {each.place}: not sent: {visible(each.reason, 300)}", file=sys.stderr)
    if len(outcome.not_sent) > NAMED:
        print(f"millrace: and {len(outcome.not_sent) - NAMED:,} more not sent", file=sys.stderr)


def untried(made: Plan, outcome: Outcome) -> int:
    """Return how many letters of the plan nothing has been done about."""
    return len(made.letters) - outcome.sent - len(outcome.not_sent) - outcome.overtaken - outcome.gone


def document(made: Plan, on: Terms, outcome: Outcome, dead: str) -> dict[str, Any]:
    """Return plan and outcome as JSON. The keys are stable."""
    return {
        "from": dead,
        "to": on.topic,
        "letters": [
            {"place": each.place, "uid": each.uid, "code": each.code, "attempt": each.attempt}
            for each in made.letters
        ],
        "left": made.left,
        "refused": dict(made.refused.most_common()),
        "sent": outcome.sent,
        "not_sent": [each._asdict() for each in outcome.not_sent],
        "overtaken": outcome.overtaken,
        "gone": outcome.gone,
        "untried": untried(made, outcome),
        "unnoted": outcome.unnoted,
    }


def summary(made: Plan, on: Terms, outcome: Outcome, dead: str) -> str:
    """Return the outcome in a line."""
    said = (
        (len(outcome.not_sent), "without a receipt"),
        (outcome.overtaken, "sent back by somebody else meanwhile"),
        (outcome.gone, "no longer there"),
        (untried(made, outcome), "not tried"),
        (outcome.unnoted, f"of the sent not noted on {dead}: another run would send them again"),
    )
    parts = [f"{outcome.sent:,} sent back to {on.topic}"]
    return "; ".join(parts + [f"{count:,} {what}" for count, what in said if count])
