"""Flask's page "Streaming Contents" as one application; rows go in, streams come out.

Run it with ``flask --app examples/streaming_contents.py run``. The views are the
page's own; the line with ``Outpour`` is all that was added to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from flask import request
from flask import Response
from flask import stream_with_context
from markupsafe import escape

from flask_outpour import Outpour

app = Flask(__name__)
Outpour(app)

ROWS = 20_000


def iter_all_rows() -> Iterator[list[str]]:
    """Yield the rows of a table that nobody wants to hold in memory."""
    yield ["order", "customer", "state"]
    for number in range(1, ROWS + 1):
        yield [str(number), f"customer {number % 97}", "paid" if number % 3 else "open"]


# Basic usage: a generator of CSV, given to the response object.


@app.route('/large.csv')
def generate_large_csv():
    def generate():
        for row in iter_all_rows():
            yield ','.join(row) + '\n'
    return Response(generate(), mimetype='text/csv')


# The same without a response object, as newer editions of the page write it.


@app.route('/large-too.csv')
def generate_large_csv_too():
    def generate():
        for row in iter_all_rows():
            yield f"{','.join(row)}\n"
    return generate(), {"Content-Type": "text/csv"}


# Streaming from templates: Jinja's stream, by the page's own recipe.


def stream_template(template_name, **context):
    app.update_template_context(context)
    t = app.jinja_env.get_template(template_name)
    rv = t.stream(context)
    rv.enable_buffering(5)
    return rv


@app.route('/my-large-page.html')
def render_large_template():
    rows = iter_all_rows()
    return Response(stream_template('the_template.html', rows=rows))


# Streaming with context: the generator reads the request; the name is escaped,
# since what a client sends must not become markup.


@app.route('/stream')
def streamed_response():
    def generate():
        yield 'Hello '
        yield escape(request.args['name'])
        yield '!'
    return Response(stream_with_context(generate()))


@app.route('/stream-too')
@stream_with_context
def streamed_response_too():
    yield 'Hello '
    yield escape(request.args['name'])
    yield '!'


# Without stream_with_context there is a RuntimeError. Here it comes after the first
# item, and cuts the connection.


@app.route('/stream-without-context')
def streamed_response_without_context():
    def generate():
        yield 'Hello '
        yield escape(request.args['name'])
        yield '!'
    return Response(generate())


# Here it comes before any, and is a page with status 500.


@app.route('/name-without-context')
def streamed_name_without_context():
    def generate():
        yield escape(request.args['name'])
    return Response(generate())
