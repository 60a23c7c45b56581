"""Scripts of a shell: their calls, and what each depends on."""

import shlex

import pytest

from hullcheck.parsing.shell import script as shell_script
from hullcheck.parsing.shell.script import read_script
from hullcheck.verdicts import EvidenceError


def told(text: str) -> list[str]:
    """The commands of a script, each with what it depends on: `b < ||0` runs where the first one failed."""
    found = []
    for call in read_script(text).calls:
        guards = " ".join(sorted(f"{guard.kind}{guard.number}" for guard in call.guards))
        found.append(f"{' '.join(call.words)} < {guards}".removesuffix(" < "))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a; b", ["a", "b"]),
        ("a && b", ["a", "b"]),
        ("a || b", ["a", "b < ||0"]),
        ("a || b; c", ["a", "b < ||0", "c"]),
        ("a || b && c", ["a", "b < ||0", "c"]),
        ("a || b | c", ["a", "b < ||0", "c < ||0"]),
        ("a || b || c", ["a", "b < ||0", "c < ||1"]),
        ("a | b || c", ["a", "b", "c < ||1"]),
        ("a && b || c", ["a", "b", "c < ||1"]),
        ("a || b\nc", ["a", "b < ||0", "c"]),
        ("a ||\n b\nc", ["a", "b < ||0", "c"]),
        ("test x && a && b; c", ["test x", "a < &&0", "b < &&0", "c"]),
        ("test x && a\nb", ["test x", "a < &&0", "b"]),
        ("[ x ] && a | b", ["[ x ]", "a < &&0", "b < &&0"]),
        ("[ x ] &&\n a\nb", ["[ x ]", "a < &&0", "b"]),
        ("[[ x ]] && a || b", ["[[ x ]]", "a < &&0", "b < ||1"]),
        ("false && a", ["false", "a < &&0"]),
        ("command -v x && a", ["command -v x", "a < &&0"]),
        ("command -V x && a", ["command -V x", "a < &&0"]),
        ("command x && a", ["x", "a"]),
        ("! test x && a", ["test x", "a < &&0"]),
        ("if a; then b; else c; fi; d", ["a", "b < if0", "c < if1", "d"]),
        ("if a; then b; elif c; then d; fi", ["a", "b < if0", "c < if1", "d < if2"]),
        ("if a; then b && c; fi || d", ["a", "b < if0", "c < if0", "d < ||2"]),
        ("if a; then if b; then c; fi; d; fi; e", ["a", "b < if0", "c < if0 if1", "d < if0", "e"]),
        ("a || if b; then c; fi; d", ["a", "b < ||0", "c < if0 ||0", "d"]),
        ("case x in a) b;; c) d;; esac; e", ["b < case0", "d < case1", "e"]),
        ("case x in\na)\n b\n;;\n(c) d;; esac\ne", ["b < case0", "d < case1", "e"]),
        (
            "case $(a) in b) c && d;; *) e || f; g;; esac",
            [
                "a",
                "c < case0",
                "d < case0",
                "e < case1",
                "f < case1 ||3",
                "g < case1",
            ],
        ),
        ("case x in a|b) c | d;; (e|f) g;; esac", ["c < case0", "d < case0", "g < case1"]),
        ("while a; do b; done; c", ["a", "b", "c"]),
        ("until a; do b; done || c", ["a", "b", "c < ||1"]),
        ("for i in 1 2; do a $i; done; b", ["for i in 1 2", "a $i", "b"]),
        ("for i in 1 2; do a || b; done && c", ["for i in 1 2", "a", "b < ||1", "c"]),
        ("select i in 1; do a; done; b", ["select i in 1", "a", "b"]),
        ("time a", ["a"]),
        ("{ a; b; } || c; d", ["a", "b", "c < ||1", "d"]),
        ("a || { b; c; }; d", ["a", "b < ||0", "c < ||0", "d"]),
        ("( a; b ) || c; d", ["a", "b", "c < ||1", "d"]),
        ("a || ( b; c ); d", ["a", "b < ||0", "c < ||0", "d"]),
        ("(a) && b", ["a", "b"]),
        ("a && (test x) && b", ["a", "test x", "b < &&0"]),
        ("{ test x; } && b", ["test x", "b < &&0"]),
        ("if a; then test x; fi && b", ["a", "test x < if0", "b < &&1"]),
        ("f() { a; }; f", ["a < function0", "f", "a"]),
        ("f() { a; }; test x && f; f", ["a < function0", "test x", "f < &&1", "a < &&1", "f", "a"]),
        ("function f { a; b; }; f", ["a < function0", "b < function0", "f", "a", "b"]),
        ("f()\n{ a; }\nf", ["a < function0", "f", "a"]),
        ("function", ["function"]),
        (
            "f() { a || b; }; c || f",
            ["a < function0", "b < function0 ||0", "c", "f < ||2", "a < ||2", "b < ||0 ||2"],
        ),
        ("f() { test x && a; }; f", ["test x < function0", "a < &&1 function0", "f", "test x", "a < &&1"]),
        ("x=$(a); b", ["a", "= $", "b"]),
        ("x=$(a || b); c", ["a", "b < ||0", "= $", "c"]),
        ("x=`a || b`; c", ["a", "b < ||0", "= ", "$", "c"]),
        ("a `b` c", ["b", "a $ c"]),
        ("a $(b) c", ["b", "a $ c"]),
        ("a <(b) c", ["b", "a < c"]),
        ("a >(b)", ["b", "a >"]),
        ("x=(a b); c", ["a b", "= ", "c"]),
        ('echo "$(a || b)" && c', ["a", "b < ||0", "echo $(a || b)", "c"]),
        ('test "$(a)" && b', ["a", "test $(a)", "b < &&0"]),
        ("a & b", ["a", "b"]),
        ("a && b & c", ["a", "b", "c"]),
        ("sudo a", ["a"]),
        ("test x && A=b", ["test x", "= b < &&0"]),
        ("test x && sh -c", ["test x", "sh -c < &&0"]),
        ("test x && for i in 1; do a; done", ["test x", "for i in 1 < &&0", "a < &&0"]),
        ("sudo -E -n a", ["a"]),
        ("env A=b c", ["= b", "c"]),
        ("A=b c", ["= b", "c"]),
        ("A+=b c", ["= b", "c"]),
        ("A=b; $A c", ["= b", "b c"]),
        ("A='b c'; $A d", ["= b c", "b c d"]),
        ("A='b $c'; $A d", ["= b $c", "$A d"]),
        ("A=; $A b", ["= ", "$A b"]),
        ("$A b", ["$A b"]),
        ("exec a", ["a"]),
        ("nice -n 5 a", ["a"]),
        ("sudo -u root a", ["a"]),
        ("nohup a", ["a"]),
        ("xargs a", ["a $"]),
        ("xargs -0 a b", ["a b $"]),
        ("command a", ["a"]),
        ("sudo xargs a", ["a $"]),
        ("eval 'a || b'", ["a", "b < ||0"]),
        ("eval a b", ["a b"]),
        ("test x && eval 'a; b'", ["test x", "a < &&0", "b < &&0"]),
        ("sh -c 'a; b'", ["a", "b"]),
        ("bash -ec 'a || b'", ["a", "b < ||0"]),
        ("sh -x -c 'a'", ["a"]),
        ("sh +x -c 'a'", ["a"]),
        ("bash -o pipefail -c a", ["a"]),
        ("bash -O x -c a", ["a"]),
        ("timeout 5 sh -c 'a'", ["timeout 5", "a"]),
        ("a b sh -c 'c'", ["a b", "c"]),
        ("/bin/sh -c a", ["a"]),
        ("sh a -c b", ["sh a -c b"]),
        ("su -c 'a'", ["a"]),
        ("su x -c 'a'", ["a"]),
        ("runuser -u x -c 'a'", ["a"]),
        ("echo sh -c a", ["echo sh -c a"]),
        ("printf sh -c a", ["printf sh -c a"]),
        ("sh -c", ["sh -c"]),
        ("sh -C a", ["sh -C a"]),
        ("sh -lic a b", ["a b"]),
        ("test x && sh -c 'a; b'", ["test x", "a < &&0", "b < &&0"]),
        ("zsh -c a", ["a"]),
        ("/x/y a", ["y a"]),
        ("'/x y/z' a", ["/x y/z a"]),
        ("a <<E\nb\nE\nc", ["a", "c"]),
        ("sh <<E\na\nb\nE\nc", ["a", "b", "c"]),
        ("cat <<'E'\n$(a)\nE", ["cat"]),
        ("cat <<E > x\n$(a)\nE\nb", ["a", "cat $ > x", "b"]),
        ("a <<E || b\nx\nE", ["a", "b < ||0"]),
        ("a <<E\nb", ["a <<E", "b"]),
        ("a <<-E\n\tb\n\tE\nc", ["a", "c"]),
        ("a # b", ["a"]),
        ("a#b c", ["a#b c"]),
        ("# a\nb", ["b"]),
        ("a '#' b", ["a # b"]),
        ('a "b c" d', ["a b c d"]),
        ("a 'b c' d", ["a b c d"]),
        ("a b\\ c", ["a b c"]),
        ('a "b\\"c" d', ['a b"c d']),
        ('a "\\$b" \'c"d\'', ['a $b c"d']),
        ('a "b', ["a b"]),
        ("a 'b", ["a b"]),
        ('a "b \'c" d', ["a b 'c d"]),
        ("a \\\n b", ["a b"]),
        ('a "$(b "c d")" e', ["b c d", 'a $(b "c d") e']),
        ("a \"$(b ')' c)\" d", ["b ) c", "a $(b ')' c) d"]),
        ('a "$(b (c) d)" e', ["b", "c", "d", "a $(b (c) d) e"]),
        ('a "$(case x in y) b;; esac)"', ["b < case0", "a $(case x in y) b;; esac)"]),
        ("a 2>&1 b", ["a 2>&1 b"]),
        ("a &> b", ["a &> b"]),
        ("a >&2 b", ["a >&2 b"]),
        ('a "`b`"', ["b", "a `b`"]),
        ('a "\\`b\\`"', ["a `b`"]),
        ('a "\\$(b)"', ["a $(b)"]),
        ('a "$(b $(c))"', ["c", "b $", "a $(b $(c))"]),
        ('a "$(b "$(c)")"', ["c", "b $(c)", 'a $(b "$(c)")']),
        ('a "(" b', ["a ( b"]),
        ('a "$(b "(" c)" d', ["b ( c", 'a $(b "(" c) d']),
        ("a ')' b", ["a ) b"]),
        ("a )", ["a"]),
        ("a\r\nb", ["a", "b"]),
        ("a;;b", ["a", "b"]),
        ('a "$(b', ["b"]),
    ],
)
def test_what_commands_depend_on(text: str, expected: list[str]) -> None:
    """On a command that failed before, on a branch, on a test, and on the call of a function.

    Branches, tests and functions have numbers of their own; what stands in a function is told again where it is
    called.
    """
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <<E\nb\nE\nc", [("<<", "b")]),
        ("cat > x <<E\nb\nc\nE", [("cat", "b\nc")]),
        ("a <<E | tee x\nb\nE", [("cat", "b")]),
        ("mycat <<E\nb\nE", [("<<", "b")]),
        ("sh <<E\nb\nE", []),
        ("a | bash -e <<E\nb\nE", []),
        ("mysh <<E\nb\nE", [("<<", "b")]),
        ("a <<E <<F\nb\nE\nc\nF", [("<<", "b"), ("<<", "c")]),
        ("a <<E\nE", [("<<", "")]),
        ("a <<E\nb\nE\neval 'c <<F\nd\nF'", [("<<", "b"), ("<<", "d")]),
        ("a <<<E\nb\nE", []),
        ("E\na <<E\nb", []),
    ],
)
def test_texts_of_a_script(text: str, expected: list[tuple[str, str]]) -> None:
    """What no shell reads, and whether it is written to a file; a text that does not end is none."""
    assert list(read_script(text).texts) == expected


def test_scripts_that_are_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nested too deep is a text, and too many calls are an error."""
    text = "a"
    for _ in range(9):
        text = f"eval {shlex.quote(text)}"
    assert told(text) == ["a"]
    deeper = read_script(f"eval {shlex.quote(text)}")
    assert (deeper.calls, deeper.texts) == ((), (("=", "a"),))
    assert told("; ".join(["eval a"] * 20)) == ["a"] * 20
    many = read_script("; ".join(["eval a"] * 1100))
    assert (len(many.calls), len(many.texts)) == (999, 101)
    monkeypatch.setattr(shell_script, "_MOST_CALLS", 11)
    assert len(read_script("f() { a; b; }; f; f; f").calls) == 11
    with pytest.raises(EvidenceError, match=r"^a step of its history is nested too deep to be read$"):
        read_script("f() { a; b; }; f; f; f; f")


def test_functions_and_paths() -> None:
    """The names of functions, and the folder with which a program was named."""
    script = read_script("f() { a; }; function g { b; }; /usr/bin/c d; sh -c '/x/e'")
    assert script.functions == {"f", "g"}
    assert [call.path for call in script.calls] == ["a", "b", "/usr/bin/c", "/x/e"]
