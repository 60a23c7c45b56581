"""Which releases of the engine and of distributions are maintained, as it was known on DATE.

The Moby project announces no days of ends, only that a branch is not maintained any more
(BRANCHES-AND-TAGS.md in its repository); the days are those of endoflife.date. To bring the table up to date,
change the lines and DATE.
"""

from dataclasses import dataclass
from datetime import date

DATE = date(2026, 4, 1)
"""What was announced later is not in here."""

GOOD_FOR_DAYS = 180
"""A major release comes every eight months or so and ends the one before: an older table cannot know."""


@dataclass(frozen=True)
class Line:
    """A release line of the engine.

    Attributes:
        name: the beginning of its versions.
        released: the day of its first release.
        ended: the day after which it is not maintained; None where no day is known.
        latest: the newest release on DATE.
        mended: the first release without a known vulnerability of high or critical severity; empty where none
            was known on DATE.
    """

    name: str
    released: date
    ended: date | None
    latest: str
    mended: str = ""


VULNERABILITY = "CVE-2026-34040"
"""The last one of high severity: a large request passes by the authorization plugin. Mended in 29.3.1."""

LINES = (
    Line("29", date(2025, 11, 10), None, "29.3.1", "29.3.1"),
    Line("28", date(2025, 2, 20), None, "28.5.2"),
    Line("27", date(2024, 6, 25), date(2025, 5, 3), "27.5.1"),
    Line("26.1", date(2024, 4, 22), date(2025, 2, 17), "26.1.5"),
    Line("26.0", date(2024, 3, 20), date(2024, 6, 8), "26.0.2"),
    Line("25.0", date(2024, 1, 19), date(2026, 12, 4), "25.0.14"),
    Line("24.0", date(2023, 5, 16), date(2024, 6, 8), "24.0.9"),
    Line("23.0", date(2023, 2, 2), date(2025, 5, 19), "23.0.18"),
    Line("20.10", date(2020, 12, 9), date(2023, 12, 10), "20.10.27"),
    Line("19.03", date(2019, 7, 22), date(2021, 1, 8), "19.03.15"),
    Line("18.09", date(2018, 11, 8), date(2019, 8, 22), "18.09.9"),
)

DISTRIBUTIONS = {
    ("centos", "7"): date(2024, 6, 30),
    ("debian", "11"): date(2026, 8, 31),
    ("debian", "12"): date(2028, 6, 30),
    ("debian", "13"): date(2030, 6, 30),
    ("ubuntu", "20.04"): date(2025, 5, 31),
    ("ubuntu", "22.04"): date(2027, 4, 30),
    ("ubuntu", "24.04"): date(2029, 4, 30),
    ("ubuntu", "25.04"): date(2026, 1, 15),
    ("ubuntu", "25.10"): date(2026, 7, 31),
    ("alpine", "3.20"): date(2026, 4, 1),
    ("alpine", "3.21"): date(2026, 11, 1),
    ("alpine", "3.22"): date(2027, 5, 1),
}
"""The last day of security updates that all users get, long-term support included, by ID and VERSION_ID.

Of a distribution that is in it every release is that got updates on DATE.
"""
