"""The distribution of the host, from /etc/os-release (os-release(5))."""

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

OS_RELEASE = Probe.from_file(
    "os_release",
    lines_like("(?:NAME|PRETTY_NAME|ID|ID_LIKE|VERSION|VERSION_ID|VARIANT_ID|SUPPORT_END) *=.*"),
)


@fact(OS_RELEASE)
def os_name(recording: Recording) -> str:
    """The target's operating system by its own name, or an empty string where it does not say."""
    try:
        lines = recording.text(OS_RELEASE).splitlines()
    except EvidenceError:
        return ""
    values = dict(line.partition("=")[::2] for line in lines)
    return values.get("PRETTY_NAME", values.get("NAME", "")).strip("\"'")


def os_release(recording: Recording) -> dict[str, str]:
    """os-release of the target by name.

    Raises:
        EvidenceError: it could not be read.
    """
    lines = (line.partition("=")[::2] for line in recording.text(OS_RELEASE).splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, value in lines}
