"""Rules of sudoers files are read as sudo reads them."""

import pytest

from hullcheck.parsing.sudoers import Command, Rule, rules

_ROOT = ("root",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("carol ALL=(root) NOPASSWD: /usr/bin/docker", [("carol", _ROOT, (), ("/usr/bin/docker", None))]),
        (
            "carol ALL = /bin/a x *, !/bin/b, \\\n  /bin/c",
            [("carol", _ROOT, (), ("/bin/a", "x *")), ("carol", _ROOT, (), ("/bin/c", None))],
        ),
        (
            "carol, dave h1, h2 = /bin/a",
            [("carol", _ROOT, (), ("/bin/a", None)), ("dave", _ROOT, (), ("/bin/a", None))],
        ),
        ("%a\\ b ALL=(c, d : e) ALL", [("%a b", ("c", "d"), ("e",), ("ALL", None))]),
        ('"%a b" ALL=(:e) ALL', [("%a b", (), ("e",), ("ALL", None))]),
        ("#1000 ALL=/bin/a # why", [("#1000", _ROOT, (), ("/bin/a", None))]),
        (
            "User_Alias U = x, y : V = z\nCmnd_Alias C = /bin/a, D\nCmnd_Alias D = sha256:ab= /bin/b -x\n"
            "Runas_Alias R = x, y\nU ALL=(R) C",
            [
                ("x", ("x", "y"), (), ("/bin/a", None)),
                ("y", ("x", "y"), (), ("/bin/a", None)),
                ("x", ("x", "y"), (), ("/bin/b", "-x")),
                ("y", ("x", "y"), (), ("/bin/b", "-x")),
            ],
        ),
        (
            "carol h1 = /bin/a : h2 = /bin/b",
            [("carol", _ROOT, (), ("/bin/a", None)), ("carol", _ROOT, (), ("/bin/b", None))],
        ),
        ("#include /x\n@includedir /y\nDefaults env_reset, x=y\n# z ALL=ALL\n\ncarol", []),
        (
            "carol ALL=(b) /bin/a, /bin/c",
            [("carol", ("b",), (), ("/bin/a", None)), ("carol", ("b",), (), ("/bin/c", None))],
        ),
        ("Cmnd_Alias A = A\ncarol ALL=A", [("carol", _ROOT, (), ("A", None))]),
        # without blanks, with more of them, in quotes and escaped
        (
            "carol h1=/bin/a:h2=/bin/b:10.0.0.0/8,h3=NOEXEC:/bin/c",
            [("carol", _ROOT, (), (f"/bin/{each}", None)) for each in "abc"],
        ),
        ("Cmnd_Alias A=/bin/a:B=/bin/b\ncarol ALL=B", [("carol", _ROOT, (), ("/bin/b", None))]),
        (
            "carol ALL=/bin/a#why\n#1000 ALL=/bin/b\\#x",
            [
                ("carol", _ROOT, (), ("/bin/a", None)),
                ("#1000", _ROOT, (), ("/bin/b#x", None)),
            ],
        ),
        ("carol ALL=/bin/a\tx  *", [("carol", _ROOT, (), ("/bin/a", "x *"))]),
        (
            'carol ALL=("root") NOPASSWD : CWD="/a b" TIMEOUT=5 sha256:ab /bin/a',
            [
                ("carol", _ROOT, (), ("/bin/a", None)),
            ],
        ),
        ("carol ALL=(ro\\ot:%#0) /bin/a", [("carol", _ROOT, ("%#0",), ("/bin/a", None))]),
        ('"%a#b" ALL=/bin/a # "c"', [("%a#b", _ROOT, (), ("/bin/a", None))]),
        ("!!carol,!dave ALL=!!/bin/a, !! !/bin/b", [("carol", _ROOT, (), ("/bin/a", None))]),
    ],
)
def test_rules_of_a_text(
    text: str, expected: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, str | None]]]
) -> None:
    """Aliases stand for what they are, lines go on, and tags and what is forbidden are left out."""
    found = [Rule(who, users, groups, Command(*command)) for who, users, groups, command in expected]
    assert list(rules(text)) == found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/docker", True),
        ("/usr/bin/doc*", True),
        ("/usr/bin/*", False),
        ("/usr/bin/", False),
        ("ALL", False),
        ("^/usr/bin/(docker|ps)$", True),
        ("^/usr/bin/[[:alnum:]]+er$", True),
        ("^/usr/bin/[[:digit:][:punct:]]+$", False),
        ("^/usr/bin/[^[:space:]]+$", False),
        ("^/usr/bin/[[:name:]]+$", True),
        ("^/usr/bin/[[.d.]]ocke[r]$", True),
        ("^/usr/bin/(ps$", True),
        ("^/usr/bin/p{99999999999}s$", True),
        ("^/usr/bin/[a-z]+[.]sh$", False),
        ("/usr/bin/docker-x", False),
    ],
)
def test_program_of_a_name(path: str, expected: bool) -> None:
    """Patterns are followed; a rule on every program is about administrators.

    A regular expression that cannot be understood may be one of it, and brings no warning.
    """
    assert Command(path, None).may_be("docker") is expected
