"""The subcommands of `hullcheck`, a module each: its options, and what it runs."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Declare where controls of the user's own are; what is not named is not run."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="tests with controls of your own, or their folder: imported with the settings and conftest.py files of"
        " their project, as pytest does (default: the controls that come with hullcheck, and nothing of the current"
        " directory)",
    )


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    """Declare the run that is read."""
    run = Path("reports/latest")
    parser.add_argument(
        "run_folder",
        nargs="?",
        type=Path,
        default=run,
        metavar="RUN-FOLDER",
        help=f"what the audit left (default: {run})",
    )


def add_json(parser: "argparse._ActionsContainer", help_: str = "print JSON, for programs") -> None:
    """Declare --json."""
    parser.add_argument("--json", action="store_true", help=help_)


def terminal() -> tuple[int | None, bool]:
    """Return the width of the terminal, None for a file or a pipe, and whether to use colours."""
    if not sys.stdout.isatty():
        return None, False
    return shutil.get_terminal_size().columns, not os.environ.get("NO_COLOR")
