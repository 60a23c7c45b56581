"""What a file of settings says in another spelling: escapes, anchors, continued lines, constants, CDATA of XML."""

import re

_MOST = 1000  # of what is put elsewhere, so that no text grows without end
# A character of a word in a string of JSON, YAML or TOML.
_ESCAPE = re.compile(r"(?<!\\)\\(?:u00|U000000|x)(?P<code>[2-7][0-9A-Fa-f])")
_CONTINUED = re.compile(r"(?<==)([ \t]*)\\\r?\n[ \t]*")  # a line of .properties
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_STRING = r"""(?:"[^"\\\n]{0,300}"|`[^`]{0,300}`)"""
_OPENS, _CLOSES = r"(?:\s{0,80}\{\{-\s|\{\{)\s{0,80}", r"\s{0,80}(?:\s-\}\}\s{0,80}|\}\})"
_PRINTS = r'(?:(?:html|js|print|println|printf\s{1,9}"%[sv]")\s{1,9})?'
_CONSTANT = re.compile(rf"{_OPENS}{_PRINTS}(?P<value>{_STRING}){_CLOSES}")
_SET = re.compile(rf"{_OPENS}(?P<name>\$\w{{1,60}})\s{{0,9}}:?=\s{{0,9}}(?P<value>{_STRING}){_CLOSES}")
_PRINTED = re.compile(rf"{_OPENS}{_PRINTS}(?P<name>\$\w{{1,60}}){_CLOSES}")
_BRANCH = re.compile(rf"{_OPENS}(?:if\s[^{{}}\n]{{1,300}}|else|end|/\*[^{{}}]{{0,300}}\*/){_CLOSES}")
_PLAIN = r"""(?![\s"'#&*!|>{\[])(?:[^\s#,}\]:]|:(?!\s)){1,100}+(?!:|[^\n]{0,100}:\s)"""  # and no key
_SCALAR = rf"""(?:"[^"\\\n]{{1,100}}"|'[^'\n]{{1,100}}'|{_PLAIN})"""
_ANCHOR = re.compile(rf"(?<=[\s,\[{{])&(?P<name>[\w.-]{{1,60}})[ \t]+(?P<value>{_SCALAR})")
_ALIAS = re.compile(r"(?<=[\s,\[{])\*(?P<name>[\w.-]{1,60})(?=[\s,\]}]|$)")


def written_out(text: str) -> str:
    """*text* with what these stand for in their place, where it is a constant."""
    text = _CDATA.sub("", _ESCAPE.sub(_character, _CONTINUED.sub(r"\1", text)))
    text = _BRANCH.sub("", _CONSTANT.sub(lambda match: match["value"][1:-1], text))
    text = _put(_PRINTED, {each["name"]: each["value"][1:-1] for each in _SET.finditer(text)}, text)
    return _put(_ALIAS, {each["name"]: each["value"] for each in _ANCHOR.finditer(text)}, text)


def _character(match: re.Match[str]) -> str:
    character = chr(int(match["code"], 16))
    return character if character.isalnum() or character in "_-" else match[0]


def _put(place: re.Pattern[str], values: dict[str, str], text: str) -> str:
    return place.sub(lambda match: values.get(match["name"], match[0]), text, _MOST) if values else text
