"""What else than the files of a log shipper decides what it does: options of its command that win over them."""

import re
from collections.abc import Mapping, Sequence

_SETTING = re.compile(r"--?E(?:=(.*))?")
_HARMLESS = re.compile(r"(name|tags|fields|logging|path|setup|monitoring|http|strict|seccomp|max_procs)\b")
"""The settings of Filebeat that have nothing to do with what it reads, drops and sends."""
_OVERRIDES: Mapping[str, str] = {
    "filebeat": r"--?(N|M|modules)(=.*)?",
    "fluentd": r"-i.*|--inline-config(=.*)?|--dry-run|--config-file-type(=.*)?",
    "fluent-bit": r"-F.*|--filter(=.*)?|-D|--dry-run|-p.*",
    "logstash": r"-e|--config\.string(=.*)?|-t|--config\.test_and_exit",
    "promtail": r"--?(dry-run|stdin)(=true)?|--?client\..*",
    "rsyslogd": r"-N.*",
    "syslog-ng": r"-[A-Za-z]*[Ci].*|-[A-Za-z]+f.*|--chroot.*|--interactive",
    "systemd-journal-upload": r"[^-].*|-[uD].*|--(url|user|directory|file|follow|namespace).*",
    "vector": r"-C.*|--config-dir(=.*)?",
}
_RELOADS: Mapping[str, str] = {
    "elastic-agent": ".*",
    "logstash": r"-r|--config\.reload\.automatic",
    "vector": r"-w|--watch-config",
}
"""What has a program take over a changed file by itself."""


def override(program: str, arguments: Sequence[str]) -> str:
    """The first option of a command that says something else than its files may; empty where none does."""
    wanted = _OVERRIDES.get(program, r"(?!)")
    for place, each in enumerate(arguments):
        if place and re.fullmatch(wanted, each):
            return each.partition("=")[0]
        if program == "filebeat" and (match := _SETTING.fullmatch(each)):
            value = match[1] if match[1] is not None else next(iter(arguments[place + 1 :]), "")
            if not _HARMLESS.match(value):
                return f"-E {value.partition('=')[0]}"
    return ""


def reloads(program: str, arguments: Sequence[str]) -> bool:
    """Whether it takes over a changed file by itself."""
    wanted = _RELOADS.get(program, r"(?!)")
    return any(re.fullmatch(wanted, each) for each in arguments)
