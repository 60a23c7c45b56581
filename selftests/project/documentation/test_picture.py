"""The picture in the README is small, and shows the page as it is now."""

from __future__ import annotations

from selftests import REPOSITORY
from selftests.project.documentation import picture


def test_picture_is_fresh() -> None:
    """Neither the page nor what the demo counts has changed since it was taken."""
    assert picture.DIGEST.read_text().strip() == picture.digest(), "take it again: tox -e picture"


def test_picture_is_small() -> None:
    """It is a picture, of the size that it should have, and no burden to a clone."""
    content = picture.PICTURE.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert {"width": width, "height": height} == picture.SIZE
    assert len(content) < 200_000


def test_picture_names_nobody() -> None:
    """The page that it shows is of no machine and no person."""
    text = picture.page()
    assert "audits.example.com" in text
    assert str(REPOSITORY) not in text
