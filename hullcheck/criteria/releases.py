"""Whether somebody still maintains the release of an engine, and whether the newest kernel of a host runs."""

import re
from datetime import date, timedelta

from hullcheck.data.releases import KnownReleases, numbers, order
from hullcheck.facts.engine.release import Release
from hullcheck.facts.host.running_kernel import RunningKernel
from hullcheck.facts.host.running_kernel import order as order_of_kernels
from hullcheck.verdicts import EvidenceError

_COMMUNITY = "Docker Engine - Community"
_PRE_RELEASE = re.compile(r"-(alpha|beta|rc|dev|tp)", re.IGNORECASE)


def release_flaw(release: Release, known: KnownReleases) -> str:
    """Return why a release is not maintained, in words; empty if nothing shows that.

    Raises:
        EvidenceError: the version is none, or the clock is wrong.
    """
    if not re.match(r"\d+\.\d+", release.version):
        raise EvidenceError(f"{release.version!r} is not a version of the engine")
    line = known.line(release.version)
    if line and release.today < line.released:
        raise EvidenceError(
            f"the line {line.name} began on {line.released}, and the clock says {release.today}: set the clock"
        )
    if release.is_of_a_distribution:
        end = _end_of_distribution(release, known)
        when = f"on {end}" if end != date.min else f"before {known.day}"
        return f"got its last updates {when}" if end and end < release.today else ""
    if release.vendor != _COMMUNITY or (not line and _is_newer(release, known)):
        return ""
    if not line or (line.ended and line.ended < release.today):
        return (
            f"is of the line {line.name}, which ended on {line.ended}" if line else "is older than every line"
        )
    if line.safe and order(release.version) < order(line.safe):
        return f"has known vulnerabilities, which {line.safe} mends"
    return "is a pre-release" if _PRE_RELEASE.search(release.version) else ""


def release_doubt(release: Release, known: KnownReleases) -> str:
    """Return why a person has to say whether a release without a flaw is maintained; empty if it is."""
    if release.is_of_a_distribution:
        return "" if _end_of_distribution(release, known) else "no end of its updates is known"
    if release.vendor != _COMMUNITY:
        return "what its vendor maintains is not known"
    if _is_newer(release, known) and not known.line(release.version):
        return f"it is newer than what was known of releases on {known.day}"
    if release.today > known.day + timedelta(known.good_for_days):
        return (
            f"what is known of releases is of {known.day}, which is too old; name a newer file by --releases"
        )
    return ""


def _is_newer(release: Release, known: KnownReleases) -> bool:
    return numbers(release.version) > numbers(known.lines[0].name)


def _end_of_distribution(release: Release, known: KnownReleases) -> date | None:
    """The last day of updates: of the system itself, or of the table."""
    try:
        return date.fromisoformat(release.system.get("SUPPORT_END", ""))
    except ValueError:
        return known.end(release.system.get("ID", ""), release.system.get("VERSION_ID", ""))


def restart_reason(kernel: RunningKernel) -> str:
    """Return why a host has to be restarted for its kernel, in words; empty if it has not."""
    if kernel.pending:
        packages = f" for {', '.join(kernel.packages)}" if kernel.packages else ""
        return f"{kernel.pending[0]} demands it{packages}"
    if kernel.restart == "1":
        return "needs-restarting -r demands it"
    release, installed = kernel.release, kernel.package_version
    if order_of_kernels(kernel.newest) > order_of_kernels(release):
        return f"{release} runs, and {kernel.newest} is installed"
    if release not in kernel.installed:
        raise EvidenceError(f"{release} runs, which is not installed ({', '.join(kernel.installed)} is)")
    if installed == "unread":
        raise EvidenceError(f"dpkg does not print the version of the package of {release}")
    running = kernel.build.partition("Debian ")[2].split(" ")[0]
    if installed and running and running != installed:
        return f"build {running} of {release} runs, and {installed} is installed"
    if kernel.restart not in ("", "0"):
        raise EvidenceError(f"needs-restarting -r ended with status {kernel.restart}")
    return ""
