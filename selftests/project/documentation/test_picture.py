"""The picture in the README is small, and shows the page as it is now."""

from __future__ import annotations

from selftests import REPOSITORY
from selftests.project.documentation import picture


def test_picture() -> None:
    """It shows the page and what the demo counts as they are now, is small, and names no machine and no person."""
    assert picture.DIGEST.read_text().strip() == picture.digest(), "take it again: tox -e picture"
    content = picture.PICTURE.read_bytes()
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert ({"width": width, "height": height}, len(content) < 200_000) == (picture.SIZE, True)
    text = picture.page()
    assert "audits.example.com" in text
    assert str(REPOSITORY) not in text
