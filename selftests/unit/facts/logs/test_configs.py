"""The configurations of shippers of logs."""

from __future__ import annotations

import pytest

from hullcheck.facts.logs import _matches, configs
from selftests.kit.facts.shippers import (
    CONTROL,
    ES,
    ID,
    LOGSTASH_FILE,
    of,
    verdicts,
)
from selftests.kit.judging import judged

# ---- reading


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("/a/b/c.log", "/a/*/*.log", True),
        ("/a/b/c.log", "/a/*.log", False),
        ("/a/b/c.log", "/a/**/*.log", True),
        ("/a/b/c.log", "/a/**", True),
        ("/a/b/c.log", "/a/b/c.log", True),
        ("/a/b/c.log", "/a/b/cxlog", False),
        ("/a/b/c.log", "/a/b/c?log", True),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    """A star stays in its folder, and a dot is a dot."""
    assert _matches(path, pattern) is expected


BROKEN_PATTERN = "<source>\n@type tail\ntag a\npath /x\n</source>\n<match {a>\n@type es\n</match>"


HERE, AWAY = {"/a/*.log"}, {"a.example"}


INPUT = "- {type: log, paths: [/a/*.log]}"


SENT = "output.elasticsearch: {hosts: [a.example]}"


TAIL = "<source>\n@type tail\npath /a/*.log\n{}\n</source>\n"


FORWARDED = {"forward", "forward:tagged"}
FORWARD = "<match **>\n@type forward\nhost a.example\n</match>\n"


