"""What journald does with what it is given: whether a shipper can read it, and whether syslog is given it."""

import re
from collections.abc import Mapping

Files = Mapping[str, str]

OF_DAEMON, OF_DRIVER = "journal:daemon", "journal:user"
"""What the engine itself writes to the journal, and what its driver journald does: their facilities differ."""
FACILITIES = ("daemon", "user", *(f"local{number}" for number in range(8)))
"""The facilities of what the engine and its drivers say."""


def apart(files: Files) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a daemon of syslog, and those of journald among them."""
    of_journald = {path: text for path, text in files.items() if "/journald.conf" in path}
    return {path: text for path, text in files.items() if path not in of_journald}, of_journald


class Journal:
    """What journald does with what it is given; a comment in its own file tells what it does by default."""

    def __init__(self, files: Files) -> None:
        by_name = {
            path.rpartition("/")[2]: text for path, text in files.items() if ".d/" in path
        }  # the last one hides
        main = [text for path, text in files.items() if ".d/" not in path]
        texts = (*main, *(text for _, text in sorted(by_name.items())))
        self._text = "\n".join("".join(_OF_JOURNAL.findall(each)) for each in texts)

    def _value(self, key: str) -> str:
        key = re.sub("(?<=[a-z])(?=[A-Z])", "[_-]?", key)  # max_level_store on the kernel's command line
        found = re.findall(rf"(?mi)^[ \t]*(#?)[ \t]*{key}[ \t]*=[ \t]*(\w+)", self._text)
        values = [value for mark, value in found if not mark] or [value for _, value in found]
        return values[-1].lower() if values else ""

    @property
    def passed_on(self) -> bool:
        """Whether all that matters is given to the socket of syslog."""
        return self._value("ForwardToSyslog") in _YES and self._value("MaxLevelSyslog") in _LEVELS

    @property
    def kept(self) -> bool:
        """Whether all that matters is kept where it can be read."""
        return self._value("Storage") != "none" and self._value("MaxLevelStore") in _LEVELS


def keeps(files: Files) -> bool:
    """Whether journald, of which these are all settings, keeps all that matters where a shipper can read it."""
    return Journal(files).kept


def loses(files: Files) -> bool:
    """Whether journald, of which these are all settings, neither keeps all that matters nor gives it to syslog."""
    journal = Journal(files)
    return not journal.kept and not journal.passed_on


_OF_JOURNAL = re.compile(r"(?ms)^\[Journal\][ \t]*$(.*?)(?=^\[|\Z)")
_YES = ("", "yes", "true", "on", "1", "y", "t")
_LEVELS = ("", "debug", "info", "7", "6")
"""The least that is taken, where that is no more than the engine and its containers say."""
