"""The orders on Django, as its documentation streams large CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.http import HttpResponse
from django.http import StreamingHttpResponse
from django.urls import path

from .source import select_orders


class Echo:
    """An object that implements just the write method of the file-like interface."""

    def write(self, value: str) -> str:
        """Write the value by returning it, instead of storing in a buffer."""
        return value


def text(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, World!")


def some_streaming_csv_view(request: HttpRequest) -> StreamingHttpResponse:
    """Stream a large CSV file."""
    rows = int(request.GET["rows"])
    return StreamingHttpResponse(_lines(rows), content_type="text/csv")


def _lines(rows: int) -> Iterator[str]:
    writer = csv.writer(Echo())
    with select_orders(rows) as cursor:
        for row in cursor:
            yield writer.writerow(row)  # type: ignore[misc]


urlpatterns = [path("text", text), path("orders.csv", some_streaming_csv_view)]
# No middleware, as its smallest project has: nothing here needs any.
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="benchmarks")
application = get_wsgi_application()
