"""Reads junit.xml of a bundle, which can be written again byte for byte, except times."""

import re
from xml.etree import ElementTree

from hullcheck.lazy import regex

_HEAD = b'<?xml version="1.0" encoding="utf-8"?>'
_SECONDS = regex(r"[0-9]+\.[0-9]{3}")
_TIMESTAMP = regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?([+-][0-9]{2}:[0-9]{2})?")


def read(content: bytes) -> ElementTree.Element:
    """Return the root of a file without entities of its own, which could fill the memory.

    Raises:
        ValueError: it has some.
        ElementTree.ParseError: it is no XML.
    """
    if b"<!" in content.split(b"<testsuites", 1)[0]:
        raise ValueError("it declares a type or entities")
    return ElementTree.fromstring(content)


def is_canonical(root: ElementTree.Element, content: bytes) -> bool:
    """Return whether *content*, of which *root* was read, has no byte that reading ignores."""
    return content == _HEAD + ElementTree.tostring(root, "unicode").encode()


def parts(root: ElementTree.Element, machine: str) -> tuple[str, dict[str, list[str]]]:
    """Return the report of the whole run, and of each test by target and control; of other tests by no name.

    What differs from run to run is in a fixed form: times, the name of the *machine*, and in which order tests ended.
    What is neither a time nor that name stays as it is. *root* is changed.
    """
    (suite,) = root
    tests: dict[str, list[str]] = {}
    for element in (suite, *suite):
        _fix(element, "time", _SECONDS)
    _fix(suite, "timestamp", _TIMESTAMP)
    _fix(suite, "hostname", re.compile(re.escape(machine)))
    for case in suite.findall("testcase"):
        tests.setdefault(_control_of(case), []).append(ElementTree.tostring(case, "unicode"))
        suite.remove(case)
    return ElementTree.tostring(root, "unicode"), {name: sorted(each) for name, each in tests.items()}


def _fix(element: ElementTree.Element, name: str, pattern: re.Pattern[str]) -> None:
    if pattern.fullmatch(element.get(name, "")):
        element.set(name, "")


def _control_of(case: ElementTree.Element) -> str:
    """Return the target and the control of a test case; empty for other tests."""
    properties = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
    return f"{properties.get('target')} {properties['control']}" if "control" in properties else ""
