"""Keeps what Jinja makes of the templates beside them, as Python keeps the byte code of modules.

To be imported late: it imports Jinja.
"""

import contextlib
import sys
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from hullcheck import __version__


class Compiled(FileSystemBytecodeCache):
    """The byte code in `__pycache__` of a folder, for this Jinja and this hullcheck; Jinja checks Python and source.

    Nothing is written where Python is to write no byte code, or the folder is another user's.
    """

    def __init__(self, templates: Path) -> None:
        """Look in the `__pycache__` of *templates*."""
        made_by = f"{sys.implementation.cache_tag}-jinja{version('jinja2')}-hullcheck{__version__}"
        super().__init__(str(templates / "__pycache__"), f"%s.{made_by}.bin")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the byte code of a template where it is there and whole."""
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, TypeError, UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the byte code of a template, where that is possible; else it is made again the next time."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
