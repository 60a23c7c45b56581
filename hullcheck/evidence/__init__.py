"""The lines of the answers that decided a finding.

A control reads facts, and facts do not say which line they are of. So the lines are looked up: in the fields and lines
that a control is about (`_ROWS`) those that share most words with the finding. A control without a row, such as one of
your own, has the lines of all its answers that share enough.
"""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from msgspec import Struct

from hullcheck.evidence import decoded
from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Finding
from hullcheck.secrets.redact import SECTION

_DOCUMENTS = {
    "containers": "container",
    "compose_file": "container",
    "networks": "network",
    "services": "service",
    "image_contents": "image",
    "images": "image",
}
"""The probes and sections with a document for each object, and what these are."""
MOST = 3
"""Lines of a finding that are shown."""
_ENOUGH = 3  # what a line has to score where no row says that the control is about it
_ROWS = (
    # the host
    ("engine_data_.*|data_at_rest_.*", "engine|daemon|files", r"DockerRootDir|\d+/mountinfo:.* /( |var|data)|blockd"),
    ("engine_is_controlled_.*|access_to_the_engine_.*", "accounts|files", r"group:|user:|sudo|[0-9a-f]{4}:\d"),
    (".*_audited|auditd_.*|starts_of_.*", "audit", "missing:|status:(enabled|lost)|rule:|last:"),
    ("address_space_.*|ipv4_.*|privileged_.*", "host", ".*/(randomize_va_space|ip_forward|suid_dumpable):"),
    ("kernel_.*|newest_.*", "host|packages", ".*/vulnerabilities/|.*/osrelease:|installed:|version:|restart:|.*="),
    ("security_modules_.*", "host|engine", "(absent:)?/sys/(module|fs)|SecurityOptions"),
    ("(distribution|host_follows|countermeasures|engine_release)_.*", "engine|host|packages", "ServerV|.*PRETTY"),
    ("patching_.*", "packages|units", ".*Unattended|cron:|Id="),
    ("host_(has|serves)_.*|services_.*", "packages|processes|units", "package:|/|listener:|(running|enabled):"),
    ("host_logs_.*|something_watches_.*", "processes|units", r"(\d+/exe|running):.*(syslog|fluent|beat|falco|sysdig)"),
    ("docker_bench_.*|content_trust_.*|firewall_.*", "reports|firewall", r"Checkouts|Log|/|\d+/(ip6?tables|nft):"),
    # the daemon
    ("daemon_runs_without_.*", "engine|daemon", r"SecurityOptions|\d+/status:Uid"),
    ("daemon_remaps_.*", "engine|daemon", r"SecurityOptions|.*\buserns-remap"),
    (".*_(default_ulimits|no_new_priv|seccomp_prof).*", "engine|daemon", r".*\b@|SecurityOptions"),
    ("(userland_proxy|experimental)_.*", "engine|daemon", r"(?i:.*\b@)"),
    ("default_bridge_.*", "engine|daemon", r".*\bicc\b|.*enable_icc"),
    ("daemon_logs_.*", "engine|daemon", r"Debug|.*\b(debug|log-level)\b"),
    ("daemon_manages_.*", "daemon", r".*\bip6?tables\b"),
    ("parent_.*|base_.*", "daemon", r".*\b(cgroup-parent|storage-opts)\b"),
    ("(storage|client|containers_outlive)_.*", "engine|daemon", r"Dri|Plug|Live|.*\b(authorization-|live-restore)"),
    ("registries_.*", "engine|daemon", r"Registry.*(Insec|: false|Mirr)|.*\b(insecure-registries|registry-mirrors)"),
    ("(userland|containers_get|parent|base|daemon_(logs|manages))_.*", "engine", "ServerVersion"),
    ("remote_api_.*|(client_ca|server)_.*", "daemon|files", r"\d+/net/tcp6?: |.*\btls|.*\bhosts|.*BEGIN CERT"),
    ("(container_)?logs?_.*", "engine|daemon|containers", r"LoggingDriver|.*\blog-|HostConfig\.LogConfig"),
    ("daemon_is_configured_.*|rootless_.*", "daemon", r"\d+/(config|cmdline):"),
    # files
    (".*_(belongs?_to_root.*|by_root_alone|closed_to_others)|(registry|tls)_.*_read_only", "files", r"[0-9a-f]{4}:\d"),
    # images
    ("image_has_a_health_check", "images", r"RepoTags|Config\.Healthcheck|history.*HEALTHCHECK"),
    ("image_(updates|installs|is_built)_.*", "images", "history.*created_by"),
    ("image_holds_(no_(needless|package|shell|compiler)|needed)_?.*", "image_contents", "Special|Tools|Packages"),
    ("image_holds_no_secret", "images|image_contents", "Secrets|history.*secrets|Keys"),
    ("image_(signature|comes_from|is_scanned)_.*|unused_images_.*", "images", "RepoTags|RepoDigests"),
    # containers
    ("container_user_.*", "containers|processes", r"Config\.User|\d+/status:(Name|Uid)"),
    ("container_has_(an_app|sel).*", "containers|host", r"HostConfig\.(Sec|Priv)|Proc|\d+/attr|/sys/fs/selinux"),
    ("container_(capab|drops|adds)_?.*", "containers|processes", r"HostConfig\.(Cap|Privileged)|\d+/status:CapBnd"),
    ("container_cannot_reach_.*", "containers", r"Mounts\[.*\]\.(So|De)|\d+/mountinfo:.*\.sock "),
    ("container_(mounts|writes_to)_.*", "containers", r"Mounts(\[.*\]\.(So|De|RW|Pr)|:)|\d+/mountinfo:|.*Tmpfs"),
    ("container_runs_no_.*|docker_exec_.*", "processes|containers", r"\d+/status:(Name|Uid|CapEff)|Args"),
    (".*container_(opens|ports|listens)_.*", "containers", r"NetworkS.*Ports|HostConfig\.(Port|Publ|Net)|\d+/net/"),
    ("container_has_an?_(network|pid|ipc|uts)_.*", "containers", r"HostConfig\.(?i:@)Mode|.*/ns/@"),
    ("container_does_not_leave_.*", "containers", r"HostConfig\.Userns|.*/ns/user"),
    ("container_has_a_memory_.*", "containers|engine", r"HostConfig\.Memory|.*/memory\.\w+:|MemTotal"),
    ("container_has_a_cpu_.*|container_cpu_.*", "containers|engine", r"HostConfig\.(Nano|Cpu)|.*/cpu\.\w+:|NCPU"),
    ("container_has_a_process_.*", "containers", r"HostConfig\.PidsLimit|.*/pids\.max:"),
    ("container_root_.*", "containers", r"HostConfig\.Readonly|\d+/mountinfo:\d+ \d+ \S+ \S+ / "),
    ("container_restarts_.*", "containers|swarm", r"HostConfig\.Restart|.*RestartPolicy"),
    ("container_(has_no_host|overrides|is_not_priv).*", "containers", r"HostConfig\.(Device|Privileged|Ulimit)"),
    ("container_(has_a_seccomp|gains)_.*", "containers|processes", r"HostConfig\.(Sec|Priv)|.*(Seccomp|NoNewPriv)"),
    ("container_is_in_.*", "containers|processes", r"HostConfig\.Cgroup|\d+/cgroup:"),
    ("container_reports_.*", "containers", r"State\.(Health|Status)|Config\.Healthcheck"),
    ("container_(runs_a_current|image)_.*|service_image_.*", "containers|swarm", r".*Config\.Image|.*Spec\.Image"),
    ("container_is_not_on_.*", "containers", r"NetworkSettings\.Networks|HostConfig\.NetworkMode"),
    ("container_environment_.*|service_gets_.*", "containers|swarm", r"Secrets|.*\.Env\b|Found"),
    ("stopped_containers_.*", "containers", r"State\.(Status|FinishedAt)"),
    # the swarm
    ("overlay_.*", "engine", "Options|Ingress"),
    ("(swarm_mode|managers|node|data)_.*", "engine|swarm", "Swarm.LocalNodeS|.*(AutoLock|NodeCert|Addr: )"),
    ("swarm_has_.*", "swarm|engine", ".*(ManagerStatus|Hostname|RemoteManagers)"),
    ("swarm_ports_.*", "daemon|swarm", r"\d+/net/tcp6?: |ListenAddr"),
    ("unlock_.*|swarm_ca_.*", "engine", r"Swarm\.Cluster\.(CreatedAt|RootRotation)"),
)
"""Controls, the probes whose answers decide, and what the lines there begin with."""


