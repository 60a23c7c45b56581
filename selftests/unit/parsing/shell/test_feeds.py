"""What interpreters are given to run, and whether it is told."""

import pytest

from hullcheck.parsing.shell import feeds
from hullcheck.parsing.shell.script import read_script
from selftests.kit.facts.images import BASE, facts, verdict

UNTOLD = [
    "echo YXB0 | base64 -d | sh",
    "echo YXB0 | base64 -d > /x && sh /x",
    "base64 --decode /f > /x; chmod +x /x; /x",
    "xxd -r -p /f | sh -x",
    "openssl enc -d -in /f | bash",
    "cat /f | sh",
    "cat /f |\n sh",
    "tar xzOf /f | sudo -E bash -",
    "wget -qO- https://x | sh -s -- -y",
    "curl -sS https://x | php -- --install-dir=/usr/bin",
    "{ cat /f; } | sh",
    "(cat /f) | (sh)",
    'echo "$X" | sh',
    "printf '\\x61' | sh",
    "printf '%d' 1 | sh",
    "bash <(curl -s https://x)",
    ". <(cat /f)",
    'bash <<< "$X"',
    'eval "$(echo x | rev)"',
    "eval `cat /f`",
    "eval $X",
    'sh -c "$(curl -fsSL https://x)"',
    "sh -c $(cat /f)",
    'sh -c "$X"',
    "$(echo true)",
    "echo true | xargs -0 sh -c",
    "zcat /f | python3",
    "python3 -c 'exec(x)'",
    "perl -e 'system(1)'",
    "node -e 'child_process.x()'",
    "echo 'eval(x)' | ruby",
    "python3 <<E\nimport subprocess\nE\n",
]
TOLD = [
    "echo true | sh",
    "printf true | sh",
    "echo true > /x",
    "cat /f | grep sh",
    "cat /f | python3 -m json.tool",
    "cat /f | perl -pe s/a/b/",
    "cat /f | sh /x",
    "yes | sh install.sh",
    "cat /f | while read a; do echo $a; done",
    "curl -fsSL https://x | gpg --dearmor -o /k",
    "curl -fsSL https://x | tar xz",
    "echo YXB0 | base64 -d > /etc/ssl/c.pem && update-ca-certificates",
    "base64 /f && sh /x",
    'eval "$(ssh-agent -s)"',
    "eval $(opam env)",
    'eval "$(/opt/conda/bin/conda shell.bash hook)"',
    "source <(kubectl completion bash)",
    ". /etc/os-release",
    "python3 -c 'import ssl'",
    "python3 setup.py install",
    "echo 'print(1)' | python3",
    "sh -c 'echo $X'",
    "$JAVA_HOME/bin/java -version",
    'apk info | awk \'system("[ -e " $1 " ]") == 0\'',
]


@pytest.mark.parametrize("script", UNTOLD)
def test_text_that_is_made(script: str) -> None:
    """What is decoded, fetched, or a program of another language that starts others, is left to a person."""
    assert read_script(script).untold
    for number in ("4.7", "4.11"):
        assert verdict(number, facts(BASE, f"RUN /bin/sh -c {script}"))[0] == "manual"


@pytest.mark.parametrize("script", TOLD)
def test_text_that_is_told(script: str) -> None:
    """What is printed as it stands is read, and programs that read data run none of it."""
    assert read_script(script).untold == ()
    assert verdict("4.7", facts(BASE, f"RUN /bin/sh -c {script}"))[0] == "pass"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["echo", "-e", r"a\nb"], "a\nb"),
        (["echo", "a", "b"], "a b"),
        (["printf", "--", "a"], "a"),
        (["printf", r"%s\n", "a", "b"], "a\nb"),
        (["printf", "%s", "a", "%"], "a%"),
        (["printf", "a%d", "1"], "$"),
        (["echo", "100%"], "100%"),
        (["echo", r"\x61"], "$"),
        (["echo", "a", ">/x"], "$"),
        (["cat", "/f"], "$"),
        ([], "$"),
    ],
)
def test_printed(words: list[str], text: str) -> None:
    """Where it is told, it is what a shell would print."""
    assert feeds.printed(words) == text


def test_what_is_run_of_it() -> None:
    """A shell that is given a text runs it, where it stands."""
    calls = read_script("a || echo 'b; c' | sh").calls
    assert [call.words for call in calls] == [("a",), ("echo", "b; c"), ("sh",), ("b",), ("c",)]
    assert calls[-1].guards == calls[2].guards != frozenset()
