"""rsyslog: what is stopped before it is sent, what is included, and outputs that are for a part of the messages."""

from __future__ import annotations

import pytest

from hullcheck.facts.logs import configs
from hullcheck.facts.logs.configs.rsyslog import rsyslog
from hullcheck.facts.logs.journald import OF_DAEMON, OF_DRIVER

SOCKET = 'module(load="imuxsock")\n'
IMFILE = 'module(load="imfile")\n'
FORWARD = 'action(type="omfwd"\n target="logs.example")'
SENDING = "*.* @@logs.example\n"
ALL = {
    f"{by}:{facility}"
    for by in ("journal", "syslog")
    for facility in ("daemon", "user", *(f"local{number}" for number in range(8)))
}


def read(*texts: str, **others: str) -> tuple[set[str], bool]:
    """What is sent away, and whether all was understood."""
    files = {"/etc/rsyslog.conf": SOCKET + "".join(texts)} | others
    routes, understood = configs.read("rsyslogd", files)
    return {each for route in routes if route.sends for each in route.reads}, understood


@pytest.mark.parametrize(
    ("before", "sent", "understood"),
    [
        (':programname, isequal, "sshd" stop', True, True),
        (
            ':syslogtag, isequal, "[CLOUDINIT]" /var/log/cloud-init.log\n& stop',
            True,
            True,
        ),  # of cloud-init's package
        (':msg,contains,"[UFW " /var/log/ufw.log\n& stop', True, True),  # of ufw's package
        (':syslogtag, startswith, "dockerd[" stop', False, True),
        ("if $programname == 'sshd' then {\n stop\n} else {\n stop\n}", False, False),
        (':programname, startswith, "haveged" stop', True, True),
        (':programname, contains, "cron" stop', True, True),
        ('if $programname == "cron" then stop', True, True),
        ("if ($programname == 'a' or $programname startswith 'b-') then stop", True, True),
        ("if $programname == 'sshd' and $msg contains 'x' then { stop }", True, True),
        ("if $syslogfacility-text == 'mail' then stop", True, True),
        ("mail,news.* stop", True, True),
        ("*.*;daemon.none stop", True, True),
        # these may take what the engine says, or do
        (':programname, !isequal, "sshd" stop', False, False),
        (':programname, startswith, "do" stop', False, True),
        (':programname, contains, "e" stop', False, True),
        (':msg, contains, "level" stop', False, False),
        (':msg, regex, ".*" ~', False, False),
        ("if 1 then stop", False, False),
        ("if $fromhost-ip == '127.0.0.1' then { stop }", False, False),
        ("if $syslogseverity <= 7 then stop", False, False),
        ("if $programname == 'sshd' or $msg contains 'x' then stop", False, False),
        ("if not ($programname == 'sshd') then stop", False, False),
        ("if $programname != 'sshd' then stop", False, False),
        ("if $programname == 'sshd' then { *.* /x } else { stop }", False, False),
        ("if $fromhost == 'x' then { action(type=\"omdiscard\") }", False, False),
        ("daemon.warning stop", False, True),
        ("*.err stop", False, True),
        ("*.* stop", False, True),
    ],
)
def test_stop_before_it_is_sent(before: str, sent: bool, understood: bool) -> None:
    """What is known to be about others takes nothing of the engine; all else may."""
    reads, known = read(f"{before}\n", SENDING)
    assert (OF_DAEMON in reads, known) == (sent, understood)


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ('action(type="omfwd" target="logs.example")', True),
        ('action(type="omfwd" target=["logs.example", "b.example"])', True),
        ('action(type="omfwd" target="logs.example" action.execOnlyWhenPreviousIsSuspended="on")', False),
        ('action(type="omfwd" target="logs.example" action.execOnlyWhenPreviousIsSuspended="off")', True),
        ('action(type="omfwd" target="logs.example" action.execOnlyEveryNthTime="1000")', False),
        ('action(type="omfwd" target="logs.example" action.execOnlyOnceEveryInterval="3600")', False),
        ("$ActionExecOnlyWhenPreviousIsSuspended on\n*.* @@logs.example", False),
        (
            "$ActionExecOnlyWhenPreviousIsSuspended on\n$ActionExecOnlyWhenPreviousIsSuspended off\n*.* @@x.example",
            True,
        ),
        ("$ActionExecOnlyEveryNthTime 1000\n*.* @@logs.example", False),
    ],
)
def test_output_that_is_used_now_and_then(lines: str, sent: bool) -> None:
    """One that waits for another to fail, or takes one message of many, takes no log away."""
    assert (OF_DAEMON in read(f"{lines}\n")[0]) is sent


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ('type="omfwd" target="2001:db8::1"', ["2001:db8::1"]),
        ('type="omrelp" target="logs.example" port="2514"', ["logs.example"]),
        ('type="omelasticsearch" server="logs.example" template="own"', ["logs.example"]),
        ('type="omelasticsearch" server=["https://a.example:9200", "b.example"]', ["a.example", "b.example"]),
        ('type="omelasticsearch" template="own"', []),  # it sends to the machine itself
        ('type="omkafka" broker=["kafka.example:9092"] topic="logs"', ["kafka.example"]),
        ('type="omkafka" server="kafka.example" topic="logs"', []),
        ('type="omhttp" server="logs.example" serverport="443" restpath="x"', ["logs.example"]),
        ('type="omfile" file="/var/log/x" target="logs.example"', []),
    ],
)
def test_hosts_of_an_output(action: str, sent: list[str]) -> None:
    """Each output has an option of its own that says where it sends."""
    files = {"/etc/rsyslog.conf": f"{SOCKET}action({action})\n"}
    assert {host for route in configs.read("rsyslogd", files)[0] for host in route.sends} == set(sent)


