"""The lines `WORD:TEXT` that most probes answer with."""

from collections.abc import Iterator
from functools import cached_property


class Words:
    """The texts of an answer by their words, in the order of its lines."""

    def __init__(self, answer: str) -> None:
        self._lines = tuple(line.partition(":")[::2] for line in answer.split("\n"))

    @cached_property
    def _by_word(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for word, text in self._lines:
            found.setdefault(word, []).append(text)
        return {word: tuple(texts) for word, texts in found.items()}

    def __contains__(self, word: str) -> bool:
        return word in self._by_word

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_word)

    def all(self, word: str) -> tuple[str, ...]:
        """The texts of all lines with *word*."""
        return self._by_word.get(word, ())

    def first(self, word: str) -> str:
        """The text of the first line with *word*; empty where there is none."""
        return next(iter(self.all(word)), "")

    def pairs(self, word: str, separator: str) -> dict[str, str]:
        """The texts of all lines with *word* as names and values."""
        return dict(text.partition(separator)[::2] for text in self.all(word))
