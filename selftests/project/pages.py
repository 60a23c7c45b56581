"""What is generated of the documentation: `python -m selftests.project.pages` writes it again; a self-test compares."""

from __future__ import annotations

import re
import shlex
from functools import cache

from selftests import REPOSITORY
from selftests.kit.running import start_hullcheck
from selftests.project.documentation import control_pages, results_schema
from selftests.rig import removal

RESULTS_SCHEMA = REPOSITORY / "docs" / "results.schema.json"
SHOWN = [REPOSITORY / name for name in ("README.md", "docs/quick-start.md", "docs/options.md")]
"""Pages with blocks that begin with `$ hullcheck ...` and show what that prints."""
EXAMPLE_RUN = "20261124T162102Z-93b7"
WIDE = 100


def with_output(page: str) -> str:
    """Return a page with what each command prints now in its block."""
    return re.sub(r"(?<=```text\n)\$ (hullcheck .*)\n(?:.*\n)*?(?=```)", lambda m: f"$ {m[1]}\n{output(m[1])}", page)


@cache
def output(command: str) -> str:
    """Return what a command prints, of a run as on any day, in any folder."""
    with removal.temporary() as folder:
        done = start_hullcheck(*shlex.split(command)[1:], cwd=folder, COLUMNS=str(WIDE))
        runs = (folder / "reports").glob("2*Z-*")
        printed = done.stdout.replace(f"{folder}/", "/srv/audits/")
        for run in runs:
            printed = printed.replace(run.name, EXAMPLE_RUN)
    return "".join(f"{line.rstrip()}\n" for line in printed.strip().splitlines())


if __name__ == "__main__":
    control_pages.write()
    RESULTS_SCHEMA.write_text(results_schema.schema(), encoding="utf-8")
    for path in SHOWN:
        path.write_text(with_output(path.read_text(encoding="utf-8")), encoding="utf-8")