@pytest.mark.parametrize(
    ("program", "text", "reads", "sends"),
    [
        # Filebeat and Elastic Agent
        ("filebeat", f"filebeat.inputs: [{INPUT[2:]}]\n{SENT}", HERE, AWAY),
        ("filebeat", INPUT, HERE, set()),
        ("filebeat", "words\n---\n" + SENT, set(), AWAY),
        ("filebeat", "type: docker", {"docker"}, set()),
        ("filebeat", "type: docker\nenabled: false", set(), set()),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, hints.enabled: true}]",
            {"docker"},
            set(),
        ),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, templates: [{config: [x]}]}]",
            {"docker"},
            set(),
        ),
        ("filebeat", "filebeat.autodiscover.providers: [{type: kubernetes}]", set(), set()),
        ("filebeat", f"{SENT}\noutput: {{console: {{hosts: b.example}}}}", set(), AWAY),
        ("filebeat", "output.redis: {host: a.example}", set(), AWAY),
        ("filebeat", "output.redis: {password: x}", set(), set()),
        ("filebeat", "output: {redis: x, elasticsearch: {hosts: a.example}}", set(), AWAY),
        ("filebeat", "output.elasticsearch: {hosts: [a.example], enabled: false}", set(), set()),
        ("filebeat", "cloud.id: x", set(), {"cloud.elastic.co"}),
        ("filebeat", "cloud.auth: x", set(), set()),
        ("elastic-agent", "inputs: [{streams: [{paths: [/a/*.log]}]}]", HERE, set()),
        ("elastic-agent", "inputs: [{streams: [{data_stream: x}]}]", set(), set()),
        ("elastic-agent", "outputs: {default: {hosts: [a.example]}}", set(), AWAY),
        # Promtail
        ("promtail", "client: {url: http://a.example/x}", set(), AWAY),
        ("promtail", "clients: [{name: x}, {url: http://a.example/x}]", set(), AWAY),
        ("promtail", "scrape_configs: [{journal: {}}]", {"journal"}, set()),
        ("promtail", "scrape_configs: [{docker_sd_configs: [{}]}]", {"docker"}, set()),
        ("promtail", "scrape_configs: [{docker_sd_configs: []}]", set(), set()),
        ("promtail", "scrape_configs: [{static_configs: [{targets: []}]}]", set(), set()),
        # Vector
        ("vector", "sources: {a: {type: docker_logs}}", {"docker"}, set()),
        ("vector", "sources.a.type = 'journald'", {"journal"}, set()),
        (
            "vector",
            "sources.a = {type = 'journald', journal_directory = '/var/log/journal'}",
            {"journal"},
            set(),
        ),
        ("vector", "sources.a.type = 'fluent'", {"forward"}, set()),
        ("vector", "sources.a.type = 'syslog'", {"network-syslog"}, set()),
        ("vector", "sources.a = {type = 'syslog', mode = 'unix'}", set(), set()),
        ("vector", "sources.a.type = 'demo_logs'", set(), set()),
        ("vector", "sinks.a.endpoints = ['a.example', 'b.example']", set(), {"a.example", "b.example"}),
        ("vector", "sinks.a.address = 'a.example:1'", set(), AWAY),
        ("vector", "sinks.a.type = 'datadog_logs'", set(), {"service:datadog_logs"}),
        ("vector", "sinks.a.type = 'http'", set(), set()),
        ("vector", "sinks.a.uri = 'http://a.example'", set(), AWAY),
        (
            "vector",
            "sinks.a.bootstrap_servers = 'a.example:1,b.example:1'",
            set(),
            {"a.example", "b.example"},
        ),
        ("vector", "sinks.a = {type = 'blackhole', address = 'a.example:1'}", set(), set()),
        # Fluentd
        ("fluentd", "# @include x", set(), set()),
        ("fluentd", TAIL.format("").replace("tail", "exec"), set(), set()),
        ("fluentd", FORWARD, set(), AWAY),
        ("fluentd", FORWARD.replace("forward", "copy\n<store>\n@type forward"), set(), AWAY),
        ("fluentd", FORWARD.replace("forward", "stdout"), set(), set()),
        (
            "fluentd",
            FORWARD.replace("host a.example", "hosts 'a.example:1,b.example'"),
            set(),
            {*AWAY, "b.example"},
        ),
        ("fluentd", FORWARD.replace("host a.example", "s3_bucket logs"), set(), {"s3:logs"}),
        ("fluentd", FORWARD.replace("host a.example", "hec_host a.example"), set(), AWAY),
        ("fluentd", "<match **>\n@type cloudwatch_logs\n</match>", set(), {"service:cloudwatch_logs"}),
        ("fluentd", "<match **>\n@type cloudwatch_logs\nendpoint a.example\n</match>", set(), AWAY),
        ("fluentd", "<match **>\n@type unknown\n</match>", set(), set()),
        # Fluent Bit
        ("fluent-bit", "[INPUT]\nName tail\n[INPUT]\nTag x\n[INPUT]\nName forward", FORWARDED, set()),
        ("fluent-bit", "[INPUT]\nName cpu\nPath /a", set(), set()),
        ("fluent-bit", "[OUTPUT]\nName kafka\nBrokers a.example:1", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName x\nEndpoint a.example", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName http", set(), set()),
        ("fluent-bit", "[OUTPUT]\nName cloudwatch_logs\nMatch *", set(), {"service:cloudwatch_logs"}),
        ("fluent-bit", "[OUTPUT]\nName s3\nEndpoint a.example", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName stdout\nHost a.example", set(), set()),
        # Logstash
        ("logstash", "input {\n  file { path => ['/a/*.log'] } # all\n} # end", HERE, set()),
        ("logstash", "input {\n  #file { path => '/a/*.log' }\n}", set(), set()),
        ("logstash", "input {\n  syslog { path => '/x' }\n}", {"network-syslog"}, set()),
        # rsyslog
        ("rsyslogd", ' # module(load="imuxsock")\nx', set(), set()),
        ("rsyslogd", 'module(load="imfile")\ninput(type="imfile" tag="x" file="/a/*.log")', HERE, set()),
        ("rsyslogd", 'input(type="imfile" tag="x" file="/a/*.log")', set(), set()),
        ("rsyslogd", "*.info;mail.none @a.example", set(), AWAY),
        (
            "rsyslogd",
            "*.*;daemon,user,local0,local1,local2,local3,local4,local5,local6,local7.none @a.example",
            set(),
            set(),
        ),
        ("rsyslogd", "*.*;mail,daemon,news.none @a.example", set(), AWAY),
        ("rsyslogd", "*.debug @@(o)[fd00::1]:514", set(), {"fd00::1"}),
        ("rsyslogd", "mail.* @a.example", set(), set()),
        ("rsyslogd", 'mail.*\n  action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", 'x\n*.* action(type="omfwd" target="a.example")', set(), AWAY),
        ("rsyslogd", 'module(load="imtcp")\naction(type="omfwd"\n  target="a.example")', set(), AWAY),
        ("rsyslogd", 'mail.* action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", '*.* action(type="omrelp" target="a.example" port="2514")', set(), AWAY),
        ("rsyslogd", 'if $x == "y" then\n  action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", 'if $x == "y" then {\n  action(type="omfwd" target="a.example")\n}', set(), set()),
        ("rsyslogd", 'ruleset(name="x") {\nif $x then { stop }\n*.* @a.example\n}', set(), set()),
        # the uploader of systemd's journal
        (
            "systemd-journal-upload",
            "[Upload]\n# URL=https://b.example\nURL=https://a.example:19532",
            {"journal"},
            AWAY,
        ),
        (
            "systemd-journal-upload",
            "[Upload]\nURL=https://b.example\n[Upload]\nURL = a.example",
            {"journal"},
            AWAY,
        ),
        ("systemd-journal-upload", "URL=https://a.example", set(), set()),
    ],
)
def test_what_a_configuration_says(program: str, text: str, reads: set[str], sends: set[str]) -> None:
    """What is read and where it is sent; what is for some messages only, or commented out, is neither."""
    routes, understood = configs.read(program, {"/x": text})
    assert understood
    assert {each for route in routes for each in route.reads} == reads
    assert {each for route in routes for each in route.sends} == sends


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("fluent-bit", "includes: [x]\npipeline: {}\n"),
        ("fluentd", "@include x\n" + FORWARD),
        ("filebeat", "filebeat.autodiscover.providers: [{type: docker}]"),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, templates: [{config: [x], condition: y}]}]",
        ),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, hints: {enabled: true, default_config.enabled: false}}]",
        ),
        ("vector", "sources.a = {type = 'journald', exclude_matches._SYSTEMD_UNIT = ['docker.service']}"),
        ("vector", "sources.a = {type = 'journald', journal_namespace = 'x'}"),
        ("vector", "sources.a = {type = 'journald', journal_directory = '/var/log/journal/remote'}"),
        ("promtail", "scrape_configs: [{docker_sd_configs: [{filters: [{name: label}]}]}]"),
        ("vector", "sources.a = {type = 'docker_logs', include_labels = ['x']}"),
    ],
)
def test_configuration_of_which_only_a_part_is_known(program: str, text: str) -> None:
    """It may read whatever else; what takes some containers alone takes none for sure."""
    routes, understood = configs.read(program, {"/x": text})
    assert not understood
    assert not any(route.reads for route in routes)


