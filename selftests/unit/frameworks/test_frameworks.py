"""Frameworks: markers.ini is read as written, and a marker with an id that does not exist is refused."""

from pathlib import Path

import pytest

import hullcheck
from hullcheck.frameworks import FILE, Frameworks, find, load, selection
from hullcheck.messages import WrongUse
from selftests import REPOSITORY

HEAD = "[pci]\ntitle = PCI\nversion = 4\npublisher = SSC\nurl =\n"
IDS = "[pci ids]\n1.1 = a\n"


@pytest.fixture(scope="module")
def frameworks() -> Frameworks:
    """The frameworks of the project."""
    return load(REPOSITORY / "markers.ini")


def write(tmp_path: Path, text: str) -> Path:
    """A markers.ini with this text."""
    path = tmp_path / "markers.ini"
    path.write_text(text, encoding="utf-8")
    return path


def test_frameworks_of_the_project(frameworks: Frameworks) -> None:
    """Five markers name six frameworks; the benchmark has no gap, and every id has a title."""
    counts = {(each.marker, each.edition): len(each.ids) for each in frameworks.all}
    assert counts == {
        ("cis", ""): 118,
        ("nist", "800-53"): 124,
        ("nist", "800-190"): 29,
        ("pci", ""): 141,
        ("hipaa", ""): 55,
        ("guide", ""): 90,
    }
    sections = {"1.1": 18, "1.2": 2, "2": 19, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}
    wanted = [f"{section}.{number}" for section, count in sections.items() for number in range(1, count + 1)]
    assert list(frameworks.get("cis").ids) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5.5 = x\n", "1: no section header defined; write each key once, as 'key = value'"),
        (HEAD + "[pci]\n", "6: duplicate section 'pci'; write each key once, as 'key = value'"),
        (HEAD + IDS + "1.2 =\n", "8: 1.2 has no title in one line; write '1.2 = short title'"),
        (HEAD + IDS + "  1.3 = c\n", "7: 1.1 has no title in one line; write '1.1 = short title'"),
        (HEAD, "1: [pci] has no ids; write a section [pci ids] with 'id = short title'"),
        (HEAD + "relation = proves\n" + IDS, "6: relation is 'proves'; write supports or judges"),
        (HEAD + "verison = 4\n" + IDS, "6: 'verison' is not a key; write one of title, version, publisher,"),
        ("\n[pci]\ntitle = PCI\n" + IDS, "2: [pci] has no version; write 'version = ...'"),
        (IDS, "1: ids of no framework; write the section [pci] before it"),
        (f"{HEAD}{IDS}".replace("pci", "p-c-i"), "1: [p-c-i] is not the name of a marker; write [marker] or"),
        (
            HEAD.replace("pci", "cis") + IDS.replace("pci", "cis") + "[baseline without]\n1.9 = why\n",
            "9: 1.9 is no id of cis, or has no reason; write '1.1.1 = why'",
        ),
        ("# nothing\n", "1: no framework; write a section such as [cis]"),
    ],
)
def test_broken_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """Each fault is named with file and line, and with what to write instead."""
    with pytest.raises(WrongUse) as caught:
        load(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path}/markers.ini:{message}")


def test_only_equals_and_hash_mean_something(tmp_path: Path) -> None:
    """Percent signs, semicolons and later number signs are kept in titles."""
    path = write(tmp_path, HEAD + "[pci ids]\n# no id\na1(x) = 100 %(of) it; all # kept\n")
    assert load(path).get("pci").ids == {"a1(x)": "100 %(of) it; all # kept"}


def test_project_file_goes_before_the_installed_one(tmp_path: Path) -> None:
    """markers.ini of the project is taken if there is one, else that of the library, installed or checked out."""
    package = Path(hullcheck.__file__).parent
    assert find(tmp_path) in (package / FILE, package.parent / FILE)
    assert find(tmp_path).is_file()
    own = write(tmp_path, "")
    assert find(tmp_path) == own


# ---- markers of controls

CIS = {"level": 1}


