"""What is kept of the files of the engine."""

import pytest

from hullcheck.facts.files.probe import ENGINE_FILES

NUMBER = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ("found /etc/docker", True),
        ("found /a\nfound /b", True),
        ("property Id=docker.service", True),
        ("property Environment=PASSWORD=geheim", False),
        ("secret /x", False),
    ],
)
def test_known_records_are_kept(record: str, kept: bool) -> None:
    """A record of a known kind stays, with all its lines; of a unit only what is judged."""
    text = "".join(f"{NUMBER} {each}\n" for each in ("asked x", record, "host 1"))
    assert (f"\n{NUMBER} {record}\n" in ENGINE_FILES.keep(text)) is kept
    assert ENGINE_FILES.keep(text).count(NUMBER) == 3 + kept
    assert ENGINE_FILES.keep(text).endswith(f"\n{NUMBER} records {2 + kept}\n")


def test_answer_without_a_number() -> None:
    """Nothing of it is kept."""
    assert ENGINE_FILES.keep("found /etc/docker\n") == ""
