"""The subcommands of `hullcheck`, a module each: its options, and what it runs."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any, TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Declare --path: controls of the user's own are run only if they are named."""
    help_ = "tests with controls of your own, or their folder, in place of those of hullcheck; pytest imports them"
    parser.add_argument("--path", dest="paths", nargs="+", default=[], metavar="PATH", help=help_)


def add_run_folder(parser: argparse.ArgumentParser, name: str, **more: Any) -> None:
    """Declare RUN-FOLDER, an argument or an option of this *name*."""
    run = Path("reports/latest")
    help_ = f"folder of the run (default: {run})"
    parser.add_argument(name, type=Path, default=run, metavar="RUN-FOLDER", help=help_, **more)


def add_json(parser: "argparse._ActionsContainer") -> None:
    """Declare --json."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def terminal() -> tuple[int | None, bool]:
    """Return the width of the terminal, None for a file or a pipe, and whether to use colours."""
    if not sys.stdout.isatty():
        return None, False
    return shutil.get_terminal_size().columns, not os.environ.get("NO_COLOR")