AWAY = 'ruleset(name="away" queue.type="LinkedList") {\n  action(type="omfwd" target="logs.example")\n}\n'


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (f"{AWAY}*.* call away\n", True),
        (f"call away\n{AWAY}", True),
        (AWAY, False),
        (f"{AWAY}mail.* call away\n", False),
        (f'{AWAY}if $programname == "sshd" then call away\n', False),
        (f"{AWAY}*.* call other\n", False),
        (f"*.* stop\n{AWAY}call away\n", False),
        ("*.info;\\\n  mail.none @@logs.example\n", True),
        ("mail.*;\\\n  *.info;daemon.none @@logs.example\n", False),
        ("*.* :omrelp:logs.example:2514\n", True),
        ("mail.* :omrelp:logs.example:2514\n", False),
    ],
)
def test_other_ways_to_write_it(text: str, sent: bool) -> None:
    """A rule set that is called, a selector on two lines, and the old form of RELP; seen with rsyslog 8.2504."""
    assert (OF_DAEMON in read(text)[0]) is sent


FILES = {
    "/etc/rsyslog.d/10-away.conf": SENDING,
    "/srv/more/away.conf": SENDING,
    "/srv/more/away.off": SENDING,
}


@pytest.mark.parametrize(
    ("line", "sent", "understood"),
    [
        ("$IncludeConfig /etc/rsyslog.d/*.conf", True, True),
        ('include(file="/etc/rsyslog.d/*.conf" mode="optional")', True, True),
        ("include(mode='optional' file='/srv/more/*.conf')".replace("'", '"'), True, True),
        ("$IncludeConfig /srv/more/away.conf", True, True),
        ("$includeconfig rsyslog.d/", True, True),
        ("", False, True),  # a folder that nobody includes
        ("# $IncludeConfig /etc/rsyslog.d/*.conf", False, True),
        ("$IncludeConfig /srv/more/*.none", False, False),
    ],
)
def test_what_is_included(line: str, sent: bool, understood: bool) -> None:
    """A file counts where it is included, and wherever it lies."""
    assert read(f"{line}\n", **FILES) == (ALL if sent else set(), understood)


def test_include_without_a_file() -> None:
    """Where the probe looked and found none, there is none."""
    assert read("$IncludeConfig /etc/rsyslog.d/*.conf\n", SENDING, **{"/etc/rsyslog.d/*.conf": ""}) == (
        ALL,
        True,
    )


@pytest.mark.parametrize(
    ("selector", "reads"),
    [
        ("*.*", ALL),
        ("*.info;mail.none", ALL),
        ("daemon.*", {OF_DAEMON, "syslog:daemon"}),
        ("daemon.*;user.info", {OF_DAEMON, "syslog:daemon", OF_DRIVER, "syslog:user"}),
        ("*.*;local0.none", ALL - {"syslog:local0", "journal:local0"}),
        ("*.*;*.!=debug", ALL),
        ("*.*;*.!=info", set()),
        ("*.*;*.!notice", set()),
        ("if $programname != 'haproxy' then", ALL),
        ("if $programname != 'dockerd' then", set()),
        ("if $syslogseverity <= 6 then", ALL),
        ("if $syslogseverity < 7 then", ALL),
        ("if $syslogseverity <= 7 then", ALL),
        ("if $syslogseverity < 6 then", set()),
        ("if $syslogseverity <= 5 then", set()),
        ("if $syslogseverity < 0 then", set()),
    ],
)
def test_facility_that_is_sent(selector: str, reads: set[str]) -> None:
    """The engine speaks as a daemon, its driver journald as a user, its driver syslog as it is told."""
    assert read(f"{selector} @@logs.example\n")[0] == reads


