"""What was worked out of texts, remembered within a bound: they repeat, and who sends them may be hostile."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
# Of all texts remembered in one place, or of one batch, if they are more. 4,096 texts of ordinary alerts have
# a third of it.
CHARACTERS: Final = 4_000_000


class Remembered(dict[str, T]):
    """Answers by text: at most so many texts, and CHARACTERS characters. All are forgotten at once."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most: Final = most
        self.characters = 0

    def of(self, texts: Sequence[str], answers: Callable[[list[str]], Iterable[T]]) -> list[T]:
        """Return the answer to each text. answers: asked for those that are new, each once."""
        new = [text for text in dict.fromkeys(texts) if text not in self]
        if new:
            size = sum(map(len, new))
            if len(self) + len(new) > self._most or self.characters + size > CHARACTERS:
                self.clear()
                new = list(dict.fromkeys(texts))
                size = sum(map(len, new))
            found = list(answers(new))  # all of them, or none: a model may raise
            self.update(zip(new, found, strict=True))
            self.characters += size
        return [self[text] for text in texts]

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self.characters = 0
