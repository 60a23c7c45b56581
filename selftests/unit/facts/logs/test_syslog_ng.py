"""syslog-ng: its sources, its log paths with filters, and destinations; seen with syslog-ng 4.8."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hullcheck.facts.logs import configs
from hullcheck.facts.logs.configs.syslog_ng import syslog_ng
from hullcheck.facts.logs.configs.syslog_ng_text import Filters, Group, Message, options, parsed
from hullcheck.facts.logs.journald import OF_DAEMON, OF_DRIVER
from selftests.kit.facts.shippers import SYSLOG_NG, container, of, verdicts

MAIN, FOLDER = "/etc/syslog-ng/syslog-ng.conf", "/etc/syslog-ng/conf.d"
# As the package of Debian has it, without what differs in its names alone.
STOCK = """@version: 4.4
@include "scl.conf"

# First, set some global options.
options { chain_hostnames(off); flush_lines(0); use_dns(no); use_fqdn(no);
      dns_cache(no); owner("root"); group("adm"); perm(0640);
        stats(freq(0));
          bad_hostname("^gconfd$");
};
source s_src {
       system();
       internal();
};
destination d_auth { file("/var/log/auth.log"); };
destination d_daemon { file("/var/log/daemon.log"); };
destination d_console { usertty("root"); };
destination d_console_all { getvirtconsole(); };
# You must invoke nsole' with the -file' option:
destination d_xconsole { pipe("/dev/xconsole"); };
#destination d_net { tcp("127.0.0.1" port(1000) log_fifo_size(1000)); };
filter f_dbg { level(debug); };
filter f_crit { level(crit .. emerg); };
filter f_messages { level(info,notice,warn) and
                    not facility(auth,authpriv,cron,daemon,mail,news); };
