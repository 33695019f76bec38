"""Tests of Parquet files for Spark: what it refuses becomes what it reads, exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flask_outpour import RowError
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import Parquet
from formats.recorded import read_parquet
from formats.recorded import written
from formats.recorded import written_arrow

KEY = UUID(int=1)
MOMENT = datetime(2020, 2, 29, 12, 30, 15, 250_000)
INSTANT = MOMENT.replace(tzinfo=UTC)
#: Types, values, the type that is written, and what is read of it.
COLUMNS: list[tuple[Any, list[Any], Any, list[Any] | None]] = [
    (pa.time64("us"), [time(5, 15), time.max], pa.string(), ["05:15:00.000000", None]),
    (pa.time64("ns"), [time(5, 15)], pa.string(), ["05:15:00.000000"]),
    (pa.time32("s"), [time(5, 15)], pa.string(), ["05:15:00.000000"]),
    (pa.timestamp("ns"), [MOMENT], pa.timestamp("us"), [MOMENT]),
    (pa.timestamp("ns", "UTC"), [INSTANT], pa.timestamp("us", "UTC"), [INSTANT]),
    (pa.timestamp("us"), [datetime.min, datetime.max], pa.timestamp("us"), None),
    (pa.date32(), [date.min, date.max], pa.date32(), None),
    (pa.duration("us"), [timedelta(-1, 2, 3)], pa.int64(), [-86_397_999_997]),
    (pa.duration("ns"), [timedelta(0, 2)], pa.int64(), [2_000_000]),
    (pa.duration("s"), [timedelta(0, 2)], pa.int64(), [2_000_000]),
    (pa.float16(), [0.5], pa.float32(), [0.5]),
    (pa.uint8(), [255], pa.uint8(), None),
    (pa.uint64(), [2**64 - 1], pa.uint64(), None),
    (
        pa.decimal256(50, 2),
        [Decimal(10**36 - 1)],
        pa.decimal128(38, 2),
        [Decimal(10**36 - 1)],
    ),
    (pa.uuid(), [KEY.bytes], pa.string(), [str(KEY)]),
    (pa.large_string(), ["a"], pa.large_string(), None),
    (pa.string_view(), ["a"], pa.string_view(), None),
    (pa.binary_view(), [b"a"], pa.binary_view(), None),
    (pa.null(), [None], pa.null(), None),
    (
        pa.list_(pa.time64("us")),
        [[time(1), None], []],
        pa.list_(pa.string()),
        [["01:00:00.000000", None], []],
    ),
    (
        pa.struct({"a": pa.duration("us"), "b": pa.timestamp("ns")}),
        [{"a": timedelta(0, 1), "b": MOMENT}],
        pa.struct({"a": pa.int64(), "b": pa.timestamp("us")}),
        [{"a": 1_000_000, "b": MOMENT}],
    ),
    (
        pa.map_(pa.string(), pa.list_(pa.time64("us"))),
        [[("a", [time(1)])]],
        pa.map_(pa.string(), pa.list_(pa.string())),
        [[("a", ["01:00:00.000000"])]],
    ),
]
COLUMNS[0][3][1] = "23:59:59.999999"  # type: ignore[index]


def file_of(columns: Sequence[Any]) -> bytes:
    """Return a file with a column of each, in which a value is missing."""
    longest = max(len(values) for _, values, *_ in columns) + 1
    arrays = [
        pa.array([*values, *[None] * (longest - len(values))], kind)
        for kind, values, *_ in columns
    ]
    batch = pa.RecordBatch.from_arrays(arrays, [f"c{n}" for n in range(len(arrays))])
    return written_arrow(Parquet(flavor="spark"), batch.schema, batch)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column[0]))
def test_types_that_spark_lacks_become_others(column: Any) -> None:
    """All other types stay as they are, and so do all values."""
    _, values, wanted, read = column
    table = read_parquet(file_of([column]))
    assert table.schema.types == [wanted]
    expected = values if read is None else read
    assert table.column(0).to_pylist() == [*expected, None]


def test_categories_and_other_types_are_decoded() -> None:
    """A dictionary of times is one of texts; one that needs nothing stays one."""
    times = pa.array([time(1), None], pa.time64("us")).dictionary_encode()
    texts = pa.array(["a", None]).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([times, texts], ["a", "b"])
    table = read_parquet(written_arrow(Parquet(flavor="spark"), batch.schema, batch))
    assert table.schema.field("b").type == texts.type
    assert table.to_pylist()[0] == {"a": "01:00:00.000000", "b": "a"}


def test_rows_of_python() -> None:
    """Rows become the same file, by way of a guess, or of a schema."""
    rows = [(time(1), timedelta(0, 1), MOMENT), (None, None, None)]
    kinds = [pa.time64("us"), pa.duration("us"), pa.timestamp("ns")]
    schema = pa.schema(list(zip("abc", kinds, strict=True)))
    for options in ({}, {"schema": schema}):
        format = Parquet(flavor="spark", **options)
        table = read_parquet(written(format, "abc", rows))
        assert table.schema.types == [pa.string(), pa.int64(), pa.timestamp("us")]
        assert table.to_pylist()[0] == {
            "a": "01:00:00.000000",
            "b": 1_000_000,
            "c": MOMENT,
        }


#: Values that Spark has no place for.
LOSING: list[tuple[Any, Any]] = [
    (pa.timestamp("ns"), 1001),
    (pa.time64("ns"), 1001),
    (pa.duration("ns"), 1001),
    (pa.time64("us"), 86_400_000_000),
    (pa.decimal256(50, 2), Decimal(10**37)),
    (pa.list_(pa.timestamp("ns")), [1001]),
    (pa.struct({"b": pa.time64("us")}), {"b": 86_400_000_000}),
    (pa.map_(pa.string(), pa.time64("us")), [("b", -1)]),
]


@pytest.mark.parametrize(("kind", "value"), LOSING, ids=str)
def test_what_would_lose_something_is_named(kind: Any, value: Any) -> None:
    """The error has the number of the row, over all batches, and the column."""
    good = pa.record_batch({"n": [1, 2], "a": pa.array([None, None], kind)})
    bad = pa.record_batch({"n": [3, 4], "a": pa.array([None, value], kind)})
    format = Parquet(flavor="spark")
    content = format.begin_arrow(good.schema) + format.feed_arrow(good)
    for _ in range(2):
        with pytest.raises(RowError, match=r"^Row 4, column 'a': .* does not fit"):
            format.feed_arrow(bad)
    content += format.feed_arrow(bad.slice(0, 1)) + format.feed_arrow(good)
    assert read_parquet(content + format.finish()).num_rows == 5


def test_rows_that_would_lose_something_are_named() -> None:
    """So they are where rows came, which then do not count as written."""
    schema = pa.schema({"a": pa.timestamp("ns")})
    format = Parquet(flavor="spark", schema=schema)
    format.begin(["a"])
    format.feed([(MOMENT,), (None,)])
    fine = pandas.Timestamp(1001, unit="ns")
    for _ in range(2):
        with pytest.raises(RowError, match=r"^Row 4, column 'a'"):
            format.feed([(MOMENT,), (fine,)])


@pytest.mark.parametrize(
    "names", [["a", "A"], ["straße", "STRAßE"], ["x", "é", "É"]], ids=str
)
def test_names_that_are_one_to_spark_are_refused(names: list[str]) -> None:
    """It finds columns by their names without a look at the case."""
    row = tuple(range(len(names)))
    with pytest.raises(RowError, match="Spark ignores case"):
        written(Parquet(flavor="spark"), names, [row])
    batch = pa.RecordBatch.from_arrays([pa.array([1])] * len(names), names)
    with pytest.raises(RowError, match="Spark ignores case"):
        Parquet(flavor="spark").begin_arrow(batch.schema)
    assert written(Parquet(), names, [row])


def test_fields_that_are_one_to_spark_are_refused() -> None:
    """Those of structs, in lists and maps, too."""
    struct = pa.struct({"a": pa.int8(), "A": pa.int8()})
    for kind in (struct, pa.list_(struct), pa.map_(pa.string(), struct)):
        with pytest.raises(RowError, match="Spark ignores case"):
            Parquet(flavor="spark").begin_arrow(pa.schema({"x": kind}))


@pytest.mark.parametrize("kind", [pa.decimal256(60, 40), pa.list_(pa.uuid())], ids=str)
def test_types_without_a_place_are_refused(kind: Any) -> None:
    """What has no exact counterpart is named before the first byte."""
    with pytest.raises(RowError, match=r"'x' is of type .*, which Spark lacks"):
        Parquet(flavor="spark").begin_arrow(pa.schema({"x": kind}))


def test_only_spark_is_a_flavor() -> None:
    """Another one is refused."""
    with pytest.raises(ConfigurationError, match="flavor= takes None or 'spark'"):
        Parquet(flavor="hive")  # type: ignore[arg-type]


def test_other_readers_read_it() -> None:
    """DuckDB and pandas take what Spark takes."""
    content = file_of([column for column in COLUMNS if column[0] != pa.null()])
    columns = pq.read_table(BytesIO(content))  # noqa: F841
    assert duckdb.sql("select c0, c7 from columns").fetchall()[0] == (
        "05:15:00.000000",
        -86_397_999_997,
    )
    assert pandas.read_parquet(BytesIO(content))["c0"][0] == "05:15:00.000000"


#: Prints the schema that Spark finds, and the texts of all values.
READ = """
import json, sys
from pyspark.sql import SparkSession
options = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
}
builder = SparkSession.builder.master("local[1]")
for name, value in options.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
frame = spark.read.parquet(sys.argv[1])
texts = frame.selectExpr(*[f"cast({name} as string)" for name in frame.columns])
found = [[field.dataType.simpleString() for field in frame.schema.fields]]
found += [list(row) for row in texts.collect()]
spark.stop()
print(json.dumps(found))
"""


def test_spark_reads_it(tmp_path: Path) -> None:
    """Where Spark is installed, it finds all types and values."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    path = tmp_path / "columns.parquet"
    path.write_bytes(file_of(COLUMNS))
    run = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    kinds, first, second, _ = json.loads(run.stdout.splitlines()[-1])
    assert kinds == [
        *("string", "string", "string", "timestamp_ntz", "timestamp"),
        *("timestamp_ntz", "date", "bigint", "bigint", "bigint", "float"),
        *("smallint", "decimal(20,0)", "decimal(38,2)"),
        *("string", "string", "string", "binary", "int"),
        *("array<string>", "struct<a:bigint,b:timestamp_ntz>"),
        "map<string,array<string>>",
    ]
    assert first == [
        *("05:15:00.000000", "05:15:00.000000", "05:15:00.000000"),
        *("2020-02-29 12:30:15.25", "2020-02-29 12:30:15.25"),
        *("0001-01-01 00:00:00", "0001-01-01"),
        *("-86397999997", "2000000", "2000000", "0.5", "255", str(2**64 - 1)),
        *(f"{10**36 - 1}.00", str(KEY), "a", "a", "a", None),
        "[01:00:00.000000, null]",
        "{1000000, 2020-02-29 12:30:15.25}",
        "{a -> [01:00:00.000000]}",
    ]
    assert second[:1] + second[5:7] == [
        *("23:59:59.999999", "9999-12-31 23:59:59.999999", "9999-12-31")
    ]