@pytest.mark.parametrize(
    "text",
    [
        f"$RuleSet away\n{SENDING}",
        f'$DefaultRuleset here\nruleset(name="here") {{ *.* /x }}\n{SENDING}',
        'if $programname == "x" then # don\'t send more\n  action(type="omfwd" target="logs.example")',
        'action(type="omfwd" target="logs.example" config.enabled="off")',
        'action(type="omfwd" config.enabled=`echo $SEND` target="logs.example")',
    ],
)
def test_output_that_sends_nothing(text: str) -> None:
    """Seen with rsyslog 8.2504: rules of another set, of a condition with a comment behind it, or switched off."""
    assert not read(f"{text}\n")[0]


def test_rule_set_that_ends() -> None:
    """What comes after it is for all again."""
    assert read(f"$RuleSet x\n*.* /x\n$RuleSet RSYSLOG_DefaultRuleset\n{SENDING}") == (ALL, True)


@pytest.mark.parametrize(
    ("options", "rules", "sent"),
    [
        ("", SENDING, True),
        ('ruleset="x" ', f'ruleset(name="x") {{ *.* /y }}\n{SENDING}', False),
        ('ruleset="x" ', 'ruleset(name="x") { action(type="omfwd" target="logs.example") }', True),
        ('ruleset="x" ', f'ruleset(name="y") {{ {SENDING} }}', False),
        ('startmsg.regex="^x$" ', SENDING, False),
        ('config.enabled="off" ', SENDING, False),
        ("", "daemon.* @@logs.example", False),
        ("", "local0.* @@logs.example", True),
        ('Facility="local6" ', "local6.* @@logs.example", True),
        ('Facility="local6" ', "*.*;local6.none @@logs.example", False),
        ('Severity="debug" ', SENDING, True),
        ('Severity="debug" ', "*.info @@logs.example", False),
        ('Severity="debug" ', "*.debug @@logs.example", True),
        ('Severity="debug" ', f"*.=debug stop\n{SENDING}", False),
        ('Severity="7" ', "*.debug @@logs.example", False),  # a word alone is followed
        ("", "*.notice @@logs.example", True),
        ("", "*.warning @@logs.example", False),
        ("", f"local0.* /x\n& stop\n{SENDING}", False),
        ("", f"local6.* /x\n& stop\n{SENDING}", True),
        ("", f':programname, isequal, "audit" stop\n{SENDING}', False),
        ("", f':programname, isequal, "dockerd" stop\n{SENDING}', True),
        # under a condition
        ("", f'if $syslogtag == "audit:" then {FORWARD}', True),
        ("", f"if ($syslogtag startswith 'audit') then {{\n  {FORWARD}\n  stop\n}}", True),
        ("", ':syslogtag, startswith, "audit" @@logs.example', True),
        ("", f'if $syslogtag == "other:" then {FORWARD}', False),
        ("", f'if $syslogtag == "audit:" and $msg contains "x" then {FORWARD}', False),
        ("", f'if $syslogtag == "audit:" or $msg contains "x" then {FORWARD}', True),
        ("", f'if ($syslogtag == "audit:" or 1) and $msg contains "x" then {FORWARD}', False),
        ("", f'if not ($syslogtag == "audit:") then {FORWARD}', False),
        ("", f'if $syslogtag == "audit:" then {{\n stop\n}} else {{\n {FORWARD}\n}}', False),
        ("", f'if $syslogtag == "audit:" then {{\n stop\n {FORWARD}\n}}', False),
        ("", f'if $syslogtag == "audit:" then {{\n if $msg == "x" then {{\n {FORWARD}\n }}\n}}', False),
        ("", f'if $syslogfacility-text == "local0" then {FORWARD}', True),
        ("", f'if prifilt("local0.*") then {FORWARD}', True),
        ("", f'if prifilt("local0.warning") then {FORWARD}', False),
    ],
)
def test_file_that_is_sent(options: str, rules: str, sent: bool) -> None:
    """By its own facility, tag and rule set; seen with rsyslog 8.2504."""
    path = "/var/log/audit/audit.log"
    text = f'input(type="imfile" {options}Tag="audit:" File="{path}")\n{rules}\n'
    routes, understood = configs.read("rsyslogd", {"/etc/rsyslog.conf": f"{SOCKET}{IMFILE}{text}"})
    assert [path in each.reads for each in routes if path in each.reads or each.sends].count(True) == (
        0 if "config" in options or "regex" in options else 1
    )
    assert any(path in each.reads and each.sends for each in routes) is sent
    assert understood is not ("regex" in options or 'name="y"' in rules)
    without_module, _ = configs.read("rsyslogd", {"/etc/rsyslog.conf": f"{SOCKET}{text}"})
    assert not any(path in each.reads for each in without_module)


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('template(name="own" type="string" string="nothing\\n")', False),
        ('template(name="own" type="string" string="%HOSTNAME% %msg%\\n")', True),
        ('template(name="own" type="list") { property(name="msg") constant(value="\\n") }', True),
        ('template(name="own" type="list") { property(name="hostname") }', False),
        ('template(name="own" type="subtree" subtree="$!")', True),
        ('$template own,"%HOSTNAME% %rawmsg%\\n"', True),
        ('$template own,"%HOSTNAME%\\n"', False),
        ('$template own,"%HOSTNAME% %msgid%\\n"', False),
        ('$template own,"%HOSTNAME% msg=%procid%\\n"', False),
        ('$template own,"%msg:::drop-last-lf%\\n"', True),
        ('$template own,"%rawmsg-after-pri%\\n"', True),
        ('$template own,"%jsonmesg%\\n"', True),
        (
            'template(name="msg" type="string" string="%hostname%")\ntemplate(name="own" type="string" string="%MSG%")',
            True,
        ),
        ('template(name="own" type="list") { property(name="msgid") constant(value="msg") }', False),
        ('template(name="own" type="list") { property(name="$!all-json") }', True),
    ],
)
def test_template_without_the_message(template: str, sent: bool) -> None:
    """What is sent by it says nothing of what happened."""
    for rule in (
        "*.* @@logs.example:514;own",
        'action(type="omfwd" target="logs.example" template="own")',
    ):
        assert read(f"{template}\n{rule}\n") == (ALL if sent else set(), True)
    assert read(f"{template}\n*.* @@logs.example;RSYSLOG_ForwardFormat\n") == (ALL, True)


