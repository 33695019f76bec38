"""The orders as FastAPI's JSON Lines: a path operation that yields its model."""

# FastAPI looks at the annotations, so they must be there as objects.
from collections.abc import AsyncIterable
from datetime import datetime
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel

from ..orders import COLUMNS
from .source import select_orders_async

app = FastAPI()


class Order(BaseModel):
    """One row."""

    id: int
    created_at: datetime
    customer: str
    email: str
    amount: Decimal
    quantity: int
    paid: bool
    note: str | None = None


@app.get("/text")
def text() -> str:
    return "Hello, World!"


@app.get("/orders.jsonl")
async def stream_orders(rows: int) -> AsyncIterable[Order]:
    async with select_orders_async(rows) as cursor:
        async for row in cursor:
            yield Order(**dict(zip(COLUMNS, row, strict=True)))
