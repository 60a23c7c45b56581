"""What is generated of the documentation: `python -m selftests.project.pages` writes it again; a self-test compares."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from functools import cache

from selftests import REPOSITORY
from selftests.kit.running import clean_environment
from selftests.project.documentation import control_pages, results_schema
from selftests.rig import removal

OPTIONS_PAGE = REPOSITORY / "docs" / "options.md"
RESULTS_SCHEMA = REPOSITORY / "docs" / "results.schema.json"
QUICK_START_PAGE = REPOSITORY / "docs" / "quick-start.md"
EXAMPLE_RUN = "20261124T162102Z-93b7"
WIDE = 100


# ---- docs/quick-start.md


def quick_start(page: str) -> str:
    """docs/quick-start.md with the end of what the demo prints, the first block of text."""
    head, fence, rest = page.partition("```text\n")
    return head + fence + demo() + "```\n" + rest.partition("```\n")[2]


@cache
def demo() -> str:
    """The summary that the demo prints, of a run as on any day, in any folder."""
    with removal.temporary() as folder:
        reports = f"--reports={folder}/reports"
        printed = _pytest(
            "-m", "cis", f"--inventory={control_pages.DEMO.relative_to(REPOSITORY)}", reports, columns=WIDE
        )
        (run,) = (each.name for each in (folder / "reports").glob("2*Z-*"))
        printed = printed.replace(f"{folder}/", "/srv/audits/").replace(run, EXAMPLE_RUN)
    lines = printed.splitlines()
    first = next(number for number, line in enumerate(lines) if re.fullmatch("=+ hullcheck =+", line))
    return "".join(f"{line}\n" for line in itertools.takewhile(lambda each: " passed, " not in each, lines[first:]))


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


def _pytest(*arguments: str, columns: int = 80) -> str:
    """What pytest prints, as a user of the project starts it."""
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**clean_environment(), "COLUMNS": str(columns), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        argv, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


if __name__ == "__main__":
    control_pages.write()
    RESULTS_SCHEMA.write_text(results_schema.schema(), encoding="utf-8")
    OPTIONS_PAGE.write_text(options_page(OPTIONS_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    QUICK_START_PAGE.write_text(quick_start(QUICK_START_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
