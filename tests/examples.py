"""How many examples a property test tries, and with MILLRACE_THOROUGH=1 ten times as many.

No deadline (other work on the machine is no failure), and seeds are printed.
"""

import os
from typing import Final

from hypothesis import settings

TIMES: Final = 10 if os.environ.get("MILLRACE_THOROUGH") else 1
# Of one property, and of one that is tried on each of many samples: the samples are the greater variety.
EXAMPLES: Final = 100
OF_EACH: Final = 20


def load() -> None:
    """Make this what a property test gets that asks for nothing else."""
    settings.register_profile("millrace", max_examples=EXAMPLES * TIMES, deadline=None, print_blob=True)
    settings.load_profile("millrace")


def examples(number: int) -> settings:
    """Return the settings of a test that needs more examples than others, or fewer."""
    return settings(max_examples=number * TIMES)