class EvidenceLine(Struct, frozen=True):
    """A line of the answer to *probe*, with its number from 0, or a field of the document in that line."""

    probe: str
    number: int
    text: str

    @property
    def meaning(self) -> str:
        """What the raw numbers mean, or an empty text."""
        return decoded.meaning(self.text)


class Evidence:
    """The answers of one target, to look up which lines decided."""

    def __init__(self, recording: Recording) -> None:
        self._answers = recording.answers
        self._owners: dict[str, str] = {}  # objects by their ids, and containers by their processes
        self._lines: dict[str, tuple[str, dict[int, tuple[str, EvidenceLine]]]] = {}
        self._found: dict[tuple[str, str], dict[str, list[EvidenceLine]]] = {}

    def deciding(self, control: str, probes: Iterable[str], finding: Finding) -> tuple[EvidenceLine, ...]:
        """Return the lines of the answers to *probes* that decided *finding* of *control*, the closest first."""
        rows = _rows(control)
        kind = {"log": "container"}.get(finding.kind, finding.kind)  # the object that a finding is of
        is_object = kind in _DOCUMENTS.values()
        wanted = _words(finding.reason if is_object or kind == "target" else f"{finding.subject} {finding.reason}")
        paths = {word for word in wanted if word.startswith("/") and kind == "file"}
        found: list[EvidenceLine] = []
        for probe in (each for each in probes if not rows or each in rows):
            lines = self._matching(probe, rows.get(probe, ""))
            about = [f"{kind} {finding.subject}"] if is_object and any(lines) else lines
            here = [line for each in about for line in lines.get(each, ())]
            found += [each for each in here if paths and not paths.isdisjoint(_words(each.text))] or here
        scored = [(sum(wanted[word] for word in _words(line.text) if word in wanted), line) for line in found]
        best = max((score for score, _ in scored), default=0)
        if best < (0 if rows and len(found) <= MOST else 1 if rows else _ENOUGH):
            return ()
        close = sorted((each for each in scored if 2 * each[0] > best or not best), key=lambda each: -each[0])
        return tuple({line.text: line for _, line in close}.values())[:MOST]

    def _matching(self, probe: str, pattern: str) -> dict[str, list[EvidenceLine]]:
        """Return the lines of an answer that begin with *pattern*, by the object that they are about."""
        key = probe, pattern
        if key not in self._found:
            found: dict[str, list[EvidenceLine]] = defaultdict(list)
            self._found[key] = found
            text, lines = self._of(probe)
            for match in re.finditer(f"\n(?:{pattern})", text):
                about, line = lines[match.start()]
                found[about].append(line)
        return self._found[key]

    def _of(self, probe: str) -> tuple[str, dict[int, tuple[str, EvidenceLine]]]:
        """Return the lines of an answer, each after a line feed, and by its place what the line is about."""
        if probe not in self._lines:
            if probe in _NEEDS:
                self._of(_NEEDS[probe])
            answer = self._answers.get(probe)
            try:
                lines = list(self._owned(answer)) if answer else []
            except RecursionError:  # no engine answers so
                lines = []
            starts = itertools.accumulate((len(line.text) + 1 for _, line in lines), initial=0)
            text = "".join(f"\n{line.text}" for _, line in lines)
            self._lines[probe] = text, dict(zip(starts, lines, strict=False))
        return self._lines[probe]

    def _owned(self, answer: Answer) -> Iterator[tuple[str, EvidenceLine]]:
        """Take an answer apart: documents into their fields, other text into lines."""
        for process, identity in _MEMBER.findall(answer.stdout):
            self._owners.setdefault(process, self._owners.get(identity, ""))
        own = kind = _DOCUMENTS.get(answer.name, "")
        for number, line in enumerate(answer.stdout.split("\n")):
            if line.startswith(SECTION):
                kind = _DOCUMENTS.get(line.removeprefix(SECTION), own)
            elif documents := _documents(line) if "{" in line else []:
                for each in documents:
                    name = _name(each)
                    about = f"{kind} {name}" if kind else ""
                    about = self._owners.get(name, about) if kind == "image" else about
                    for field, value in _fields(each, ""):
                        if field in ("Id", "State.Pid") and about:
                            for key in (value, value.removeprefix("sha256:")[:12]):
                                self._owners.setdefault(key, about)
                        yield about, EvidenceLine(answer.name, number, f"{field}: {value}")
            else:
                owner = _OWNER.search(line) if answer.name in ("containers", "processes") else None
                about = self._owners.get(owner[1] or owner[2], "") if owner else ""
                yield about, EvidenceLine(answer.name, number, line)


