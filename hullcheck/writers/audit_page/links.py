"""Where things are in the page: the same names in the document and in the script (pages.js)."""

from urllib.parse import quote


def anchor(*parts: str) -> str:
    """The id of an element, such as `control/container_is_not_privileged`."""
    return "/".join(parts)


def to(*parts: str) -> str:
    """A link to it, each part encoded so that a slash in a name is no slash of the link."""
    return "#" + "/".join(quote(each, safe=":().", errors="replace") for each in parts)
