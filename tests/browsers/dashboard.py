"""A request enters; a page of three slow blocks leaves, the slowest at its top."""

from __future__ import annotations

import time

from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_template_string
from flask_outpour.templates import TemplateStream

#: Seconds that the blocks take.
SECONDS = (2.0, 1.0, 0.3)

_PAGE = """\
<!doctype html>
<html><head><title>Dashboard</title></head><body><main>
{% for seconds in all %}
<p>{% defer %}<b data-late="{{ seconds }}">{{ slow(seconds) }}</b>
{% fallback %}meanwhile{% enddefer %}</p>
{% endfor %}
</main><footer>the end</footer></body></html>
"""

app = Flask(__name__)
app.config["OUTPOUR_COMPRESS"] = True
Outpour(app)


def slow(seconds: float) -> str:
    """Return a text that takes so long."""
    time.sleep(seconds)
    return f"after {seconds}"


@app.get("/")
def dashboard() -> TemplateStream:
    """Show the page."""
    return stream_template_string(_PAGE, all=SECONDS, slow=slow)
