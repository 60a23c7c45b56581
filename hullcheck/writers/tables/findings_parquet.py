"""findings.parquet: the rows of findings.csv with the run that found them, for DuckDB and what else reads Parquet.

The extra `query` brings pyarrow, which writes it.
"""

import io
from datetime import UTC, date, datetime
from typing import Any

from hullcheck.results import Audit
from hullcheck.writers.tables import findings_csv

RUN = ("run", "finished", "shard")
"""The columns before those of findings.csv."""
_DAYS = ("accepted_on", "accepted_until")


def render(audit: Audit) -> bytes:
    """Render *audit*: texts as the results have them, times as times, and what is empty in the CSV as NULL."""
    # late: it is an extra, and few runs ask for it
    import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from pyarrow import parquet  # type: ignore[import-untyped,import-not-found,unused-ignore]

    rows = findings_csv.rows(audit)
    run = (audit.run.id, datetime.fromisoformat(audit.run.finished).astimezone(UTC), audit.run.shard or None)
    kinds = {"finished": pa.timestamp("s", tz="UTC"), **dict.fromkeys(_DAYS, pa.date32())}
    columns: dict[str, list[Any]] = {name: [value] * len(rows) for name, value in zip(RUN, run, strict=True)}
    for number, name in enumerate(findings_csv.HEAD):
        columns[name] = [_value(name, row[number]) for row in rows]
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns])
    whole = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=schema), whole, compression="zstd")
    return whole.getvalue()


def _value(name: str, text: str) -> str | date | None:
    if not text:
        return None
    if name in _DAYS:
        return date.fromisoformat(text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # UTF-8 has no lone surrogates
