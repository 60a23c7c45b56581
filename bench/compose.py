"""Measures an audit of Compose files, beside compose-lint on the same files.

In an environment with hullcheck and its extra `bench`, where `docker compose` is:

    python bench/compose.py                 # or: tox -e bench-compose -- --files 1,100

The files differ in their names and numbers, and have two services each. A time is the best of several runs, in turns.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the self-tests are not installed with hullcheck

from timing import head, machine, row, run  # noqa: E402

from selftests.rig import removal  # noqa: E402

FILE = """services:
  web:
    image: web:{number}
    ports: ["{port}:80"]
    environment:
      DB_PASSWORD: ${{DB_PASSWORD:-hunter2x9}}
    volumes: ["./data:/data", "/var/run/docker.sock:/var/run/docker.sock"]
  db:
    image: db
    restart: unless-stopped
    volumes: ["db:/var/lib/db"]
volumes:
  db:
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", default="1,100", help="how many (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each command (default: %(default)s)")
    options = parser.parse_args()
    programs = Path(sys.executable).parent
    print(f"Measured on {machine()}\n\n{head('files', 'hullcheck', 'its processor time', 'compose-lint', 'ratio')}")
    for count in map(int, options.files.split(",")):
        with removal.temporary() as folder:
            names = [f"{number}.yml" for number in range(count)]
            for number, name in enumerate(names):
                (folder / name).write_text(FILE.format(number=number + 1, port=8000 + number))
            ours = [str(programs / "hullcheck"), "audit", "-q", *names]
            theirs = [str(programs / "compose-lint"), "-q", *names]
            turns = [(run(ours, folder), run(theirs, folder)) for _ in range(options.runs)]
            mine = min((each for each, _ in turns), key=lambda each: each.seconds)
            other = min(each.seconds for _, each in turns)
            ratio = f"{mine.seconds / other:.1f}"
            print(row(count, f"{mine.seconds:.2f} s", f"{mine.processor:.2f} s", f"{other:.2f} s", ratio))


if __name__ == "__main__":
    main()