FORWARDS = {
    "fluentd": "<source>\n@type forward\n{own}\n</source>\n" + FORWARD.replace("**", "{taken}"),
    "fluent-bit": "[INPUT]\nName forward\n{own}\n[OUTPUT]\nName es\nMatch {taken}\nHost a.example",
}


@pytest.mark.parametrize(
    ("program", "own", "taken", "untagged", "tagged"),
    [
        ("fluentd", "", "**", True, True),
        ("fluentd", "", "*", True, True),
        ("fluentd", "", "docker.**", False, True),
        ("fluentd", "add_tag_prefix docker", "docker.**", True, True),
        ("fluentd", "tag docker", "docker.**", True, True),
        ("fluentd", "tag docker", "app.**", False, False),
        ("fluent-bit", "", "*", True, True),
        ("fluent-bit", "", "docker.*", False, True),
        ("fluent-bit", "Tag_Prefix docker.", "docker.*", True, True),
        ("fluent-bit", "Tag docker", "docker*", True, True),
    ],
)
def test_events_that_the_log_driver_hands_on(
    program: str, own: str, taken: str, untagged: bool, tagged: bool
) -> None:
    """They have the short id of their container as tag; where its options choose one, any output may take it."""
    found, understood = configs.read(program, {"/x": FORWARDS[program].format(own=own, taken=taken)})
    sent = {word for route in found if route.sends for word in route.reads}
    assert understood
    assert "forward" in sent if untagged else "forward" not in sent
    assert bool(FORWARDED & sent) is tagged


