"""The shell that runs on a target, in files `NAME.sh`: those in this folder are shared."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent


def read(path: Path) -> str:
    """The script in a file, with the shared one in the place of each `. NAME.sh`, and without words to shellcheck."""
    text = re.sub(r"^ *# shellcheck .*\n", "", path.read_text(encoding="ascii"), flags=re.MULTILINE)
    return re.sub(r"^ *\. (\w+)\.sh\n", lambda match: shared(match[1]), text, flags=re.MULTILINE)


def without_comments(text: str) -> str:
    """A script without the lines that are comments: as it travels, for a command has room for 128 KiB."""
    return re.sub(r"^ *#(?!!).*\n", "", text, flags=re.MULTILINE)


def shared(name: str) -> str:
    """The script NAME.sh of this folder."""
    return read(_FOLDER / f"{name}.sh")