@pytest.mark.parametrize(
    ("marker", "args", "kwargs", "message"),
    [
        ("cis", ("5.5", "5.10"), {"level": 2}, ""),
        ("nist", ("4.4.3",), {"sp": "800-190"}, ""),
        ("cis", ("5.99",), CIS, 'cis("5.99") is not in markers.ini; did you mean "5.9"?'),
        ("cis", ("5.5",), {}, 'cis("5.5") needs level=1 or level=2'),
        ("cis", ("5.5",), {"level": True}, 'cis("5.5", level=True) needs level=1 or level=2'),
        ("cis", ("5.5",), {"lvl": 1}, "cis(\"5.5\", lvl=1): 'lvl' is not a keyword of cis; write level"),
        ("cis", (5.5,), CIS, "cis(5.5) has an id that is no text; put it in quotes"),
        ("cis", (), CIS, 'cis(level=1) names no id; write for example cis("1.1.1", level=1)'),
        ("cis", ("5.5", "5.5"), CIS, 'cis("5.5") is there twice; write it once'),
        ("nist", ("AC-6",), {}, 'nist("AC-6") needs sp="800-53" or sp="800-190"'),
        (
            "nist",
            ("4.4.3",),
            {"sp": "800-53"},
            'nist("4.4.3", sp="800-53") is not in markers.ini; it is an id of',
        ),
        (
            "nist",
            ("ac-6(10)",),
            {"sp": "800-53"},
            'nist("ac-6(10)", sp="800-53") is not in markers.ini; did you',
        ),
        ("pci", ("2.2.6",), CIS, "pci(\"2.2.6\", level=1): 'level' is not a keyword of pci; write ids only"),
    ],
)
def test_ids_of_a_marker(
    frameworks: Frameworks, marker: str, args: tuple[str, ...], kwargs: dict[str, object], message: str
) -> None:
    """They come back in their order; a wrong marker is refused in one line, with the nearest id."""
    if not message:
        assert frameworks.ids_of(marker, args, kwargs) == args
        return
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        frameworks.ids_of(marker, args, kwargs)
    assert str(caught.value).startswith(message)


# ---- what is asked of markers


@pytest.mark.parametrize(
    "expression",
    [
        "cis and not (pci or slow)",
        'cis(id="5.5", level=1)',
        'hipaa(id="164.312(a)(1)") or nist(id="4.4.3")',
        'nist(id="4.4.3", sp="800-190")',
        "of_somebody_else(id='9.9', nr=1)",
        "this is [no expression",
    ],
)
def test_what_there_is_may_be_asked(frameworks: Frameworks, expression: str) -> None:
    """Ids of any edition, keywords, and whatever is no marker of a framework."""
    selection.check(expression, frameworks)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('cis(id="5.55")', 'cis(id="5.55") is not in markers.ini; did you mean "5.5"?'),
        (
            'x or not (y and pci(id="7.2.55"))',
            'pci(id="7.2.55") is not in markers.ini; did you mean "7.2.5"?',
        ),
        (
            'nist(id="4.4.3", sp="800-53")',
            'nist(id="4.4.3", sp="800-53") is not in markers.ini; it is an id of',
        ),
        ("cis(id=5)", "cis(id=5) has an id that is no text; put it in quotes"),
        ("cis(level=7)", "cis(level=7) needs level=1 or level=2"),
        ('cis(nr="5.5")', "cis(nr=\"5.5\"): 'nr' is not a keyword of cis; write id or level"),
        ("pci(level=1)", "pci(level=1): 'level' is not a keyword of pci; write id"),
    ],
)
def test_what_no_control_can_have_is_refused(frameworks: Frameworks, expression: str, message: str) -> None:
    """A mistyped id or keyword would select nothing, or with `not` everything."""
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        selection.check(expression, frameworks)
    assert str(caught.value).startswith(message)


def test_help_of_markers(frameworks: Frameworks) -> None:
    """A line has name and keywords of a marker, the editions of the framework, and selections that are right."""
    lines = {line.partition("(")[0]: line for line in frameworks.marker_lines()}
    assert lines["cis"] == (
        "cis(*ids, level): CIS Docker Benchmark 1.8.0. The ids are in markers.ini;"
        " select with -m 'cis', -m 'cis(id=\"1.1.1\")' or -m 'cis(level=1)'."
    )
    assert '(sp="800-190")' in lines["nist"]
    for line in lines.values():
        shown = line.partition("select with ")[2].replace(" or -m ", ", -m ").rstrip(".").split(", -m ")
        for expression in shown:
            plain = expression.removeprefix("-m ").strip("'")
            selection.check_names(plain, frameworks.names)
            selection.check(plain, frameworks)


def test_profile_and_expression_stay_together() -> None:
    """An `or` on either side does not take part of the other."""
    assert selection.both("a or b", "c or d") == "(a or b) and (c or d)"
    assert selection.both("a or b", " ") == "a or b"


def test_numbers_of_k(frameworks: Frameworks) -> None:
    """A number of the benchmark or of a section of it is found whole; what is named is part of the expression."""
    assert selection.keywords(["1.1.10"]) == {":1:", ":1.1:", ":1.1.10:"}
    assert selection.narrowed("a or b", ["5.1", "own"], ["5.2", "x"]) == (
        "(a or b) and (:5.1: or :own:) and (not :5.2: and not :x:)"
    )
    assert selection.narrowed("a or b", [], []) == "a or b"
    assert selection.numbered("5.1 or 9.9 or x5.1 or 1.1", frameworks) == ":5.1: or 9.9 or x5.1 or :1.1:"
