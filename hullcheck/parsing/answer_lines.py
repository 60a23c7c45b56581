"""The lines `WORD:TEXT` that most probes answer with."""

from collections.abc import Iterator


class Words:
    """The texts of an answer by their words, in the order of its lines."""

    def __init__(self, answer: str) -> None:
        self._by_word: dict[str, list[str]] = {}
        for line in answer.split("\n"):
            word, _, text = line.partition(":")
            self._by_word.setdefault(word, []).append(text)

    def __contains__(self, word: str) -> bool:
        return word in self._by_word

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_word)

    def all(self, word: str) -> tuple[str, ...]:
        """Return the texts of all lines with *word*."""
        return tuple(self._by_word.get(word, ()))

    def first(self, word: str) -> str:
        """Return the text of the first line with *word*, or an empty string."""
        return next(iter(self.all(word)), "")

    def pairs(self, word: str, separator: str) -> dict[str, str]:
        """Return the texts of all lines with *word* as names and values."""
        return dict(text.partition(separator)[::2] for text in self.all(word))
