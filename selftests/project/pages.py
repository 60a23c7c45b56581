"""What is generated of the documentation: `python -m selftests.project.pages` writes it again; a self-test compares."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from selftests import REPOSITORY
from selftests.kit.running import clean_environment
from selftests.project.documentation import control_pages
from selftests.project.documentation.proofs import DEMO, recorded
from selftests.rig import removal

OPTIONS_PAGE = REPOSITORY / "docs" / "options.md"
README = REPOSITORY / "README.md"


# ---- README.md


def readme(page: str, printed: Sequence[str]) -> str:
    """README.md with its picture, the first block of text, as the demo has *printed* it."""
    head, fence, rest = page.partition("```text\n")
    picture, end, tail = rest.partition("```\n")
    lines = [line for line in picture.splitlines() if not line.startswith(("fail: ", "error: "))]
    return (
        head + fence + "".join(f"{each}\n" for line in lines for each in _current(line, printed)) + end + tail
    )


def _current(line: str, printed: Sequence[str]) -> list[str]:
    """What the demo prints for a line of the picture; below a heading, all that is wrong there."""
    if line.startswith("_") and line in printed:
        below = printed[printed.index(line) + 1 :]
        return [line, *itertools.takewhile(lambda each: each.startswith(("fail: ", "error: ")), below)]
    for start in ("collected ", *(f"{host} " for host in recorded())):
        if line.startswith(start):
            return [next((each for each in printed if each.startswith(start)), line)]
    return [line]


def demo() -> list[str]:
    """The lines that the demo prints."""
    with removal.temporary() as folder:
        reports = f"--reports={folder}/reports"
        return _pytest("-m", "cis", f"--inventory={DEMO.relative_to(REPOSITORY)}", reports).splitlines()


# ---- docs/options.md


def options_page(page: str) -> str:
    """docs/options.md with the option groups of `pytest --help` as they are now."""
    return re.sub(
        r"(?<=```text\n)(?P<title>[^\n]+:)\n.*?(?=```)",
        lambda match: f"{match['title']}\n{help_of(match['title'])}",
        page,
        flags=re.DOTALL,
    )


def help_of(title: str) -> str:
    """What `pytest --help` says below the heading *title*."""
    match = re.search(rf"^{re.escape(title)}\n(?P<text>.*?)\n(?=\S|\n)", _help(), re.MULTILINE | re.DOTALL)
    if match is None:
        raise LookupError(f"pytest --help has no heading {title!r}")
    return match["text"] + "\n"


@cache
def _help() -> str:
    return _pytest("--help")


def _pytest(*arguments: str) -> str:
    """What pytest prints, as a user of the project starts it."""
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**clean_environment(), "COLUMNS": "80", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        argv, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


if __name__ == "__main__":
    control_pages.write()
    OPTIONS_PAGE.write_text(options_page(OPTIONS_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8"), demo()), encoding="utf-8")
