"""Find the file from which pytest takes its settings, as pytest itself does for one folder."""

from pathlib import Path

FILES = {
    **dict.fromkeys(("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"), b""),
    "pyproject.toml": b"[tool.pytest",
    "tox.ini": b"[pytest]",
    "setup.cfg": b"[tool:pytest]",
}
"""The files in which pytest looks for its settings, and what stands in one that has some."""


def find(folder: Path) -> Path | None:
    """Return the file in *folder* from which pytest takes its settings, or None if there is none."""
    files = ((folder / name, table) for name, table in FILES.items())
    return next((file for file, table in files if holds(file, table)), None)


def holds(file: Path, text: bytes) -> bool:
    """Return whether *file* contains *text*; False if it cannot be read."""
    try:
        return file.is_file() and text in file.read_bytes()
    except OSError:
        return False
