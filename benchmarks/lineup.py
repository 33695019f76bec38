"""All ways to send the orders: others' as their documentation shows them, and ours.

All who take rows from psycopg have the same server-side cursor, and fetch 1,000 rows at
a time, but for *stream()*, which lets the server send ahead. *Flask's page* is the
snippet of Flask's documentation, ``','.join(map(str, row)) + '\\n'``, which here writes
the lines of Starlette too; *joined by hand* are those of csv.writer, 64 KiB at a time.
Flask and Django run on gunicorn's ``gthread`` worker, the other frameworks on uvicorn;
programs print to a pipe.
"""

from __future__ import annotations

from .contestants import Contestant
from .contestants import Program
from .contestants import Way
from .postgresql import find_program

_VIEWS = "benchmarks.peers."
_ARROW = ("pyarrow",)
_PSQL = find_program("psql") or "psql"
_UVICORN = ("uvicorn", "starlette")

# Lines that end in CRLF take the way of every driver, since COPY cannot write them.
CORE = Way(name="Outpour, SQLAlchemy", path="/core/csv-crlf?rows={rows}")
CURSOR = Way(name="Outpour, psycopg", path="/psycopg/csv?rows={rows}")
STREAM = Way(name="Outpour, psycopg stream()", path="/psycopg-stream/csv?rows={rows}")
LINES = Way(
    name="Outpour, psycopg, NDJSON", path="/psycopg/ndjson?rows={rows}", kind="ndjson"
)
COPY = Way(name="Outpour, COPY", path="/core/csv?rows={rows}")
COPY_DIALECT = Way(
    name="Outpour, COPY, PostgreSQL's text",
    path="/core/csv-postgresql?rows={rows}",
)
COPY_LINES = Way(
    name="Outpour, COPY, NDJSON", path="/core/ndjson?rows={rows}", kind="ndjson"
)
SQLITE = Way(name="Outpour, sqlite3", path="/sqlite3/csv?rows={rows}", from_sqlite=True)
ADBC = Way(
    name="Outpour, ADBC",
    path="/adbc/csv?rows={rows}",
    needs=("adbc_driver_postgresql", *_ARROW),
)
ADBC_READER = Way(
    name="Outpour, ADBC's reader",
    path="/adbc-reader/csv?rows={rows}",
    needs=("adbc_driver_postgresql", *_ARROW),
)
ARROW = Way(name="Outpour, Arrow", path="/arrow/csv?rows={rows}", needs=_ARROW)
ARROW_IPC = Way(
    name="Outpour, Arrow to Arrow IPC",
    path="/arrow/arrows?rows={rows}",
    needs=_ARROW,
    kind="arrow",
)
ARROW_PARQUET = Way(
    name="Outpour, Arrow to Parquet",
    path="/arrow/parquet?rows={rows}",
    needs=_ARROW,
    kind="parquet",
)
PAGE = Way(
    name="Flask's page", path="/page.csv?rows={rows}", app=f"{_VIEWS}flask_views:app"
)
WRITER = Way(
    name="Flask, csv.writer",
    path="/writer.csv?rows={rows}",
    app=f"{_VIEWS}flask_views:app",
)
JOINED = Way(
    name="Flask, joined by hand",
    path="/joined.csv?rows={rows}",
    app=f"{_VIEWS}flask_views:app",
)
PANDAS = Way(
    name="pandas",
    path="/pandas.csv?rows={rows}",
    app=f"{_VIEWS}flask_views:app",
    needs=("pandas",),
)
DJANGO = Way(
    name="Django",
    path="/orders.csv?rows={rows}",
    app=f"{_VIEWS}django_views:application",
    needs=("django",),
)
STARLETTE = Way(
    name="Starlette, generator",
    path="/generator.csv?rows={rows}",
    server="uvicorn",
    app=f"{_VIEWS}starlette_views:app",
    needs=_UVICORN,
    slow=True,
)
STARLETTE_ASYNC = Way(
    name="Starlette, async generator",
    path="/async-generator.csv?rows={rows}",
    server="uvicorn",
    app=f"{_VIEWS}starlette_views:app",
    needs=_UVICORN,
)
FASTAPI = Way(
    name="FastAPI, JSON Lines",
    path="/orders.jsonl?rows={rows}",
    server="uvicorn",
    app=f"{_VIEWS}fastapi_views:app",
    needs=("uvicorn", "fastapi"),
    kind="ndjson",
    slow=True,
)
DATASETTE = Way(
    name="Datasette",
    path="/orders/orders.csv?_stream=1&id__lte={rows}",
    server="datasette",
    app="{sqlite}",
    needs=("datasette",),
    ready="/-/versions.json",
    slow=True,
    from_sqlite=True,
)
PSQL = Program(
    name="psql \\copy",
    needs=(_PSQL,),
    command=(
        *(_PSQL, "{postgresql}", "-Xqc"),
        "\\copy (SELECT * FROM orders LIMIT {rows}) to stdout csv",
    ),
)
SQLITE_PROGRAM = Program(
    name="sqlite3 -csv",
    needs=("sqlite3",),
    command=("sqlite3", "-csv", "{sqlite}", "SELECT * FROM orders LIMIT {rows}"),
    from_sqlite=True,
)
PEERS = (DJANGO, PANDAS, STARLETTE, STARLETTE_ASYNC)
#: All of them, for the race.
CONTESTANTS: tuple[Contestant, ...] = (
    *(PAGE, WRITER, JOINED, *PEERS, FASTAPI, DATASETTE, PSQL, SQLITE_PROGRAM),
    *(CORE, CURSOR, COPY, COPY_DIALECT, COPY_LINES, LINES),
    *(ADBC, ARROW, ARROW_IPC, ARROW_PARQUET, SQLITE),
)
