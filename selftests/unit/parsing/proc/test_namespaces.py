"""Links of namespaces."""

from hullcheck.parsing.proc.namespaces import links


def test_links_of_namespaces() -> None:
    """They are read with and without a folder; other links and lines are passed over."""
    start = "lrwxrwxrwx 1 0 0 0 Nov 1 10:00"
    lines = [
        f"{start} net -> net:[4026531840]",
        f"{start} 7/ns/pid_for_children -> pid:[12]",
        f"{start} 7/exe -> /usr/bin/x",
        f"{start} 7/ns/uts",
        "total 0",
    ]
    assert links(lines) == {"net": "net:[4026531840]", "pid_for_children": "pid:[12]"}
