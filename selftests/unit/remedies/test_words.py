"""Names of a host in a script and on a page."""

import shlex

import pytest

from hullcheck.remedies.words import code, comment, is_plain_path, prose, quoted

HOSTILE = [
    "$(id)",
    "`id`",
    "a b",
    "a'b",
    'a"b',
    "-rf",
    "a;id",
    "a&&id",
    "~root",
    "*",
    "ä",
    "{{ x }}",
    "a\\nb",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_word_of_a_shell(word: str) -> None:
    """A shell takes it for one word, as it is."""
    assert shlex.split(f"x {quoted(word)}") == ["x", word]


@pytest.mark.parametrize("word", ["a\nb", "a\0b", "\x1b[2J", "a\u202eb", "a\rb", "a\u2028b"])
def test_word_that_no_line_holds(word: str) -> None:
    """What would end the line or hide is refused."""
    with pytest.raises(ValueError, match="cannot stand in a script"):
        quoted(word)
    assert not is_plain_path(f"/{word}")
    assert "\n" not in comment(word)
    assert "\x1b" not in code(word) + prose(word)


def test_words_on_a_page() -> None:
    """No name becomes markup of Markdown or HTML, nor ends its code."""
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert code("a\n# b") == "`a # b`"
    assert prose("<b>[x](y)*_`\n# z") == r"\<b\>\[x\]\(y\)\*\_\` \# z"
