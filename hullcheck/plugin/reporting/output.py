"""Standard output that never ends an audit: neither a closed pipe nor a full disk does."""

import contextlib
import os
import sys
from typing import Any, TextIO

import pytest

from hullcheck.plugin.session import SESSION


class Output:
    """A stream of text; what cannot be written to it is lost, and `fault` says why.

    The first line of `pytest | head -1` would else be the end of the run.
    """

    def __init__(self, stream: TextIO, config: pytest.Config) -> None:
        """Write to *stream*; where there is no audit in *config*, as without this."""
        self.fault = ""
        self._stream = stream
        self._config = config

    def __getattr__(self, name: str) -> Any:
        """All else is as of the stream."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write *text*, or lose it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, or lose it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if SESSION not in self._config.stash:
            raise error
        self.fault = self.fault or error.strerror or str(error)
        with contextlib.suppress(OSError):  # what is waiting would fail again when the process ends
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
            self._stream.flush()


def guard(config: pytest.Config) -> Output:
    """Let the terminal reporter, which is made after this, write to standard output by way of this."""
    before, output = sys.stdout, Output(sys.stdout, config)
    sys.stdout = output

    def put_back() -> None:
        if sys.stdout is output:
            sys.stdout = before

    config.add_cleanup(put_back)
    return output
