"""The shell that runs on a target, in files `NAME.sh`: those in this folder are shared."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent


def read(path: Path) -> str:
    """The script in a file, with the shared one in the place of each `. NAME.sh`, and without words to shellcheck."""
    text = re.sub(r"^ *# shellcheck .*\n", "", path.read_text(encoding="ascii"), flags=re.MULTILINE)
    return re.sub(r"^ *\. (\w+)\.sh\n", lambda match: shared(match[1]), text, flags=re.MULTILINE)


def shortened(text: str) -> str:
    """A script without comments, but for those with a quote in them, and indented half as far.

    So it travels, for a command has room for 128 KiB. Text within quotes that goes on over lines is indented half as
    far too, so blanks at the start of a line must mean nothing in it; nor may there be a ` # ` in it.
    """
    code = re.sub(r"^ *#.*\n| +# [^'\"\n]*$", "", text, flags=re.MULTILINE)
    return re.sub(r"^( +)\1", r"\1", code, flags=re.MULTILINE)


def shared(name: str) -> str:
    """The script NAME.sh of this folder."""
    return read(_FOLDER / f"{name}.sh")
