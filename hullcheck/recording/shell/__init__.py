"""The shell that runs on a target, in files `NAME.sh`: those in this folder are shared."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent
PARTS = ("guard", "engine", "image_store", "dockerd", "sockets")
"""Those that several questions include, and that are sent once."""


def read(path: Path) -> str:
    """The script in a file, with the shared one in the place of each `. NAME.sh`, and without words to shellcheck."""
    text = re.sub(r"^ *# shellcheck .*\n", "", path.read_text(encoding="ascii"), flags=re.MULTILINE)
    return re.sub(r"^ *\. (\w+)\.sh\n", lambda match: shared(match[1]), text, flags=re.MULTILINE)


def shared(name: str) -> str:
    """The script NAME.sh of this folder."""
    return read(_FOLDER / f"{name}.sh")


def shortened(text: str) -> str:
    """A script without comments and indentation, for a command has room for 128 KiB.

    Blanks at the start of a line must mean nothing in a text, and there may be no ` # ` in it.
    """
    return re.sub(r"^ *#.*\n| +# [^'\"\n]*$|^ +", "", text, flags=re.MULTILINE)