@pytest.mark.parametrize("tag", ["docker", "docker.**"])
def test_tag_of_what_fluentd_takes_as_syslog(tag: str) -> None:
    """The facility and the level of an event are parts of its tag."""
    text = "<source>\n@type syslog\ntag docker\n</source>\n" + FORWARD.replace("**", tag)
    found, _ = configs.read("fluentd", {"/x": text})
    assert any(route.reads and route.sends for route in found) is (tag != "docker")


@pytest.mark.parametrize("program", configs.PROGRAMS)
@pytest.mark.parametrize(
    "text",
    ["", "\0", "}{<[", "a: b", "[]", "- 1", "[INPUT]\n", "input {", "<source>", BROKEN_PATTERN],
)
def test_nonsense_reads_nothing(program: str, text: str) -> None:
    """Whatever a file holds, nothing comes of what is none."""
    routes, _ = configs.read(program, {"/x": text})
    assert not any(route.reads or route.sends for route in routes)


# ---- inputs with their outputs


FILE, JOURNAL = ({"/a/*.log"}, {"a.example"}), ({"journal"}, {"b.example"})


VECTOR_TWO = """
sources.a = {{type = "file", include = ["/a/*.log"]}}
sources.b.type = "journald"
{}
sinks.far = {{type = "loki", endpoint = "https://a.example", inputs = [{}]}}
sinks.near = {{type = "loki", endpoint = "https://b.example", inputs = ["b"]}}
"""


TRANSFORM = 'transforms.t = {{type = "{}", inputs = [{}]}}'


@pytest.mark.parametrize(
    ("program", "files", "routes"),
    [
        # Vector: by the inputs of its sinks
        ("vector", VECTOR_TWO.format("", '"a"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format("", '"*"'), (FILE, ({"journal"}, {"a.example", "b.example"}))),
        (
            "vector",
            VECTOR_TWO.format("", '"b"'),
            (({"/a/*.log"}, set()), ({"journal"}, {"a.example", "b.example"})),
        ),
        ("vector", VECTOR_TWO.format("", ""), (({"/a/*.log"}, set()), JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", '"a"'), '"t"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", '"a"'), '"t.x"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", ""), '"t"'), (({"/a/*.log"}, set()), JOURNAL)),
        (
            "vector",
            VECTOR_TWO.format(TRANSFORM.format("remap", '"t"'), '"t"'),
            (({"/a/*.log"}, set()), JOURNAL),
        ),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("filter", '"a"'), '"t", "a"'), (FILE, JOURNAL)),
        # Elastic Agent: by the name of the output
        (
            "elastic-agent",
            "inputs: [{paths: [/a/*.log]}, {type: journald, use_output: o}]\n"
            "outputs: {default: {hosts: [a.example]}, o: {hosts: [b.example]}}",
            (FILE, JOURNAL),
        ),
        (
            "elastic-agent",
            "inputs: [{paths: [/a/*.log], use_output: o}]\noutputs: {default: {hosts: [a.example]}}",
            (({"/a/*.log"}, set()), (set(), {"a.example"})),
        ),
        # Filebeat has one output for all of its files
        ("filebeat", (INPUT, SENT), (FILE,)),
        # Fluentd and Fluent Bit: by the tag
        (
            "fluentd",
            TAIL.format("tag a")
            + "<source>\n@type systemd\ntag b\n</source>\n"
            + FORWARD.replace("**", "a")
            + FORWARD.replace("**", "b").replace("a.example", "b.example"),
            (FILE, JOURNAL),
        ),
        (
            "fluent-bit",
            "[INPUT]\nName tail\nTag a\nPath /a/*.log\n[INPUT]\nName systemd\nTag b\n"
            "[OUTPUT]\nName es\nMatch a\nHost a.example\n[OUTPUT]\nName es\nMatch b\nHost b.example",
            (FILE, JOURNAL),
        ),
        # Logstash: in its pipeline
        ("logstash", LOGSTASH_FILE.format(f"output {{ stdout {{ }}\n{ES} }}"), (FILE,)),
        ("logstash", LOGSTASH_FILE.format(f"output {{ {ES} if [x] {{ stdout {{ }} }} }}"), (FILE,)),
        ("logstash", (LOGSTASH_FILE.format(""), f"output {{ {ES} }}"), (FILE,)),
        (
            "logstash",
            LOGSTASH_FILE.format('output { elasticsearch { cloud_id => "x" } }'),
            (({"/a/*.log"}, {"cloud.elastic.co"}),),
        ),
    ],
)
def test_input_counts_with_its_outputs(
    program: str, files: str | tuple[str, ...], routes: tuple[tuple[set[str], set[str]], ...]
) -> None:
    """What is read goes where it is connected to, and nowhere else."""
    texts = (files,) if isinstance(files, str) else files
    found, understood = configs.read(program, {f"/{number}": text for number, text in enumerate(texts)})
    assert understood
    pairs = [(set(reads), set(sends)) for reads, sends in found if reads]
    assert pairs == [(reads, sends) for reads, sends in routes if reads]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("vector", VECTOR_TWO.format(TRANSFORM.format("filter", '"a"'), '"t"')),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("route", '"a"'), '"t.x"')),
        ("logstash", LOGSTASH_FILE.format(f"output {{ if [x] {{ {ES} }} }}")),
        ("logstash", LOGSTASH_FILE.format(f"output {{ if [x] {{ stdout {{ }} }} else {{ {ES} }} }}")),
        ("logstash", LOGSTASH_FILE.format('output { pipeline { send_to => ["x"] } }')),
    ],
)
def test_output_for_some_events(program: str, text: str) -> None:
    """Whether all that is read comes to it cannot be told."""
    found, understood = configs.read(program, {"/x": text})
    assert not understood
    assert {route.sends for route in found if "/a/*.log" in route.reads} == {frozenset()}


