"""Regular expressions that are compiled when they are first used: an audit needs few of them."""

import re
from typing import Any, AnyStr, cast


class _Pattern:
    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, value)
        return value


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return the compiled regular expression *text*."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
