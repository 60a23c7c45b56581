"""What is read and never sent: filters that let go of it, labels and stages that lead elsewhere, inputs that choose."""

from __future__ import annotations

import pytest

from hullcheck.facts.logs import configs
from hullcheck.facts.logs.configs.drops import logstash_drops

BEAT = "filebeat.inputs:\n- {{type: container, paths: [/a/*.log]{}}}\noutput.elasticsearch: {{hosts: [a.example]}}\n{}"
AGENT = "inputs: [{{streams: [{{paths: [/a/*.log]{}}}]{}}}]\noutputs: {{default: {{hosts: [a.example]}}}}"
PROMTAIL = (
    "clients: [{{url: http://a.example/x}}]\n"
    "scrape_configs:\n- static_configs: [{{labels: {{__path__: /a/*.log}}}}]\n  pipeline_stages: [{}]\n"
)
VECTOR = (
    'sources.a = {{type = "file", include = ["/a/*.log"]}}\n'
    'transforms.t = {{type = "{}", inputs = ["a"]{}}}\n'
    'sinks.s = {{type = "loki", endpoint = "https://a.example", inputs = ["t"]}}\n'
)
FLUENTD = (
    "<source>\n@type tail\ntag a.b\npath /a/*.log\n{}\n</source>\n{}\n"
    "<match a.**>\n@type forward\nhost a.example\n</match>\n"
)
FLUENT_BIT = "[INPUT]\nName tail\nTag a.*\nPath /a/*.log\n{}\n[OUTPUT]\nName es\nMatch a.*\nHost a.example\n"
LOGSTASH = (
    'input {{ file {{ path => "/a/*.log" {} }} }}\nfilter {{ {} }}\n'
    'output {{ elasticsearch {{ hosts => ["a.example:9200"] }} }}'
)

LOSES = [
    # everything is dropped, or what somebody chose
    ("filebeat", BEAT.format("", "processors: [{drop_event: {}}]")),
    ("filebeat", BEAT.format("", "processors: [{if: {x: y}, then: [{drop_event: }]}]")),
    ("filebeat", BEAT.format(", processors: [{drop_event: {when: {x: y}}}]", "")),
    ("filebeat", BEAT.format(", include_lines: ['^never']", "")),
    ("filebeat", BEAT.format(", exclude_lines: ['.']", "")),
    ("filebeat", BEAT.format("", "processors: [{script: {lang: javascript, source: 'event.Cancel()'}}]")),
    ("filebeat", BEAT.format("", "processors: [{script: {lang: javascript, file: /x.js}}]")),
    ("filebeat", BEAT.format(", parsers: [{include_message: {patterns: ['^never']}}]", "")),
    ("filebeat", BEAT.format(", parsers: [{ndjson: {}}, {container: {stream: stderr}}]", "")),
    ("filebeat", BEAT.format(", prospector.scanner.include_files: ['x']", "")),
    ("filebeat", BEAT.format(", prospector: {scanner: {exclude_files: ['json']}}", "")),
    ("elastic-agent", AGENT.format(", processors: [{drop_event: {}}]", "")),
    ("elastic-agent", AGENT.format("", ", condition: '${host.name} == x'")),
    ("promtail", PROMTAIL.format("{drop: {expression: '.*'}}")),
    ("promtail", PROMTAIL.format("{match: {selector: '{a=\"b\"}', action: drop}}")),
    ("promtail", PROMTAIL.format("{match: {selector: '{a=\"b\"}', stages: [{drop: {older_than: 1h}}]}}")),
    ("promtail", PROMTAIL.format("{sampling: {rate: 0.001}}")),
    ("promtail", PROMTAIL.format("{limit: {rate: 1, drop: true}}")),
    ("vector", VECTOR.format("remap", ', source = "abort"')),
    ("vector", VECTOR.format("remap", ", source = '''\n.x = 1\nif .y == 1 { abort }'''")),
    ("vector", VECTOR.format("remap", ', file = "/x.vrl"')),
    (
        "promtail",
        PROMTAIL.format("") + "limits_config: {readline_rate_enabled: true, readline_rate_drop: true}",
    ),
    ("vector", VECTOR.format("remap", ", drop_on_error = true, source = '. = parse_json!(.message)'")),
    ("vector", VECTOR.format("remap", ", source = '. = []'")),
    (
        "vector",
        VECTOR.format("remap", ", reroute_dropped = true").replace(
            'inputs = ["t"]', 'inputs = ["t.dropped"]'
        ),
    ),
    ("vector", VECTOR.format("reduce", "")),
    ("vector", VECTOR.format("window", "")),
    ("vector", VECTOR.format("throttle", ", threshold = 1")),
    ("vector", VECTOR.format("lua", ', source = "x"')),
    ("vector", VECTOR.format("log_to_metric", "")),
    (
        "fluentd",
        FLUENTD.format("", "<filter **>\n@type grep\n<exclude>\nkey log\npattern /./\n</exclude>\n</filter>"),
    ),
    ("fluentd", FLUENTD.format("", "<filter a.b>\n@type unheard_of\n</filter>")),
    ("fluentd", FLUENTD.format("", "<match a.b>\n@type rewrite_tag_filter\n</match>")),
    ("fluent-bit", FLUENT_BIT.format("[FILTER]\nName grep\nMatch *\nExclude log .*")),
    ("fluent-bit", FLUENT_BIT.format("[FILTER]\nName lua\nMatch_Regex ^a\nscript x.lua")),
    ("fluent-bit", FLUENT_BIT.format("[FILTER]\nName rewrite_tag\nMatch a.*\nRule log .* gone false")),
    ("logstash", LOGSTASH.format("", "drop { }")),
    ("logstash", LOGSTASH.format("", 'if [x] == "y" { drop { percentage => 99 } }')),
    ("logstash", LOGSTASH.format("", 'ruby { code => "event.cancel" }')),
    ("logstash", LOGSTASH.format('exclude => "*-json.log"', "")),
]