def test_template_that_is_called_like_a_property() -> None:
    """Its name says nothing of what is in it."""
    text = 'template(name="msg" type="string" string="%hostname%")\n*.* @@logs.example;msg\n'
    assert read(text) == (set(), True)


@pytest.mark.parametrize(
    ("module", "setting", "cmdline", "sent"),
    [
        ("imuxsock", "MaxLevelSyslog=info", "max_level_syslog=err", False),
        ("imuxsock", "ForwardToSyslog=yes", "forward_to_syslog=no", False),
        ("imuxsock", "ForwardToSyslog=no", "forward-to-syslog=1", True),
        ("imjournal", "MaxLevelStore=info", "max_level_store=2", False),
        ("imuxsock", "MaxLevelSyslog=err", "", False),
        ("imuxsock", "MaxLevelSyslog=info", "", True),
        ("imuxsock", "MaxLevelSyslog=6", "", True),
        ("imuxsock", "#MaxLevelSyslog=debug", "", True),
        ("imuxsock", "MaxLevelStore=err\nStorage=none", "", True),
        ("imjournal", "MaxLevelStore=crit", "", False),
        ("imjournal", "MaxLevelStore=debug", "", True),
        ("imjournal", "Storage=none", "", False),
        ("imjournal", "Storage=volatile", "", True),
        ("imjournal", "MaxLevelSyslog=err", "", True),
    ],
)
def test_journald_that_keeps_or_passes_on_some(module: str, setting: str, cmdline: str, sent: bool) -> None:
    """Of what is below its level rsyslog gets nothing; the kernel's command line wins over files."""
    files = {
        "/etc/rsyslog.conf": f'module(load="{module}")\n{SENDING}',
        "/etc/systemd/journald.conf": f"[Journal]\n{setting}\n",
        "/proc/cmdline/journald.conf.d/~": f"[Journal]\n{cmdline}\n",
    }
    routes, _ = configs.read("rsyslogd", files)
    assert any(OF_DAEMON in each.reads and each.sends for each in routes) is sent


def test_reason_of_a_doubt() -> None:
    """It is told after what was read."""
    with pytest.raises(ValueError, match="some messages are stopped"):
        list(rsyslog({"/etc/rsyslog.conf": f"{SOCKET}if 1 then stop\n{SENDING}"}))
