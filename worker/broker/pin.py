"""Makes the table of jars anew, for another Kafka version: ``python -m worker.broker.pin > new.sha256``.

The only place where dependencies are resolved. Look at the difference before you commit it.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

# slf4j-simple: kafka_2.13 depends on the slf4j API only; without a binding the broker's log is empty.
ROOTS: Final = ("org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36")


def lines(roots: Sequence[str], directory: Path) -> Iterator[str]:
    """Resolves the roots with all they need at run time, and yields the table's lines in order."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=directory)
    given, needed = context.resolver.resolve([context.create_dependency(root) for root in roots])
    found = {}
    for dependency in (*given, *needed):
        content = Path(dependency.artifact.resolve()).read_bytes()
        coordinates = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
        found[coordinates] = hashlib.sha256(content).hexdigest()
    for coordinates in sorted(found):
        yield f"{found[coordinates]}  {coordinates}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for line in lines(ROOTS, Path(scratch)):
            sys.stdout.write(line + "\n")