@pytest.mark.parametrize(("program", "text"), LOSES)
def test_what_may_be_dropped_on_its_way_is_not_sent(program: str, text: str) -> None:
    """Nobody knows what of it arrives."""
    found, understood = configs.read(program, {"/x": text})
    assert not understood
    assert not any(route.reads and route.sends for route in found)


KEEPS = [
    ("filebeat", BEAT.format("", "processors: [{add_host_metadata: {}}, {drop_fields: {fields: [x]}}]")),
    (
        "filebeat",
        BEAT.format(
            ", include_lines: [], parsers: [{container: {stream: all}}]",
            "processors: [{script: {source: 'event.Put(1, 2)'}}]",
        ),
    ),
    ("elastic-agent", AGENT.format(", processors: [{add_fields: {}}]", "")),
    (
        "promtail",
        PROMTAIL.format("{docker: {}}, {limit: {rate: 9}}, {match: {selector: x, stages: [{json: {}}]}}"),
    ),
    ("vector", VECTOR.format("remap", ', source = ".abort_me = 1 # abort"')),
    ("vector", VECTOR.format("remap", ', source = ".tags = []"')),
    ("vector", VECTOR.format("reduce", ', merge_strategies.message = "concat_newline"')),
    ("fluentd", FLUENTD.format("", "<filter **>\n@type record_transformer\n</filter>")),
    ("fluentd", FLUENTD.format("", "<filter b.**>\n@type grep\n</filter>")),
    ("fluent-bit", FLUENT_BIT.format("[FILTER]\nName modify\nMatch *\nAdd x y")),
    ("fluent-bit", FLUENT_BIT.format("[FILTER]\nName grep\nMatch b.*\nExclude log x")),
    ("logstash", LOGSTASH.format('exclude => "*.gz"', 'mutate { add_field => { "x" => "drop" } }')),
]


@pytest.mark.parametrize(("program", "text"), KEEPS)
def test_what_is_changed_on_its_way_is_sent(program: str, text: str) -> None:
    """What adds to events, or is for others, drops none."""
    found, understood = configs.read(program, {"/x": text})
    assert understood
    assert (frozenset({"/a/*.log"}), frozenset({"a.example"})) in found


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("elastic-agent", AGENT.format(", enabled: false", "")),
        ("filebeat", BEAT.format("", "").replace("[a.example]", "[a.example], enabled: 'false'")),
        # the docker of another machine
        (
            "vector",
            VECTOR.format("remap", "").replace('"file"', '"docker_logs", docker_host = "tcp://b.example:1"'),
        ),
    ],
)
def test_what_is_off_or_of_others_reads_nothing(program: str, text: str) -> None:
    """A stream or an output that is switched off, by a word too, and the engine of another machine."""
    found, _ = configs.read(program, {"/x": text.replace('include = ["/a/*.log"]', "x = 1")})
    assert not any(route.reads and route.sends for route in found)


