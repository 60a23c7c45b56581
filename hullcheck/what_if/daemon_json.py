"""Another daemon.json in the place of that of a host, and what of the verdicts it decides.

By https://docs.docker.com/reference/cli/dockerd/ (Docker's documentation).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hullcheck import facts, inputs
from hullcheck.criteria.daemon_options import in_both
from hullcheck.facts import Facts
from hullcheck.facts.daemon import Daemon, config_text, redaction
from hullcheck.facts.daemon.settings import KINDS
from hullcheck.facts.daemon.supposed import MIRRORS, plain_mirrors, supposing
from hullcheck.facts.firewall import FIREWALL
from hullcheck.messages import WrongUse
from hullcheck.policy import Policy
from hullcheck.recording import FILE_NAME, Recording, RecordingError
from hullcheck.recording.probe import Answer
from hullcheck.results import Audit, sentences
from hullcheck.secrets import HIDDEN
from hullcheck.verdicts import EvidenceError, NotApplicable

JUDGED = (
    *(
        "default_bridge_isolates_its_containers",
        "daemon_logs_at_level_info",
        "daemon_manages_its_firewall_rules",
    ),
    *(
        "registries_are_reached_over_verified_tls",
        "storage_driver_is_not_aufs",
        "storage_driver_is_not_devicemapper",
    ),
    *("containers_get_default_ulimits", "daemon_remaps_users", "parent_cgroup_is_the_default"),
    *("base_device_size_is_the_default", "client_requests_are_authorized_by_a_plugin"),
    *("container_logs_leave_the_host", "containers_gain_no_new_privileges_by_default"),
    *("containers_outlive_the_daemon", "userland_proxy_is_off", "daemon_has_an_approved_seccomp_profile"),
    *(
        "experimental_features_are_off",
        "log_options_are_set_for_all",
        "log_files_are_small",
        "log_files_are_few",
    ),
)
"""The controls that the file and the command line decide. Of all others the evidence says nothing of a restart."""
_ALONE = frozenset(
    {
        *("authorization-plugins", "cgroup-parent", "debug", "default-ulimits", "experimental"),
        *("insecure-registries", "live-restore", "log-driver", "log-level", "log-opts", "no-new-privileges"),
        *("seccomp-profile", "storage-opts", MIRRORS, "labels", "shutdown-timeout", "raw-logs"),
        *("max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"),
        *("dns", "dns-opts", "dns-search"),
    }
)
"""The settings that change nothing but what these controls judge, and nothing of the packet filter."""
_FILTER = Answer(FIREWALL.name, 1, "", "what it holds after a restart, only the restarted daemon shows")


@dataclass(frozen=True)
class Supposition:
    """What a file changes on the targets of a run.

    Attributes:
        recordings: by target, the content of its recording with the file.
        differs: by target, the settings that are not as they were, or may not be.
        refused: by target, the settings for which its daemon would not start: they are on its command line, too.
        unknown: by target, why nothing can be said of it.
    """

    name: str
    recordings: dict[str, bytes] = field(default_factory=dict)
    differs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def beyond(self) -> list[str]:
        """The settings that change more than can be judged."""
        return sorted({name for each in self.differs.values() for name in each} - _ALONE)

    def told(self, audit: Audit) -> dict[str, Any]:
        """The same for programs, with the controls that were judged."""
        judged = [each.id for each in audit.controls if each.id in JUDGED]
        parts = {"differs": self.differs, "refused": self.refused, "unknown": self.unknown}
        return {"judged": judged, "beyond": self.beyond, **parts}

    def notes(self, audit: Audit) -> Iterator[str]:
        """What a reader has to know beside the verdicts, a line each."""
        for target, names in self.differs.items():
            yield f"{target}: {self.name} changes {', '.join(names) or 'nothing'}"
        for target, names in self.refused.items():
            both = ", ".join(names)
            yield f"{target}: the daemon would not start: {both} on its command line and in {self.name}"
        for target, why in self.unknown.items():
            yield f"{target}: not judged: {why}"
        numbers = [sentences.number(each) or each.id for each in audit.controls if each.id in JUDGED]
        yield (
            f"Judged by what {self.name} and the command line ask for: {', '.join(numbers) or 'no control of the run'}."
            " No other control is judged, and containers that are there keep what they have."
        )
        if self.beyond:
            yield f"What else {', '.join(self.beyond)} change, only a restart shows: audit again after it."


def suppose(path: Path, recordings: Mapping[str, Path]) -> Supposition:
    """What the daemon.json in the file *path* changes on targets, of which these are the folders of the recordings.

    Raises:
        WrongUse: the file, or a recording, cannot be read, or no daemon takes the file.
    """
    document, made = _document(path), Supposition(path.name)
    for target, folder in recordings.items():
        try:
            recording = Recording.load(folder, facts.PROBES)
        except RecordingError as error:
            raise WrongUse(str(error)) from None
        try:
            daemon: Daemon = Facts(recording, Policy()).get("daemon")
            before = daemon.files.config.values()
            now = daemon.configuration
            flags = now.flags if now.next_flags is None else now.next_flags
            daemon.engine.require_docker()
        except (EvidenceError, NotApplicable) as error:
            made.unknown[target] = str(error)
            continue
        if twice := in_both(flags, document):
            made.refused[target] = tuple(twice)
            continue
        made.differs[target] = _differing(before, document)
        made.recordings[target] = _content(_with(recording, path.name, document, made.differs[target]))
    return made


def _document(path: Path) -> dict[str, Any]:
    """What is kept of the file.

    Raises:
        WrongUse: no daemon takes it.
    """
    try:
        text = inputs.read(path, inputs.MIB).decode("utf-8-sig")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{path}: not UTF-8") from None
    found, kept = config_text.parse(text), redaction.configuration(text)
    if found is None or kept is None:
        raise WrongUse(f"{path}: is not JSON as dockerd reads it: an object, without comments")
    document: dict[str, Any] = json.loads(kept)
    if MIRRORS in found:
        document[MIRRORS] = plain_mirrors(found[MIRRORS])
    for name, value in document.items():
        try:
            if name in KINDS and value is not None:
                KINDS[name].from_json(value)
        except (EvidenceError, TypeError, AttributeError) as error:
            raise WrongUse(f"{path}: {name}: {error}") from None
    return document


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings that are only in one of them, have another value, or have one that is not kept."""
    return tuple(
        name
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name) or after.get(name) == HIDDEN
    )


def _with(
    recording: Recording, name: str, document: Mapping[str, Any], differs: tuple[str, ...]
) -> Recording:
    made = supposing(recording, name, document)
    if {*differs} <= _ALONE:
        return made
    return replace(
        made, answers={**made.answers, FIREWALL.name: _FILTER.sealed() if made.sealed else _FILTER}
    )


def _content(recording: Recording) -> bytes:
    with TemporaryDirectory(prefix="hullcheck-") as folder:
        recording.save(Path(folder))
        return (Path(folder) / FILE_NAME).read_bytes()
