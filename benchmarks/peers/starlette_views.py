"""The orders on Starlette's ``StreamingResponse``, by both kinds of generators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route

from .source import select_orders
from .source import select_orders_async


def text(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, World!")


def by_generator(request: Request) -> StreamingResponse:
    rows = int(request.query_params["rows"])

    def generate() -> Iterator[str]:
        with select_orders(rows) as cursor:
            for row in cursor:
                yield ",".join(map(str, row)) + "\n"

    return StreamingResponse(generate(), media_type="text/csv")


async def by_async_generator(request: Request) -> StreamingResponse:
    rows = int(request.query_params["rows"])

    async def generate() -> AsyncIterator[str]:
        async with select_orders_async(rows) as cursor:
            async for row in cursor:
                yield ",".join(map(str, row)) + "\n"

    return StreamingResponse(generate(), media_type="text/csv")


app = Starlette(
    routes=[
        Route("/text", text),
        Route("/generator.csv", by_generator),
        Route("/async-generator.csv", by_async_generator),
    ]
)
