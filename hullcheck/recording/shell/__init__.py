"""The shell that runs on a target beside the probes: what comes before and after them, and their common functions."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent


def read(path: Path) -> str:
    """The script in a file, without words to shellcheck."""
    return re.sub(r"^ *# shellcheck .*\n", "", path.read_text(encoding="ascii"), flags=re.MULTILINE)


def common(name: str) -> str:
    """The script NAME.sh of this folder."""
    return read(_FOLDER / f"{name}.sh")


def shortened(text: str) -> str:
    """A script without comments and indentation, for a command has room for 128 KiB.

    Blanks at the start of a line must mean nothing in a text, and there may be no ` # ` in it.
    """
    return re.sub(r"^ *#.*\n| +# [^'\"\n]*$|^ +", "", text, flags=re.MULTILINE)