DISCARD = "<label @GONE>\n<match **>\n@type null\n</match>\n</label>\n"
AWAY = "<label @AWAY>\n<match **>\n@type forward\nhost b.example\n</match>\n</label>\n"


@pytest.mark.parametrize(
    ("source", "more", "sends"),
    [
        ("@label @GONE", DISCARD, set()),
        ("@label @NOWHERE", DISCARD, set()),
        ("", DISCARD, {"a.example"}),
        ("@label @AWAY", DISCARD + AWAY, {"b.example"}),
        ("", f"{DISCARD}{AWAY}<match a.b>\n@type relabel\n@label @AWAY\n</match>", {"b.example"}),
        ("", f"{DISCARD}<match a.b>\n@type relabel\n@label @GONE\n</match>", set()),
        (
            "",
            f"{AWAY}<match a.b>\n@type copy\n<store>\n@type relabel\n@label @AWAY\n</store>\n"
            "<store>\n@type http\nendpoint http://c.example/x\n</store>\n</match>",
            {"b.example", "c.example"},
        ),
        (
            "",
            "<label @L>\n<match **>\n@type relabel\n@label @L\n</match>\n</label>\n<match a.b>\n@type relabel\n"
            "@label @L\n</match>",
            set(),
        ),
    ],
)
def test_labels_of_fluentd_are_followed(source: str, more: str, sends: set[str]) -> None:
    """What a source gives to a label goes where that label sends it, and nowhere else."""
    found, understood = configs.read("fluentd", {"/x": FLUENTD.format(source, more)})
    assert understood
    assert [route.sends for route in found if route.reads] == [frozenset(sends)]


@pytest.mark.parametrize(
    ("match", "more", "sends"),
    [
        ("Match_Regex ^a[.]a", "", {"a.example"}),
        ("Match_Regex ^b", "", set()),
        ("Match *", "", {"a.example"}),
    ],
)
def test_expressions_of_fluent_bit(match: str, more: str, sends: set[str]) -> None:
    """An output takes the tags that its expression matches."""
    found, _ = configs.read("fluent-bit", {"/x": FLUENT_BIT.format(more).replace("Match a.*", match)})
    assert [route.sends for route in found if route.reads] == [frozenset(sends)]


YAML = """
service: {{flush: 1}}
pipeline:
  inputs:
  - {{name: tail, path: "/a/*.log", tag: a.b{}}}
  - name: systemd
    systemd_filter: [_SYSTEMD_UNIT=ssh.service]
  filters: [{}]
  outputs:
  - {{name: opensearch, match: '*', host: a.example}}
"""


def test_fluent_bit_in_yaml() -> None:
    """It is read as the other language is."""
    found, understood = configs.read("fluent-bit", {"/x.yaml": YAML.format("", "")})
    assert understood
    assert [(set(reads), set(sends)) for reads, sends in found if reads] == [({"/a/*.log"}, {"a.example"})]
    for more, filters in (
        ("", "{name: grep, match: a.*}"),
        (", processors: {logs: [{name: sampling}]}", ""),
    ):
        found, understood = configs.read("fluent-bit", {"/x.yaml": YAML.format(more, filters)})
        assert not understood
        assert not any(route.reads and route.sends for route in found)
    kept = YAML.format(", processors: {logs: [{name: content_modifier}]}", "{name: modify, match: '*'}")
    assert configs.read("fluent-bit", {"/x.yaml": kept})[1]
    assert not configs.read("fluent-bit", {"/x.yaml": kept + "includes: [y.yaml]\n"})[1]


@pytest.mark.parametrize(
    ("filters", "drops"),
    [
        ("", False),
        ("drop {}", True),
        ('mutate { add_tag => ["drop {"] }', False),
        ("ruby { path => '/x.rb' }", True),
    ],
)
def test_filters_of_logstash(filters: str, drops: bool) -> None:
    """A plugin drops events, a word in quotes does not; of a program in a file nothing is known."""
    assert logstash_drops(filters) is drops
