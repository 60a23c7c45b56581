"""Configurations of log shippers in languages of their own."""

import pytest

from hullcheck.facts.logs.configs import fluent, logstash
from hullcheck.facts.logs.configs.routes import Route, route

SOURCE = "<source>\n  @type tail\n  path /var/log/a.log\n  tag a.b\n</source>\n"
FLUENT_BIT = (
    "[INPUT]\n  Name tail\n  Path /a, /b\n  Tag x.1\n[OUTPUT]\n  Name es\n  Match {}\n  Host es.example\n"
)


def match(pattern: str, host: str = "es.example") -> str:
    """An output of Fluentd for these tags."""
    return f"<match {pattern}>\n  @type elasticsearch\n  host {host}\n</match>\n"


@pytest.mark.parametrize(
    ("outputs", "sends"),
    [
        (match("a.*"), {"es.example"}),
        (match("{x,a}.**"), {"es.example"}),
        (match("b.*"), set()),
        (match("a.*", "first") + match("**", "second"), {"first"}),
    ],
)
def test_fluentd_sends_to_the_first_match(outputs: str, sends: set[str]) -> None:
    """A tag goes where the first pattern takes it."""
    assert list(fluent.fluentd({"/f": SOURCE + outputs}))[1:] == [route(["/var/log/a.log"], sends)]


@pytest.mark.parametrize(("pattern", "sends"), [("x.*", {"es.example"}), ("y", set())])
def test_fluent_bit_sends_by_tag(pattern: str, sends: set[str]) -> None:
    """An input goes to the outputs that match its tag."""
    found = list(fluent.fluent_bit({"/f": FLUENT_BIT.format(pattern)}))
    assert found == [route([], ["es.example"]), route(["/a", "/b"], sends)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('input { file { path => "/a" } } output { elasticsearch { hosts => ["http://es:9200"] } }', {"es"}),
        ("input { beats { port => 1 } } output { stdout { } }", set()),
        ('# output { elasticsearch { hosts => "x" } }\noutput { }', set()),
    ],
)
def test_logstash_sends_to_its_outputs(text: str, found: set[str]) -> None:
    """A comment is none, and the screen is no other host."""
    assert {host for each in logstash.logstash({"/p.conf": text}) for host in each.sends} == found


def test_what_is_not_understood() -> None:
    """It is refused, after what was read."""
    with pytest.raises(ValueError, match="braces"):
        list(logstash.logstash({"/p.conf": "output { elasticsearch {"}))
    with pytest.raises(ValueError, match="YAML"):
        list(fluent.fluent_bit({"/f": "pipeline:\n  inputs: [\n"}))


def test_route_is_a_value() -> None:
    """Two that read and send the same are equal, in whatever order."""
    assert route(["/a", "/b"], ["x"]) == Route(frozenset({"/b", "/a"}), frozenset({"x"}))