def test_pipelines_of_logstash() -> None:
    """An input of one does not come to the output of another; a place that was not read leaves it open."""
    texts = {"/c/a/in.conf": LOGSTASH_FILE.format(""), "/c/a/out.conf": f"output {{ {ES} }}"}
    together, apart = (
        "- path.config: '/c/a/*.conf'",
        "- path.config: /c/a/in.conf\n- path.config: /c/a/out.conf",
    )
    string = "- config.string: 'input { syslog { } } output { }'"

    def read(listed: str) -> tuple[list[tuple[set[str], set[str]]], bool]:
        found, understood = configs.read("logstash", {"/c/pipelines.yml": listed, **texts})
        return [(set(reads), set(sends)) for reads, sends in found], understood

    assert read(together) == ([FILE], True)
    assert read("- path.config: /c/a") == ([FILE], True)
    assert read("# none") == ([FILE], True)
    assert read(apart) == ([({"/a/*.log"}, set()), (set(), {"a.example"})], True)
    assert read(string) == ([({"network-syslog"}, set())], True)
    assert read(f"{string}\n{together}") == ([({"network-syslog"}, set()), FILE], True)
    assert read(f"{together}\n- path.config: /d") == ([FILE], False)
    assert read(f"{together}\n- pipeline.id: x") == ([FILE], False)
    assert read("a: [") == ([], False)


def test_files_held_by_a_shipper_that_sends_some_nowhere() -> None:
    """They may be those that go nowhere."""
    text = VECTOR_TWO.format("", '"a"').replace("/a/", "/other/")
    held = f"held:/logs/{ID}/{ID}-json.log\n"
    gelf = {"driver": "gelf", "options": {"gelf-address": "udp://logs.example.com:1"}}
    assert verdicts(of("vector", text, held, **gelf))["another system"] == "pass"
    text = text.replace('inputs = ["a"]', 'inputs = ["b"]')
    found = judged(CONTROL, of("vector", text, held, **gelf))["another system"]
    assert found[0] == "fail"
    near = text.replace("a.example", "localhost").replace("b.example", "localhost")
    assert verdicts(of("vector", near, held, **gelf))["another system"] == "fail"
