"""Draws what an audit costs, from the figures of `bench/local.py`: tables and curves for docs/bench.

    python bench/local.py --containers 10,100,300,1000 --json figures.json
    python bench/draw.py figures.json       # or: tox -e bench-draw -- figures.json

Each picture is an SVG of a few kilobytes without scripts, whose colours follow the reader's choice of light or dark,
and whose description says in words what the curves show. The figures themselves stand in `figures.json` and in a table.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parents[1] / "docs/bench"
WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 176, 20, 48
STYLE = """
  svg { color-scheme: light dark; }
  .paper { fill: #fcfcfb; } text { fill: #1b2126; font: 13px system-ui, sans-serif; } .soft { fill: #565f66; }
  .grid { stroke: #dfe2e1; } .axis { stroke: #565f66; } .curve { fill: none; stroke-width: 2.5; }
  .c0 { stroke: #b42318; fill: #b42318; } .c1 { stroke: #0b5a83; fill: #0b5a83; }
  .c2 { stroke: #2f7d6b; fill: #2f7d6b; } .c3 { stroke: #a86400; fill: #a86400; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #15181c; } text { fill: #e6e9ec; } .soft { fill: #a3adb6; }
    .grid { stroke: #30363d; } .axis { stroke: #a3adb6; }
    .c0 { stroke: #f4796b; fill: #f4796b; } .c1 { stroke: #7cc0ea; fill: #7cc0ea; }
    .c2 { stroke: #5fb8a2; fill: #5fb8a2; } .c3 { stroke: #e9b04d; fill: #e9b04d; }
  }
"""
PAGE = """<!-- written by bench/draw.py from figures.json -->
# What an audit costs

How time and memory of an audit of one host grow with its containers.
{where}.

![{time.title}; the figures are in the table below](time.svg)

![{memory.title}; the figures are in the table below](memory.svg)

Both axes are logarithmic. A time is the best of several runs. The load is that of the machine after the runs of a row,
with what these and the containers themselves add to it.

{table}
- *whole audit*: `pytest -m cis` from its start to the written reports;
- *probe script*: what of it runs on the host;
- *plain docker commands*: `docker info`, `docker version`, and one `docker inspect` of all containers;
- *docker-bench-security*: on the same containers, once;
- *peak memory*: of the largest process of the audit.

The figures are in [figures.json](figures.json). Measure them on your own machine, as root, and draw them:

```sh
tox -e bench -- --containers 10,100,300,1000 --json figures.json
tox -e bench-draw -- figures.json
```

[How far it scales](../scale.md) has the figures of many hosts. `bench/README.md` in the repository says what each
measurement does, and which targets it meets.
"""
DASHES = ("", "7 4", "2 3", "10 3 2 3")  # curves are told apart without colours too

Point = tuple[float, float]
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Curve:
    """A curve with its name."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Chart:
    """Curves over the number of containers, both axes logarithmic; a straight line is one of slope 1."""

    title: str
    unit: str
    curves: Sequence[Curve]

    def words(self) -> str:
        """What the curves show, for those who do not see them."""
        said = (
            f"{each.name}: "
            + ", ".join(f"{_number(y)} {self.unit} with {x:.0f} containers" for x, y in each.points)
            for each in self.curves
        )
        return ". ".join(said) + "."


def main() -> None:
    """Write the pictures and the page."""
    parser = argparse.ArgumentParser(description="Draw the figures of bench/local.py.")
    parser.add_argument("figures", type=Path, help="what bench/local.py --json wrote")
    parser.add_argument("--to", type=Path, default=PLACE, help="a folder (default: docs/bench)")
    given = parser.parse_args()
    document = json.loads(given.figures.read_text(encoding="utf-8"))
    given.to.mkdir(parents=True, exist_ok=True)
    for name, text in files(document).items():
        (given.to / name).write_text(text, encoding="utf-8")


def files(document: Figures) -> dict[str, str]:
    """Every file of docs/bench by name; equal figures give equal files."""
    return {
        "figures.json": json.dumps(document, indent=1) + "\n",
        "index.md": page(document),
        **{f"{name}.svg": svg(chart) for name, chart in charts(document["measurements"]).items()},
    }


def charts(measurements: Sequence[Figures]) -> dict[str, Chart]:
    """The curves that were measured."""

    def curve(name: str, value: Callable[[Figures], float | None]) -> Curve:
        pairs = ((float(each["containers"]), value(each)) for each in measurements)
        return Curve(name, [(x, y) for x, y in pairs if y is not None])

    times = (
        curve("docker-bench-security", lambda each: each["docker_bench"]),
        curve("whole audit", lambda each: each["audit"]),
        curve("probe script", lambda each: each["probe_script"]),
        curve("docker commands", lambda each: each["plain_commands"]),
    )
    memory = curve("largest process", lambda each: each["audit_peak"] / 1e6)
    return {
        "time": Chart(
            "Time of an audit by the number of containers", "s", [each for each in times if each.points]
        ),
        "memory": Chart("Memory of an audit by the number of containers", "MB", [memory]),
    }


def page(document: Figures) -> str:
    """The page with the pictures and the table."""
    where = "Measured on {date}: {cores} cores, {memory_gib} GiB, Python {python}, Linux {kernel}"
    known = charts(document["measurements"])
    return PAGE.format(
        where=where.format(**document["machine"]),
        table=table(document["measurements"]),
        **known,
    )


def table(measurements: Sequence[Figures]) -> str:
    """The figures as Markdown."""
    heads = (
        *("containers", "whole audit", "probe script", "plain docker commands", "`pytest --version`"),
        *("docker-bench-security", "peak memory", "load"),
    )
    rows = (_cells(each) for each in measurements)
    lines = [heads, ["--:"] * len(heads), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _cells(each: Figures) -> list[str]:
    bench = each["docker_bench"]
    ended = "> " if each["docker_bench_ended"] else ""
    times = (each[name] for name in ("audit", "probe_script", "plain_commands", "pytest_version"))
    return [
        str(each["containers"]),
        *(f"{seconds:.2f} s" for seconds in times),
        "not measured" if bench is None else f"{ended}{bench:.0f} s",
        f"{each['audit_peak'] / 1e6:.0f} MB",
        f"{each['load']:.1f}",
    ]


def svg(chart: Chart) -> str:
    """*chart* as a picture."""
    values = [y for each in chart.curves for _, y in each.points]
    across = _scale([x for each in chart.curves for x, _ in each.points], LEFT, WIDTH - RIGHT)
    up = _scale(values, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(chart.title)}</title>',
        f'<desc id="d">{escape(chart.words())}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        *_grid(chart, across, up),
        *(part for at, each in enumerate(chart.curves) for part in _drawn(at, each, across, up)),
        *_names(chart, up),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Scale:
    """A logarithmic axis from *low* to *high*, and where these are."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def marks(self) -> list[float]:
        """Powers of ten, with 2 and 5 between them where there are few."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high / self.low < 200 else (1,)
        every = (step * 10.0**power for power in powers for step in steps)
        return [each for each in every if self.low * 0.999 <= each <= self.high * 1.001]


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low, high = min(values), max(values)
    return _Scale(low * 0.8, high * 1.25, start, end)


def _grid(chart: Chart, across: _Scale, up: _Scale) -> Iterable[str]:
    for mark in up.marks():
        y = up(mark)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="soft" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{_number(mark)} {chart.unit}</text>'
    bottom = HEIGHT - BOTTOM
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    for count in sorted({x for each in chart.curves for x, _ in each.points}):
        x = across(count)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield f'<text class="soft" x="{x}" y="{bottom + 20}" text-anchor="middle">{count:.0f}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    below = "containers (both axes are logarithmic)"
    yield f'<text class="soft" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{below}</text>'


def _drawn(at: int, curve: Curve, across: _Scale, up: _Scale) -> Iterable[str]:
    places = [(across(x), up(y)) for x, y in curve.points]
    path = " ".join(f"{x},{y}" for x, y in places)
    yield f'<polyline class="curve c{at}" stroke-dasharray="{DASHES[at]}" style="fill: none" points="{path}"/>'
    for x, y in places:
        yield f'<circle class="c{at}" cx="{x}" cy="{y}" r="3.5"/>'


def _names(chart: Chart, up: _Scale) -> Iterable[str]:
    """Each curve's name and last figure at its end, moved apart where they would lie on each other."""
    lowest = -math.inf
    for at, each in sorted(enumerate(chart.curves), key=lambda pair: up(pair[1].points[-1][1])):
        last = each.points[-1][1]
        y = lowest = max(up(last), lowest + 34)
        x = WIDTH - RIGHT + 8
        yield f'<rect class="c{at}" x="{x}" y="{y - 9}" width="4" height="26"/>'
        yield f'<text x="{x + 10}" y="{y}">{escape(each.name)}</text>'
        yield f'<text class="soft" x="{x + 10}" y="{y + 16}">{_number(last)} {chart.unit}</text>'


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
