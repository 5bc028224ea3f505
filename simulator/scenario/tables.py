"""Rows written to a file as they come, as CSV or as Parquet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from edge_agent.errors import ConfigError

_DIGITS = 10
_ROWS_A_GROUP = 50_000         # of a Parquet file: what is kept in memory until it is written
Cell = str | float | None


class Table(Protocol):
    """``write`` takes a cell for each column; None is left empty."""

    def write(self, row: Sequence[Cell]) -> None: ...

    def close(self) -> None: ...


class CsvTable:
    """One head line; numbers with ten digits."""

    def __init__(self, path: Path, columns: Sequence[str], *, texts: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(columns)

    def write(self, row: Sequence[Cell]) -> None:
        self._rows.writerow([f"{cell:.{_DIGITS}g}" if isinstance(cell, float) else cell for cell in row])

    def close(self) -> None:
        self._file.close()


class ParquetTable:
    """Columns of ``texts`` as strings, all others as doubles; what is empty is null. Raises ConfigError: pyarrow is missing."""

    def __init__(self, path: Path, columns: Sequence[str], *, texts: Sequence[str]) -> None:
        self._arrow, parquet = load_arrow()
        self._schema = self._arrow.schema(
            [(name, self._arrow.string() if name in texts else self._arrow.float64()) for name in columns]
        )
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._rows: list[Sequence[Cell]] = []

    def write(self, row: Sequence[Cell]) -> None:
        self._rows.append(row)
        if len(self._rows) >= _ROWS_A_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.table([list(cells) for cells in zip(*self._rows, strict=True)], schema=self._schema))
            self._rows = []


TABLES: dict[str, Callable[..., Table]] = {"csv": CsvTable, "parquet": ParquetTable}


def load_arrow() -> tuple[Any, Any]:
    """The modules ``pyarrow`` and ``pyarrow.parquet``. Raises ConfigError saying what to install."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as exc:
        raise ConfigError(["pyarrow is needed to write Parquet: .venv/bin/pip install 'pyarrow>=14,<26', or --format csv"]) from exc
    return pyarrow, pyarrow.parquet
