"""Lines `WORD:TEXT`: by word, and as pairs."""

from __future__ import annotations

from hullcheck.parsing.answer_lines import Words

WORDS = Words("unit:a=1\nunit:b=2=3\nlog:/x\ndid:play\nlog:/y\nunit:a=4\ndid:\ndid:ok\nconfig:/c\n:k: v\n:\n")


def test_texts_of_a_word() -> None:
    """All of them in their order, the first, and none."""
    assert WORDS.all("unit") == ("a=1", "b=2=3", "a=4")
    assert (WORDS.first("unit"), WORDS.first("none"), WORDS.all("none")) == ("a=1", "", ())
    assert "log" in WORDS
    assert "none" not in WORDS


def test_pairs() -> None:
    """The last of a name counts; what comes behind the first separator is the value."""
    assert WORDS.pairs("unit", "=") == {"a": "4", "b": "2=3"}
