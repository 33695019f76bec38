"""An application that has made its templates' environment when a server imports it."""

from __future__ import annotations

import time

from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_template_string

app = Flask(__name__)
# Set by hand, before and after the tags are added: both make the environment.
app.jinja_env.filters["shout"] = str.upper
Outpour(app)
app.jinja_env.filters["whisper"] = str.lower


@app.get("/page")
def page() -> object:
    """Return a page that waits for two blocks."""

    def slow() -> str:
        time.sleep(0.05)
        return "Ready"

    return stream_template_string(
        "<p>{% defer %}{{ slow()|shout }}{% enddefer %}"
        "{% defer %}{{ slow()|whisper }}{% enddefer %}</p>",
        slow=slow,
        deferred="in-order",
    )