_NEEDS = {"processes": "containers", "image_contents": "images"}  # answers that name what others number
_MEMBER = regex(r"^(\d+)/cgroup:.*?([0-9a-f]{64})", re.MULTILINE)
_OWNER = regex(r"(?:^| )(\d+)/|([0-9a-f]{64})")


@cache
def _rows(control: str) -> dict[str, str]:
    """Return what decides a control: by probe, what the lines begin with."""
    found: dict[str, str] = {}
    for controls, probes, pattern in _ROWS:
        if match := re.fullmatch(controls, control):
            probes = probes.replace("containers", "containers|compose_file")
            pattern = pattern.replace("@", ((match.lastindex and match[1]) or "").replace("_", "-"))
            found |= {each: f"{found[each]}|{pattern}" if each in found else pattern for each in probes.split("|")}
    return found


def _documents(line: str) -> list[dict[str, object]]:
    """Return the documents of a line, after a word, in a list, or by their ids."""
    try:
        found = json.loads(line[min(place for place in map(line.find, "[{") if place >= 0) :])
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict) and found and all(each.startswith("sha256:") for each in found):
        found = [{"Id": name, **each} for name, each in found.items() if isinstance(each, dict)]
    elif isinstance(found, dict) and isinstance(services := found.get("services"), dict):  # of a Compose file
        found = [each.get("Inspect") for each in services.values() if isinstance(each, dict)]
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _name(document: dict[str, object]) -> str:
    """Return what people call the object of a document: an image without a tag by its short id."""
    tags = document.get("RepoTags")
    parts = [each for each in (document.get("Spec"), document) if isinstance(each, dict)]
    named = (each.get(key) for each in parts for key in ("Name", "Destination", "Id"))
    name = str(tags[0] if isinstance(tags, list) and tags else next(filter(None, named), ""))
    return name[7:19] if name.startswith("sha256:") else name.lstrip("/")


def _fields(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _fields(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for each in value:
            yield from _fields(each, f"{path}[{_name(each)}]" if isinstance(each, dict) else path)
    else:
        yield path, value.partition("\n")[0] if value and isinstance(value, str) else json.dumps(value)


_TOKEN = regex(r"[\w./:@+=\[\]*-]+")
_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_WORD = regex(r"/proc/\d+/root(?=/)|HostConfig")
_COMMON = frozenset(
    re.findall(r"\w+", "an the is are and or of in on to by not no it ha with that for from usr bin etc")
)


@lru_cache(4096)  # containers and hosts are much alike
def _words(text: str) -> dict[str, int]:
    """Return the words of a text with their weights: paths, addresses and numbers weigh more."""
    found: dict[str, int] = {}
    for token in _TOKEN.findall(_NO_WORD.sub("", f"{text} {decoded.meaning(text)}")):
        whole = token.strip(".,:-")
        parts = [part.lower().removesuffix("s") for part in _PART.findall(whole)]
        found |= {part: 2 if part.isdecimal() else 1 for part in parts if len(part) > 1 and part not in _COMMON}
        if len(parts) > 1 or "/" in whole:
            found[whole.lower()] = 2
    return found
