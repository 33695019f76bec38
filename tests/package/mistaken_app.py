"""Mistakes, each of which both type checkers are to find in its line."""

from flask import Flask

from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour import stream_zip

Outpour(42)  # mistake
Outpour(Flask(__name__), formats=[object()])  # mistake
stream_rows([], "csv", extras="drop")  # mistake
stream_rows([], attachment="yes")  # mistake
stream_with_context(3)  # mistake
stream_zip({}, level="fast")  # mistake
CSV(delimiter=1)  # mistake
