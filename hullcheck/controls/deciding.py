"""The lines of the answers that decided a finding.

A control reads facts, and facts do not say which line they are of. So the lines are looked up: in the fields and lines
that a control is about (`_ROWS`) those that share most words with the finding. A control without a row, such as one of
your own, has the lines of all its answers that share enough.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.parsing import decoded
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.recording.lines import DOCUMENTS, lines
from hullcheck.results import Finding

MOST = 3
"""Lines of a finding that are shown."""
_ENOUGH = 3  # what a line has to score where no row says that the control is about it
_KINDS = {"log": "container"}  # of which objects findings are, if that has another name
_ROWS = (
    # the host
    ("engine_data_.*|data_at_rest_.*", "engine|daemon|files", r"DockerRootDir|\d+/mountinfo:.* /( |var|data)|blockd"),
    ("engine_is_controlled_.*|access_to_the_engine_.*", "accounts|files", r"group:|user:|sudo|[0-9a-f]{4}:\d"),
    (".*_audited|auditd_.*|starts_of_.*", "audit", "missing:|status:(enabled|lost)|rule:|last:"),
    ("address_space_.*|ipv4_.*|privileged_.*", "host", ".*/(randomize_va_space|ip_forward|suid_dumpable):"),
    ("kernel_.*|newest_.*", "host|packages", ".*/vulnerabilities/|.*/osrelease:|installed:|version:|restart:|.*="),
    ("security_modules_.*", "host|engine", "(absent:)?/sys/(module|fs)|SecurityOptions"),
    ("distribution_.*|host_follows_.*|countermeasures_.*|engine_release_.*", "engine|host|packages", r"ServerV|.*PRETTY"),
    ("patching_.*", "packages|units", ".*Unattended|cron:|Id="),
    ("host_(has|serves)_.*|services_.*", "packages|processes|units", "package:|/|listener:|(running|enabled):"),
    ("host_logs_.*|something_watches_.*", "processes|units", r"(\d+/exe|running):.*(syslog|fluent|beat|falco|sysdig)"),
    ("docker_bench_.*|content_trust_.*|firewall_.*", "reports|firewall", r"Checkouts|Log|/|\d+/(ip6?tables|nft):"),
    # the daemon
    ("daemon_runs_without_.*", "engine|daemon", r"SecurityOptions|\d+/status:Uid"),
    ("daemon_remaps_.*", "engine|daemon", r"SecurityOptions|.*\buserns-remap"),
    (".*(default_ulimits|userland_proxy|no_new_privileges|seccomp_profile|experimental).*", "engine|daemon", r"(?i:.*\b@)|SecurityOptions"),
    ("default_bridge_.*", "engine|daemon", r".*\bicc\b|.*enable_icc"),
    ("daemon_logs_.*", "engine|daemon", r"Debug|.*\b(debug|log-level)\b"),
    ("daemon_manages_.*", "daemon", r".*\bip6?tables\b"),
    ("parent_.*|base_.*", "daemon", r".*\b(cgroup-parent|storage-opts)\b"),
    ("(registries|storage|client_requests|containers_outlive)_.*", "engine|daemon", r"Driver: |Plugins|LiveRestore|Registry.*(Insecure|Secure: false|Mirrors)|.*\b(live-restore|authorization-plugins|insecure-registries|registry-mirrors)\b"),
    ("(userland|containers_get|parent|base|daemon_(logs|manages))_.*", "engine", "ServerVersion"),
    ("remote_api_.*|(client_ca|server)_.*", "daemon|files", r"\d+/net/tcp6?: |.*\btls|.*\bhosts|.*BEGIN CERT"),
    ("container_logs_.*|logs_are_.*|log_.*", "engine|daemon|containers", r"LoggingDriver|.*\blog-|HostConfig\.LogConfig"),
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
    ("container_user_.*", "containers|processes", r"Config\.(User|Image)|\d+/status:(Name|Uid)"),
    ("container_has_(an_apparmor|selinux)_.*", "containers|host", r"HostConfig\.(Sec|Priv)|Proc|\d+/attr|/sys/fs/selinux"),
    ("container_(capab|drops|adds)_?.*", "containers|processes", r"HostConfig\.(Cap|Privileged)|\d+/status:CapBnd"),
    ("container_is_not_privileged", "containers", r"HostConfig\.Privileged"),
    ("container_(mounts|writes_to|cannot_reach)_.*", "containers", r"Mounts(\[.*\]\.(So|De|RW|Pr)|:)|\d+/mountinfo:|.*Tmpfs"),
    ("container_runs_no_ssh_.*|docker_exec_.*", "processes|containers", r"\d+/status:(Name|Uid|CapEff)|Args"),
    (".*container_(opens|ports|listens)_.*", "containers", r"NetworkSettings\.Ports|HostConfig\.(Port|Publ|Net)|\d+/net/"),
    ("container_has_an?_(network|pid|ipc|uts)_.*", "containers", r"HostConfig\.(?i:@)Mode|.*/ns/@"),
    ("container_does_not_leave_.*", "containers", r"HostConfig\.Userns|.*/ns/user"),
    ("container_has_a_memory_.*", "containers|engine", r"HostConfig\.Memory|.*/memory\.\w+:|MemTotal"),
    ("container_has_a_cpu_.*|container_cpu_.*", "containers|engine", r"HostConfig\.(Nano|Cpu)|.*/cpu\.\w+:|NCPU"),
    ("container_has_a_process_.*", "containers", r"HostConfig\.PidsLimit|.*/pids\.max:"),
    ("container_root_.*", "containers", r"HostConfig\.Readonly|\d+/mountinfo:\d+ \d+ \S+ \S+ / "),
    ("container_restarts_.*", "containers|swarm", r"HostConfig\.Restart|.*RestartPolicy"),
    ("container_has_no_host_.*|container_overrides_.*", "containers", r"HostConfig\.(Device|Privileged|Ulimit)"),
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


class Decided(Struct, frozen=True):
    """A line that decided: of the answer to *probe* the line *number*, from 0, and what its raw numbers mean."""

    probe: str
    number: int
    text: str
    meaning: str = ""


_Found = dict[str, list[tuple[Decided, dict[str, int]]]]  # lines with their words, by the object that they are about


class Evidence:
    """The answers of one target, to look up what decided a finding."""

    def __init__(self, recording: Recording) -> None:
        """Look into the answers of *recording*."""
        self._recording = recording
        self._owners: dict[str, str] = {}  # objects by their ids, and containers by their processes
        self._lines: dict[str, list[tuple[str, int, str]]] = {}
        self._found: dict[tuple[str, str], _Found] = {}

    def decided(self, control: str, probes: Iterable[str], finding: Finding) -> tuple[Decided, ...]:
        """Return the lines of the answers to *probes* that decided *finding* of *control*, the closest first."""
        rows = _rows(control)
        kind = _KINDS.get(finding.kind, finding.kind)
        owned = kind in DOCUMENTS.values()
        wanted = _words(finding.reason if owned or kind == "target" else f"{finding.subject} {finding.reason}")
        paths = {word for word in wanted if word.startswith("/") and kind == "file"}
        found = []
        for probe in (each for each in probes if not rows or each in rows):
            lines = self._matching(probe, rows.get(probe, ""))
            about = [f"{kind} {finding.subject}"] if owned and any(lines) else lines
            here = [line for each in about for line in lines.get(each, ())]
            found += [each for each in here if not paths.isdisjoint(each[1])] or here
        scored = [(sum(wanted[word] for word in words if word in wanted), line) for line, words in found]
        best = max((score for score, _ in scored), default=0)
        if not rows and best < _ENOUGH:
            return ()
        close = sorted((each for each in scored if 2 * each[0] >= best), key=lambda each: -each[0])
        return tuple({line.text: line for _, line in close}.values())[:MOST]

    def _matching(self, probe: str, pattern: str) -> _Found:
        """Return the lines of an answer that begin with *pattern*."""
        key = probe, pattern
        if key not in self._found:
            self._found[key] = found = defaultdict(list)
            match = re.compile(pattern).match
            for about, number, text in self._of(probe):
                if match(text):
                    meaning = decoded.meaning(text)
                    found[about].append((Decided(probe, number, text, meaning), _words(f"{text} {meaning}")))
        return self._found[key]

    def _of(self, probe: str) -> list[tuple[str, int, str]]:
        """Return the lines of an answer, each with the object that it is about."""
        if probe not in self._lines:
            if probe == "processes":  # their containers are named after them, and in another answer
                self._of("containers")
                list(self._owned(self._recording.answers.get(probe)))
            self._lines[probe] = list(self._owned(self._recording.answers.get(probe)))
        return self._lines[probe]

    def _owned(self, answer: Answer | None) -> Iterator[tuple[str, int, str]]:
        for line in lines(answer) if answer else ():
            about = line.about
            if about and line.field in ("Id", "State.Pid"):
                self._owners.setdefault(line.text, about)
            if not line.field:
                about = self._owner(line.text)
            elif about.startswith("image sha256:"):
                about = self._owners.get(about.removeprefix("image "), f"image {about[13:25]}")
            yield about, line.number, str(line).partition("\n")[0]

    def _owner(self, text: str) -> str:
        """Return the container of a line of /proc, by its id or its process; note its other processes."""
        process, identity = _PROCESS.search(text), _ID.search(text)
        owner = self._owners.get(identity[0] if identity else "", "")
        if owner and process:
            self._owners.setdefault(process[1], owner)
        return owner or self._owners.get(process[1] if process else "", "")


_ID = regex(r"[0-9a-f]{64}")
_PROCESS = regex(r"(?:^| )(\d+)/")


@cache
def _rows(control: str) -> dict[str, str]:
    """Return what decides a control: by probe, what the lines begin with."""
    found: dict[str, str] = {}
    for controls, probes, pattern in _ROWS:
        if match := re.fullmatch(controls, control):
            pattern = pattern.replace("@", (match.lastindex and match[1] or "").replace("_", "-"))
            found |= {each: f"{found[each]}|{pattern}" if each in found else pattern for each in probes.split("|")}
    return found


_TOKEN = regex(r"[\w./:@+=\[\]*-]+")
_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_WORD = regex(r"/proc/\d+/root(?=/)|HostConfig")
_COMMON = frozenset("a an the is are and or of in on to by not no it its has have with without that which for from usr bin etc var lib run".split())


@lru_cache(4096)  # containers and hosts are much alike
def _words(text: str) -> dict[str, int]:
    """Return the words of a text, and how much each says: paths, addresses and numbers more than others."""
    found: dict[str, int] = {}
    for token in _TOKEN.findall(_NO_WORD.sub("", text)):
        whole = token.strip(".,:-")
        parts = [part.lower().removesuffix("s") for part in _PART.findall(whole)]
        found |= {part: 2 if part.isdecimal() else 1 for part in parts if len(part) > 1 and part not in _COMMON}
        if len(parts) > 1 or "/" in whole:
            found[whole] = 2
    return found
