"""What a report of a scanner says for an image, and for whom it is doubtful."""

from hullcheck.data.severities import SEVERITIES
from hullcheck.facts.images.scan_formats import UNKNOWN, Report
from hullcheck.parsing.times import DAY, day
from hullcheck.policy import ScanReports

_CURRENT_DAYS = 120  # a list of weaknesses in which nothing changed for so long is an old one
_DOUBTS = {
    "no packages": "tells of no package that was looked at, or of none of the system in the image",
    "unsupported distribution": "its distribution gets no updates any more, so that new weaknesses are not known of it",
    "unknown distribution": "there is no list of weaknesses for its distribution",
    "told to ignore": "weaknesses that the scan was told to ignore: {}",
    "nothing found": "no weakness at all, and it does not tell whether any was looked for (--scanners, --severity)",
    "fixed alone": "each of its weaknesses has a fix: others may have been left out (--ignore-unfixed)",
    "options": "weaknesses may have been left out by its options {}",
}


def doubt(report: Report, limits: ScanReports) -> str:
    """Return why it does not tell that the image keeps these limits, or "" if it does."""
    unrated = report.counts.get(UNKNOWN, 0)
    if unrated and limits.highest_severity != SEVERITIES[-1]:
        return f"weaknesses that it could not rate: {unrated}"
    if report.doubt:
        return _DOUBTS[report.doubt].format(report.detail)
    if report.known is None or report.created - report.known > _CURRENT_DAYS * DAY:
        of = "no known day" if report.known is None else day(report.known)
        return f"the scanner's list of weaknesses is of {of}: it may be an old one"
    return ""


def shown(report: Report, now: float) -> str:
    """Return its scanner, age and file, in words."""
    by = " by the time of its file" if report.made is None else ""
    return f"{report.tool}, {report.days(now):.0f} days ago{by} ({report.file})"


def faults(reports: tuple[Report, ...]) -> list[str]:
    """Return the files that are no report, with why."""
    return [f"{each.file} ({each.fault})" for each in reports]
