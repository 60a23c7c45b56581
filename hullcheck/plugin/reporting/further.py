"""Writes the further files that `--format` asks for."""

from pathlib import Path

import pytest

from hullcheck import private_files
from hullcheck.plugin import options
from hullcheck.plugin.unwritten import Unwritten
from hullcheck.results import Audit
from hullcheck.writers.formats import FormatError, chosen


class Further:
    """The formats of one run; as a rule there are none.

    Attributes:
        left_out: what a limit left out, a line for each file.
    """

    def __init__(self, config: pytest.Config) -> None:
        """See that each can be written.

        Raises:
            pytest.UsageError: one cannot.
        """
        names = options.several(config, "format")
        try:
            self.formats = chosen(names)
        except FormatError as error:
            raise pytest.UsageError(str(error)) from None
        self.left_out: list[str] = []

    def write(self, audit: Audit, folder: Path, unwritten: Unwritten) -> None:
        """Write them into *folder*, each as a whole or not at all."""
        self.left_out = []
        for each in self.formats:
            path = folder / each.file
            with unwritten.noting(path):
                made = each.render(audit)
                private_files.write_parts(path, made.parts)
                if made.left_out:
                    self.left_out.append(f"{each.file}: {made.left_out}")
