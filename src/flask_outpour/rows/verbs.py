"""A statement enters; the verbs of its SQL leave, and with them what it does.

::

    WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone
                  DELETE                      SELECT
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy import SelectBase
from sqlalchemy import TextClause
from sqlalchemy import TextualSelect
from sqlalchemy import UpdateBase
from sqlalchemy.orm import FromStatement
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement

from ..errors import SourceError

NO_ROWS = (
    "The statement returns no rows. Pass a SELECT, or another statement that returns"
    " some."
)
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "SELECT INTO"})
#: MySQL and MariaDB commit these by themselves.
_DEFINING = frozenset(
    {"CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "LOAD"}
)
#: PostgreSQL has cursors for these, and for nothing else.
_QUERIES = frozenset({"SELECT", "VALUES", "TABLE"})
#: What may follow a WITH, or an EXPLAIN.
_MAIN = _QUERIES | _WRITING
_PATTERN = r"""
    --[^\n]* | /\*.*?(?:\*/|\Z) {comment}
  | (?P<quoted> "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) | {text} )
  | (?P<token> [^\W\d][\w$]* | [(),;] )
"""


def _tokens(*, comment: str, text: str) -> re.Pattern[str]:
    pattern = _PATTERN.format(comment=comment, text=text)
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


_TOKENS = _tokens(
    comment="",
    text=r"""[eE]'(?:[^'\\]|\\.)*(?:'|\Z) | '[^']*(?:'|\Z)
        | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)""",
)
_TOKENS_OF_MYSQL = _tokens(comment=r"| \#[^\n]*", text=r"'(?:[^'\\]|\\.)*(?:'|\Z)")


def require_reading(statement: Any, dialect: Dialect) -> None:
    """Check that a statement writes nothing, before it is executed.

    Its rows would come, and what it wrote would be rolled back behind them.

    :raises SourceError: where it writes, in a common table expression for example.
    """
    for verb in _verbs(statement, dialect):
        if verb in _DEFINING:
            raise SourceError(NO_ROWS)
        if verb in _WRITING:
            raise SourceError(
                f"The statement writes ({verb}), and stream_rows only reads: it commits"
                " nothing. Execute the statement and commit it yourself, then stream"
                " the rows that it returned: rows ="
                " session.execute(statement).all(), session.commit(),"
                " stream_rows(rows)."
            )


def is_query(statement: Any, dialect: Dialect) -> bool:
    """Whether a statement is one that a database can declare a cursor for."""
    statement = _unwrapped(statement)
    if isinstance(statement, TextualSelect):
        statement = statement.element
    if isinstance(statement, SelectBase | FunctionElement):
        return True
    return next(verbs_of_sql(_sql_of(statement, dialect), dialect), "") in _QUERIES


def verbs_of_sql(sql: str, dialect: Dialect) -> Iterator[str]:
    """Yield the verbs of some SQL, those of its common table expressions included.

    What an EXPLAIN is of has one only where it is run.
    """
    is_mysql = dialect.name in ("mysql", "mariadb")
    before = ""
    # What is expected in each parenthesis that is open.
    states = ["begin"]
    for match in (_TOKENS_OF_MYSQL if is_mysql else _TOKENS).finditer(sql):
        if not (match["token"] or match["quoted"]):
            continue
        token = (match["token"] or "").upper()
        if token == "(":
            states.append(_inside(states[-1], before))
        elif token == ")":
            states[1:] = states[1:-1]
        elif token == ";":
            states = ["begin"]
        elif token == "ANALYZE" and states[-1] == "options":
            states[-2] = "analyze"
        elif token and token != ",":
            verb, states[-1] = _step(states[-1], token, before)
            if verb:
                yield verb
        before = token


def _inside(state: str, before: str) -> str:
    """Return what is expected behind an opening parenthesis."""
    if state == "explain":
        return "options"
    is_cte = state == "with" and before in ("AS", "MATERIALIZED")
    return "begin" if is_cte or state == "begin" else "rest"


def _step(state: str, word: str, before: str) -> tuple[str | None, str]:
    """Return the verb that a word is, if it is one, and what is expected next."""
    if state in ("begin", "analyze") and word == "WITH":
        return None, "with"
    if state == "begin":
        later = {"SELECT": "select", "ANALYZE": "analyze"}
        explains = word in ("EXPLAIN", "DESCRIBE", "DESC")
        return word, "explain" if explains else later.get(word, "rest")
    if state == "explain" and word == "ANALYZE":
        return None, "analyze"
    if state == "explain" and word in {"WITH", *_MAIN}:
        # It is not run.
        return None, "rest"
    if state == "select" and word == "INTO":
        return "SELECT INTO", "rest"
    is_name = before in ("WITH", "RECURSIVE", ",")
    if state in ("with", "analyze") and word in _MAIN and not is_name:
        return word, "select" if word == "SELECT" else "rest"
    return None, state


def _verbs(statement: Any, dialect: Dialect) -> Iterator[str]:
    whole = _unwrapped(statement)
    if not isinstance(whole, SelectBase | FunctionElement | UpdateBase):
        yield from verbs_of_sql(_sql_of(whole, dialect), dialect)
    for element in visitors.iterate(whole):
        if isinstance(element, UpdateBase):
            yield element.__visit_name__.upper()
        elif isinstance(element, TextualSelect):
            yield from verbs_of_sql(_sql_of(element.element, dialect), dialect)


def _unwrapped(statement: Any) -> Any:
    return statement.element if isinstance(statement, FromStatement) else statement


def _sql_of(statement: Any, dialect: Dialect) -> str:
    if isinstance(statement, TextClause):
        return statement.text
    # Of a class of the application's own, or a lambda.
    return str(statement.compile(dialect=dialect))
