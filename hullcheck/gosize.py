"""Sizes as the options of log drivers write them (Go's docker/go-units): powers of 1000, whatever the suffix."""

import re

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?) ?(?:b|([kmgtp])(?:i?b)?)?", re.IGNORECASE)


def go_size(text: str) -> int | None:
    """The number of bytes that `10m`, `10MB` or `500` stands for; None where it stands for none."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * 1000 ** " kmgtp".index((match[2] or " ").lower())) if match else None
