"""Facts made by hand, and the answers that they are read from."""

from hullcheck.recording.probe import Answer


def in_parts(**parts: str) -> str:
    """An answer in these sections."""
    named = (f"--{name.replace('_', '-')}\n{text.strip()}\n" for name, text in parts.items())
    return "".join((*named, "--end\n"))


def answer(name: str, **parts: str) -> Answer:
    """What a probe answers that has no more to say."""
    return Answer(name, 0, in_parts(**parts), "")


PRESENT = answer("host", presence="command docker /usr/bin/docker")
