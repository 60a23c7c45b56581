"""The files that a run could not write, and why."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


class Unwritten:
    """The files of a run that are not there, or not as they should be; it is false where there are none."""

    def __init__(self) -> None:
        """Begin with none."""
        self._reasons: dict[Path, str] = {}

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self._reasons)

    @contextlib.contextmanager
    def noting(self, path: Path) -> Iterator[None]:
        """Go on where *path* cannot be written, and remember it until it can."""
        try:
            yield
            self._reasons.pop(path, None)
        except OSError as error:
            self._reasons[path] = error.strerror or str(error)

    def told(self, folder: Path) -> str:
        """One line with each file, seen from the *folder* of the run where it lies in it, and the reason."""
        files: dict[str, list[str]] = {}
        for path, reason in self._reasons.items():
            files.setdefault(reason, []).append(
                str(path.relative_to(folder) if path.is_relative_to(folder) else path)
            )
        return "; ".join(
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not written: {reason}"
            for reason, names in files.items()
        )
