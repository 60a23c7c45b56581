"""How scripts are read: against a real shell, with scripts that are made by chance, and command by command."""

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.facts.images.steps import Step
from hullcheck.facts.images.updates import unpaired_update

SCRIPTS = 150  # of each seed
UPDATES = ("apt-get update", "apt-get -y update", "apt-get update -qq >/dev/null", "apt-get update 2>&1")
INSTALLS = ("apt-get install -y x", "apt-get -qq install x y", "apt-get install x > /dev/null 2>&1")
OTHERS = (
    "true",
    "false",
    "[ -n x ]",
    "[ -n '' ]",
    "test 1 = 2",
    "X=1",
    "echo 'apt-get update'",
    "echo apt-get install x",
)
# Each {} is another script, each <> one in quotes.
FORMS = (
    *(
        "{} && {}",
        "{} && {}",
        "{}; {}",
        "{}; {}",
        "{} || {}",
        "{}\n{}",
        "{} &&\n\n{}",
        "! {}",
        "( {} )",
        "{{ {}; }}",
    ),
    *(
        "if {}; then {}; else {}; fi",
        "if {}; then {}; fi",
        "for i in 1 2; do {}; done",
        "A=apt-get; $A update && {}",
    ),
    *(
        "case a in b) {};; *) {};; esac",
        "f() {{ {}; }}; {}; f",
        "f() {{ {}; }}; {}",
        "if f() {{ {}; }}; f; then {}; fi",
    ),
    *(
        "sh -c <>",
        "eval <>",
        "sh -ec <>",
        "timeout 9 sh -c <>",
        'echo "a $({}) b"',
        "X=$({}); {}",
        'X="$({})"',
    ),
    *("sh <<E\n{}\nE\n", "cat <<'E' > /dev/null\n{}\nE\n", "cat <<E > /dev/null\n$({})\nE\n"),
)


def script(chance: random.Random, depth: int) -> str:
    """A script of so many constructs, one inside the other."""
    if depth == 0:
        return chance.choice(chance.choices((UPDATES, INSTALLS, OTHERS), (35, 30, 35))[0])
    form = chance.choice(FORMS)
    quoted = "'{}'".format(script(chance, depth - 1).replace("'", "'\\''"))
    inner = [script(chance, depth - 1) for _ in range(form.count("{}"))]
    return form.format(*inner).replace("<>", quoted)


@pytest.fixture
def done(tmp_path: Path) -> Callable[[str], list[str] | None]:
    """What a script makes a package manager do, in its order; None where it fails, and with it a build."""
    log, program = tmp_path / "log", tmp_path / "bin/apt-get"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >> {log}\n')
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}"}

    def run(text: str) -> list[str] | None:
        log.write_text("")
        ended = subprocess.run(
            ["sh", "-c", text], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        lines = log.read_text().splitlines()
        return None if ended.returncode else ["update" if "update" in line else "install" for line in lines]

    return run


@pytest.mark.parametrize("seed", range(4))
def test_what_a_shell_does(done: Callable[[str], list[str] | None], seed: int) -> None:
    """A step after whose last update nothing was installed does not pass, and one in order does not fail for certain.

    In order is one that updates, and does so nowhere but before an installation, whatever branch is taken.
    """
    chance = random.Random(seed)
    judged = 0
    for _ in range(SCRIPTS):
        text = script(chance, chance.choice((1, 2, 3)))
        acts = done(text)
        if acts is None or "update" not in acts:
            continue
        judged += 1
        alone = acts[-1] == "update"
        found = unpaired_update(Step(f"RUN /bin/sh -c {text}"))
        assert found or not alone, text
        every_update_ran = text.count("update") == acts.count("update")
        certain = found is not None and found.certain
        assert alone or not (certain and every_update_ran and _is_plain(text)), text
    assert judged > SCRIPTS // 5


def _is_plain(text: str) -> bool:
    """Whether the script has no branches."""
    return not any(word in text for word in ("if ", "case ", "||", "f()", "[", "test", "false", "! "))
