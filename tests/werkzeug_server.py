"""Run Werkzeug's development server: ``python -m werkzeug_server PORT MODULE:NAME``."""

from __future__ import annotations

import importlib
import sys

from werkzeug.serving import run_simple

if __name__ == "__main__":
    port, target = sys.argv[1:]
    module, name = target.split(":")
    application = getattr(importlib.import_module(module), name)
    run_simple("127.0.0.1", int(port), application, threaded=True)
