"""Words of a shell."""

import pytest

from hullcheck.parsing.shell.words import tokens, unquoted, without_heredocs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a b'", "a b"),
        ('"a b"', "a b"),
        ("'a' 'b'", "'a' 'b'"),
        ("'a' b'", "'a' b'"),
        ("a b", "a b"),
        ("'a\"", "'a\""),
        ('"a $(b) c"', "a $(b) c"),
        ("''", ""),
    ],
)
def test_text_without_its_quotes(text: str, expected: str) -> None:
    """One word in quotes is what is in them; anything else is as it is."""
    assert unquoted(text) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a 'b c'&&d>e;f # x", ["a", "b c", "&&", "d>e", ";", "f"]),
        ('a "b $(c)" | d\n e', ["a", "(c)", "b $(c)", "|", "d", "\n", "e"]),
        ("a\\ b \\\n c", ["a b", "c"]),
    ],
)
def test_words_and_operators(script: str, expected: list[str]) -> None:
    """Words lose their quotes, and a script inside of them, here in brackets, comes before its word."""
    found = [f"({text})" if kind == "inner" else text for kind, text in tokens(script)]
    assert found == expected


def test_heredocs_are_taken_out() -> None:
    """The text of another program is set apart; that of a shell becomes its script."""
    assert without_heredocs("a <<E\nb\nE\nc") == ("a \nc", [("<<", "b")])
    assert without_heredocs("sh <<'E'\nb c\nE") == ("sh -c 'b c'", [])
    assert without_heredocs("a <<E\nb") == ("a <<E\nb", [])