filter f_auth { facility(auth, authpriv) and not filter(f_dbg); };
filter f_daemon { facility(daemon) and not filter(f_dbg); };
filter f_syslog3 { not facility(auth, authpriv, mail) and not filter(f_dbg); };
log { source(s_src); filter(f_auth); destination(d_auth); };
log { source(s_src); filter(f_daemon); destination(d_daemon); };
log { source(s_src); filter(f_messages); destination(d_console_all); destination(d_xconsole); };
log { source(s_src); filter(f_crit); destination(d_console); };
#log { source(s_src); destination(d_net); };
@include "/etc/syslog-ng/conf.d/*.conf"
"""
OF_THE_ENGINE = {OF_DAEMON, "syslog:daemon"}
NET = 'destination d_net { network("logs.example" port(514)); };\n'
TO_NET = "destination(d_net);"
SENDING = f"{NET}log {{ source(s_src); {TO_NET} }};\n"
OF_SYSLOG = {f"syslog:{each}" for each in ("daemon", "user", *(f"local{number}" for number in range(8)))}
OF_NETWORK = {f"network-{each}" for each in OF_SYSLOG}
ALL = {OF_DAEMON, OF_DRIVER, *OF_SYSLOG}


def read(text: str, main: str = STOCK, **others: str) -> tuple[set[str], bool]:
    """What is sent away, and whether all was understood."""
    files = {MAIN: main, "/etc/syslog-ng/scl.conf": "", f"{FOLDER}/*.conf": "", f"{FOLDER}/x.conf": text}
    routes, understood = configs.read("syslog-ng", files | others)
    return {each for route in routes if route.sends for each in route.reads}, understood


def path(*statements: str) -> str:
    """A path of what the stock configuration reads."""
    return f"{NET}log {{ source(s_src); {' '.join(statements)} }};\n"


@pytest.mark.parametrize(
    ("text", "sent", "understood"),
    [
        ("", set(), True),
        (SENDING, ALL, True),
        (SENDING.replace("\n", " # why\n"), ALL, True),
        (f"options {{ proto_template(t_host); }};\n{SENDING}", ALL, False),
        (f"# {SENDING}", set(), False),  # the destination is not there
        ("#" + SENDING.replace("\n", "\n#"), set(), True),
        ("log { source(s_src); destination { network('logs.example', port(514)) }; };", ALL, True),
        ("log { source(s_src); destination { syslog(logs.example); }; };", ALL, True),
        ("log { source { system(); }; destination { syslog(logs.example); }; };", set(), False),  # read twice
        (f'{NET}@define where "d_net"\nlog {{ source(s_src); destination(`where`); }};', ALL, True),
        (f"{NET}log {{ source(s_src); destination(`where`); }};", set(), False),
        (path(TO_NET, "flags(flow_control);"), ALL, True),
        (path("channel {", TO_NET, "};"), ALL, True),
        (path("log {", TO_NET, "};"), ALL, True),
        (f"{NET}log {{ source(s_other); {TO_NET} }};", set(), False),
        (path("destination(d_other);"), set(), False),
        (f"{SENDING}{NET}", ALL, False),  # twice
        (f"{SENDING}@module mod-java", ALL, True),
        (f"{SENDING}@other x", ALL, False),
        (f"{SENDING}python {{ x = 1 }};", ALL, False),
        (f"{SENDING}log {{ source(s_src);", set(), False),
        (f'{SENDING}log {{ "x }};', set(), False),
        (f"{SENDING}}};", set(), False),
    ],
)
def test_paths(text: str, sent: set[str], understood: bool) -> None:
    """What comes to an output for sure is sent."""
    assert read(text) == (sent, understood)


@pytest.mark.parametrize(
    ("before", "sent", "understood"),
    [
        ("filter(f_daemon);", OF_THE_ENGINE, True),
        ("filter { facility(3) };", OF_THE_ENGINE, True),
        (
            "filter { not (facility(daemon) or facility(user)); };",
            ALL - OF_THE_ENGINE - {"syslog:user"},
            True,
        ),
        (
            "filter { facility(local0 .. local7); };",
            {OF_DRIVER, *OF_SYSLOG} - {"syslog:daemon", "syslog:user"},
            True,
        ),
        ("filter { level(info..emerg); };", ALL, True),
        ("filter { severity(emerg .. info); };", ALL, True),
        ("filter { not level(debug); };", ALL, True),
        ("filter { level(info, notice, warn, error, crit, alert, panic); };", ALL, True),
        ("filter { level(notice..emerg); };", set(), True),
        ("filter { level(warn); };", set(), True),
        ("filter { level(info); };", set(), False),  # what is more urgent does not come
        ("filter { level(debug); };", set(), True),
        ("filter(f_other);", set(), False),
        ("filter { filter(f_auth); };", set(), True),
        ('filter { program("sshd"); };', set(), False),
        ('filter { program("sshd") and facility(mail); };', set(), True),
        ('filter { program("sshd") or not facility(mail); };', ALL, True),
        ('filter { "$LEVEL" eq "info" };', set(), False),
        ("filter { level(1); };", set(), False),
        ("filter { facility(99); };", set(), False),
        ("filter { level(info..notice..err); };", set(), False),
        ("filter { rate-limit(rate(1)); };", set(), False),
        ("filterx { $x = 1; };", set(), False),
        ("parser { json-parser(); };", set(), False),
        ('rewrite { set("x" value("MESSAGE")); };', set(), False),
        ("rewrite { set-facility(mail); }; filter { facility(mail); };", set(), False),
        ("channel { rewrite(r_mail); }; filter { facility(mail); };", set(), False),
        ("if (facility(mail)) { filter(f_auth); };", set(), False),
        ("channel { filter(f_daemon); };", OF_THE_ENGINE, True),
        (
            "junction { channel { filter(f_daemon); }; channel { filter(f_auth); }; };",
            {OF_DAEMON, "syslog:daemon"},
            True,
        ),
        (
            "junction { channel { filter(f_daemon); flags(final); }; channel { filter(f_auth); }; };",
            {OF_DAEMON, "syslog:daemon"},
            True,
        ),
        ("junction { channel { filter(f_daemon); flags(final); }; channel { }; };", ALL, True),
        ("junction { channel { source { tcp(); }; }; };", set(), False),
        ("flags(fallback);", set(), False),
        ("flags(catchall);", set(), False),
    ],
)
def test_what_stands_before_the_output(before: str, sent: set[str], understood: bool) -> None:
    """Filters by facility and level are followed; what others take is not known."""
    assert read(path(before, TO_NET)) == (sent, understood)


@pytest.mark.parametrize(
    "text", ["filter f { filter(f); };", "filter f { filter(g); };\nfilter g { filter(f); };"]
)
def test_filter_that_names_itself(text: str) -> None:
    """It is not known what it takes."""
    assert read(text + path("filter(f);", TO_NET)) == (set(), False)


@pytest.mark.parametrize(
    ("before", "sent", "understood"),
    [
        ("log { source(s_src); destination(d_auth); flags(final); };", set(), True),
        ("log { source(s_src); flags(final); };", set(), True),
        ("log { source(s_src); filter(f_auth); flags(final); };", ALL, True),
        ("log { source(s_src); filter(f_daemon); flags(final); };", ALL - OF_THE_ENGINE, True),
        ('log { source(s_src); filter { program("x"); }; flags(final); };', set(), False),
        ('log { source(s_src); filter { program("x"); }; destination(d_auth); };', ALL, True),
        ("log { source(s_src); parser(p_x); destination(d_auth); };", ALL, True),
        ("log { source(s_src); log { flags(final); }; };", ALL, True),  # for others in the same path
        ('log { source { file("/x"); }; flags(final); };', ALL, True),
        ("log { filter(f_auth); };", ALL, False),
    ],
)
def test_final_path_before(before: str, sent: set[str], understood: bool) -> None:
    """What it takes does not come to those behind it; one that stands behind takes nothing."""
    assert read(f"{before}\n{SENDING}") == (sent, understood)
    assert read(f"{SENDING}{before}")[0] == ALL


def test_final_path_within_a_path() -> None:
    """It keeps what it takes from those behind it."""
    final = "log { filter(f_daemon); flags(final); };"
    assert read(path(final, f"log {{ {TO_NET} }};")) == (ALL - OF_THE_ENGINE, True)
    assert read(path(f"log {{ {TO_NET} }};", final)) == (ALL, True)


ALONE = f'@include "{FOLDER}/*.conf"\n'
CONTAINERS = "/var/lib/docker/containers"


@pytest.mark.parametrize(
    ("source", "reads", "understood"),
    [
        ("systemd-journal();", ALL, True),
        ('systemd-journal(prefix(".journald.") read_old_records(no));', ALL, True),
        ('systemd-journal(namespace("x"));', set(), False),
        ('systemd-journal(matches("_UID" "0"));', set(), False),
        ("network(transport(udp) ip(127.0.0.1) port(514));", OF_NETWORK, True),
        ("udp();", OF_NETWORK, True),
        ("default-network-drivers();", OF_NETWORK, True),
        ("network(flags(no-parse));", set(), False),
        ("syslog();", set(), False),  # of what Docker sends it takes that over UDP alone
        ('unix-dgram("/dev/log");', OF_SYSLOG, True),
        ('unix_dgram("/dev/log" flags(syslog-protocol));', OF_SYSLOG, True),
        ('unix-dgram("/run/systemd/journal/syslog");', ALL, True),
        ('unix-stream("/srv/log");', set(), False),
        ('file("/var/log/a.log" follow_freq(1) flags(no_parse));', {"/var/log/a.log"}, True),
        ('file("/var/log/*.log");', set(), True),  # it has no wildcards
        ('file("/var/log/a.log" multi-line-mode(indented));', set(), False),
        ("linux-audit();", {"/var/log/audit/audit.log"}, True),
        (
            f'wildcard-file(base-dir("{CONTAINERS}") filename-pattern("*-json.log") recursive(yes));',
            {f"{CONTAINERS}/*-json.log", f"{CONTAINERS}/**/*-json.log"},
            True,
        ),
        (
            f'wildcard_file(base_dir("{CONTAINERS}/") filename_pattern("*.log"));',
            {f"{CONTAINERS}/*.log"},
            True,
        ),
        (f'wildcard-file(base-dir("{CONTAINERS}/*") filename-pattern("*.log"));', set(), True),
        (
            f'wildcard-file(base-dir("{CONTAINERS}") filename-pattern("*") exclude-pattern("a"));',
            set(),
            False,
        ),
        ("internal();", set(), True),
        ('program("dmesg -w");', set(), False),
        ("own();", set(), False),
    ],
)
def test_sources(source: str, reads: set[str], understood: bool) -> None:
    """What each reads; of one with an option that is not known nothing is."""
    block = "block source own() { internal(); };\n"
    hidden = "block destination network() { file('/x'); };\n"
    assert read(f"{hidden}{SENDING}") == (set(), False)
    assert read(f"{block}{NET}log {{ source {{ {source} }}; {TO_NET} }};", ALONE) == (reads, understood)


@pytest.mark.parametrize(
    ("options", "filters", "sent"),
    [
        ("", "facility(user) and level(notice)", True),
        ("", "level(warn..emerg)", False),
        ("", "facility(local0)", False),
        ("default-facility(local3)", "facility(local3)", True),
        ("default-level(err)", "level(warn..emerg)", True),
        ('default-priority("info")', "level(notice..emerg)", False),
    ],
)
def test_file_that_is_filtered(options: str, filters: str, sent: bool) -> None:
    """Its lines have the facility and the level that the source gives them."""
    source = f'source {{ file("/a.log" {options}); }};'
    assert read(f"{NET}log {{ {source} filter {{ {filters}; }}; {TO_NET} }};") == (
        {"/a.log"} if sent else set(),
        True,
    )


def test_journal_with_another_facility() -> None:
    """The driver journald says none, so that the source chooses."""
    main = STOCK.replace("system();", "systemd-journal(default-facility(mail));")
    assert read(path("filter { facility(mail); };", TO_NET), main) == ({OF_DRIVER}, True)


@pytest.mark.parametrize(
    ("main", "sent"),
    [
        (STOCK, ALL),
        (STOCK.replace("system();", "systemd-journal(); tcp();"), ALL | OF_NETWORK),
    ],
)
def test_source_with_several_drivers(main: str, sent: set[str]) -> None:
    """All go the same way."""
    assert read(SENDING, main) == (sent, True)


def test_sources_that_go_different_ways() -> None:
    """What may come by one that is not sent is in doubt."""
    here = "log { source { unix-dgram('/dev/log'); }; destination(d_auth); };\n"
    assert read(SENDING + here) == ({OF_DAEMON, OF_DRIVER}, False)


@pytest.mark.parametrize(
    ("destination", "hosts"),
    [
        ('network("10.0.0.1" transport("tls") port(6514) tls(ca-dir("/x")));', {"10.0.0.1"}),
        ('tcp6("2001:db8::1");', {"2001:db8::1"}),
        ('udp("127.0.0.1" port(514));', {"127.0.0.1"}),
        ('http(url("https://me:secret@logs.example/x") method("POST"));', {"logs.example"}),
        ('http(url("http://a.example:9200/x http://b.example:9200/x"));', {"a.example", "b.example"}),
        ('elasticsearch-http(url("https://es.example:9200/_bulk") index("x") type(""));', {"es.example"}),
        ('loki(url("loki.example:9096") labels("a" => "$HOST"));', {"loki.example"}),
        (
            'kafka_c(bootstrap-servers("a.example:9092,b.example:9092") topic("x"));',
            {"a.example", "b.example"},
        ),
        ('splunk-hec-event(url("https://splunk.example:8088") token("secret"));', {"splunk.example"}),
        ('graylog2(host("gray.example"));', {"gray.example"}),
        ('network("a.example"); network("b.example");', {"a.example", "b.example"}),
        ('network("a.example" template("$ISODATE $HOST ${MSGHDR}$MSG\\n"));', {"a.example"}),
        ('network("a.example" template(t_whole));', {"a.example"}),
        (
            'http(url("http://a.example") body("$(format-json --scope rfc5424 --exclude DATE)"));',
            {"a.example"},
        ),
        ('http(url("http://a.example") body("$(format-json text=$MESSAGE)"));', {"a.example"}),
        # that may leave out what is said
        ('network("a.example" template("$HOST $MSGID\\n"));', None),
        ('network("a.example" template(t_none));', None),
        ('network("a.example" template("$(length $MSG)"));', None),
        ('http(url("http://a.example") body("$(format-json --scope rfc5424 --exclude MESS*)"));', None),
        *(
            (
                f'http(url("http://a.example") body("$({function} {scopes})"));',
                {"a.example"} if whole else None,
            )
            for function, scopes, whole in (
                ("format-json", "--scope selected-macros --scope dot-nv-pairs", True),
                ("format-json", "--scope sdata,nv-pairs", True),
                ("format_json", "-s everything", True),
                ("format-json", "--scope=all_nv_pairs", True),
                ("format-json", "--scope dot-nv-pairs --scope sdata", False),
                ("format-json", "--scope everything --scope none", False),
                ("format-json", "", False),
            )
        ),
        ('http(url("http://a.example") body("$(format-json --scope rfc5424 MESSAGE=x)"));', None),
        ('http(url("http://a.example") body("$(format-json --scope rfc5424 MSG=$MESSAGE)"));', {"a.example"}),
        ('network("a.example" truncate-size(1));', None),
        # that send to what is not known
        ("network(port(514));", None),
        ('program("/usr/bin/nc a.example");', None),
        ("own();", None),
        # that send nothing
        ('file("/srv/x");', set()),
        ('unix-dgram("/run/x");', set()),
    ],
)
def test_destinations(destination: str, hosts: set[str] | None) -> None:
    """The hosts of each; None where that is in doubt."""
    more = 'template t_whole "$MSG\\n";\ntemplate t_none { template("$HOST\\n"); };\nblock destination own() { };\n'
    text = f"{more}log {{ source(s_src); destination {{ {destination} }}; }};"
    routes, understood = configs.read(
        "syslog-ng", {MAIN: STOCK, f"{FOLDER}/*.conf": "", f"{FOLDER}/x.conf": text}
    )
    assert {host for route in routes for host in route.sends} == (hosts or set())
    assert understood is (hosts is not None)


@pytest.mark.parametrize(
    ("line", "files", "sent", "understood"),
    [
        ('@include "more.d"', {"more.d/*": "", "more.d/a": SENDING}, ALL, True),
        ('@include "/etc/syslog-ng/more.d/"', {"more.d/*": "", "more.d/a": SENDING}, ALL, True),
        ("@include more.conf", {"more.conf": SENDING}, ALL, True),
        ('@include "more.conf"', {"more.conf": ""}, set(), False),  # it may lie elsewhere
        ('@include "more.d/*.conf"', {"more.d/*.conf": ""}, set(), True),
        ('@include "/srv/none.conf"', {}, set(), False),
        ('@include "more.d"', {"more.d/*": "", "more.d/a.conf~": SENDING}, ALL, False),
        (f'@define include-path "/srv"\n@include "a"\n{SENDING}', {"a": "options { };"}, ALL, False),
        ('@include "scl/system/plugin.conf"', {"scl/system/plugin.conf": ""}, set(), True),
        ('@include "scl.conf"', {"scl.conf": SENDING}, ALL, True),  # one of the site
    ],
)
def test_what_is_included(line: str, files: dict[str, str], sent: set[str], understood: bool) -> None:
    """Files and folders by relative paths are those of /etc/syslog-ng, or of its library."""
    main = f"{STOCK.replace('@include', '#')}{line}\n"
    own = {f"/etc/syslog-ng/{path}": text for path, text in files.items()}
    routes, known = configs.read("syslog-ng", {MAIN: main} | own)
    assert {each for route in routes if route.sends for each in route.reads} == sent
    assert known is understood


@pytest.mark.parametrize(
    ("setting", "source", "sent"),
    [
        ("Storage=none", "system();", set()),
        ("MaxLevelStore=err", "system();", set()),
        ("Storage=volatile", "system();", ALL),
        ("ForwardToSyslog=no", "system();", ALL),
        ("ForwardToSyslog=no", 'unix-dgram("/run/systemd/journal/syslog");', set()),
        ("ForwardToSyslog=yes", 'unix-dgram("/run/systemd/journal/syslog");', ALL),
    ],
)
def test_journald_that_keeps_or_passes_on_some(setting: str, source: str, sent: set[str]) -> None:
    """Where nothing is kept, or nothing is passed on, nothing is sent."""
    journald = {"/etc/systemd/journald.conf": f"[Journal]\n{setting}\n"}
    assert read(SENDING, STOCK.replace("system();", source), **journald)[0] == sent


_WORDS = """@include log source (s_src) filter facility level (mail) (info not or and destination (d_net) flags
    (final) junction channel template block network template("""
PIECES = [*"{}();\"'#\n ", "..", "\\", "`", *(f"{each} " for each in _WORDS.split())]


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(some.lists(some.sampled_from(PIECES)).map("".join))
def test_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader raise anything, nor send what is said before it is."""
    read(text)
    sent, understood = read(f"log {{ source(s_src); flags(final); }};\n{text}\n{SENDING}")
    assert not sent or not understood or "destination" in text


@pytest.mark.parametrize(
    ("driver", "path", "expected"),
    [
        ("journald", "destination(d_es);", "pass"),
        ("syslog", "destination(d_es);", "pass"),
        ("json-file", "destination(d_es);", "pass"),
        ("json-file", "filter { facility(local0); }; destination(d_es);", "fail"),
        ("journald", "filter { facility(local0); }; destination(d_es);", "pass"),
        ("journald", "filter { facility(daemon); }; destination(d_es);", "fail"),
        ("syslog", "filter { facility(daemon); }; destination(d_es);", "pass"),
        ("journald", "destination { file('/x'); };", "fail"),
        ("journald", "parser(p_x); destination(d_es);", "error"),
    ],
)
def test_verdict_by_driver(driver: str, path: str, expected: str) -> None:
    """What it holds open tells nothing where it does not send all that it reads."""
    config = SYSLOG_NG.replace("destination(d_es);", path)
    target = of("syslog-ng", config, HELD, driver=driver, containers=(container("web", driver),))
    assert verdicts(target)["another system"] == expected


HELD = "held:/var/log/journal/x/system.journal\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("log { source(s_src);", "a bracket is not closed"),
        ("log };", "a bracket closes nothing"),
        ('log { "x };', "a quote does not end"),
        ("log { source(s_src); };", "a part of it is not followed"),
    ],
)
def test_reason_of_a_doubt(text: str, reason: str) -> None:
    """It is told after what was read."""
    with pytest.raises(ValueError, match=reason):
        list(syslog_ng({MAIN: text}))


def test_words_of_a_statement() -> None:
    """Quotes of both kinds, what stands behind a backslash, comments, and two spellings of a keyword."""
    ((name, group),) = parsed('x(\'a\\b\' "c\\"d\\\ne", f-g # h\n follow_freq(1) b(c(d) e));')
    assert name == "x"
    assert isinstance(group, Group)
    assert options(group) == {"": ["a\\b", 'c"de', "f-g"], "follow-freq": ["1"], "b": ["c", "d", "e"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("facility(mail) or facility(daemon) and level(info)", True),
        ("(facility(mail) or facility(daemon)) and level(err)", False),
        ("not facility(mail) and not level(err)", True),
        ("facility(mail) or program(x)", None),
        ("level(err) and program(x)", False),
        ("", None),
    ],
)
def test_words_of_a_filter(text: str, found: bool | None) -> None:
    """`not` binds closer than `and`, and that closer than `or`; None is what is not known."""
    (statement,) = parsed(f"{{ {text}; }};")
    (group,) = statement
    assert isinstance(group, Group)
    assert Filters({}, Message("daemon", "info")).takes(group) is found
