"""Objects of attrs, pydantic and msgspec in a cell, and what they mean."""

from __future__ import annotations

import pathlib
import uuid
import warnings
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from typing import Any
from typing import Generic
from typing import TypeVar

import attrs
import msgspec
import pydantic
from pydantic_core import PydanticUndefined

from value_types.cases import Cases

CASES = Cases()
same, means, makes, refused = CASES.same, CASES.means, CASES.makes, CASES.refused


# attrs
@attrs.define
class A:
    a: int
    b: Any = None


@attrs.frozen(slots=False)
class AF:
    a: int
    _p: int = 2


means("attrs", A(1, Decimal("1.5")), {"a": 1, "b": Decimal("1.5")})
means("attrsnest", A(1, [A(2)]), {"a": 1, "b": [{"a": 2, "b": None}]})
means("attrspriv", AF(1), {"a": 1, "_p": 2})
refused("attrscls", A)
refused("attrsset", A(1, {1}))
means("attrsuuid", A(1, uuid.UUID(int=1)), {"a": 1, "b": uuid.UUID(int=1)})


# pydantic
class M(pydantic.BaseModel):
    a: int


class Mn(pydantic.BaseModel):
    m: M
    ms: list[M] = []
    d: dict[str, M] = {}
    u: Any = None


TT = TypeVar("TT")


class G(pydantic.BaseModel, Generic[TT]):
    v: TT


class RI(pydantic.RootModel[int]):
    pass


class RL(pydantic.RootModel[list[int]]):
    pass


class RM(pydantic.RootModel[M]):
    pass


class RD(pydantic.RootModel[dict[str, date]]):
    pass


class Rn(pydantic.RootModel[None]):
    pass


class Ex(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    a: int


class Al(pydantic.BaseModel):
    a: int = pydantic.Field(serialization_alias="A")


class Sec(pydantic.BaseModel):
    s: pydantic.SecretStr
    b: pydantic.SecretBytes


class Hid(pydantic.BaseModel):
    a: int = 1
    h: str = pydantic.Field("x", exclude=True)


class Holder(pydantic.BaseModel):
    h: Hid = Hid()
    hs: list[Hid] = pydantic.Field(default=[Hid()])


class Ser(pydantic.BaseModel):
    a: int

    @pydantic.field_serializer("a")
    def f(self, v):
        return f"<{v}>"


class MSer(pydantic.BaseModel):
    a: int

    @pydantic.model_serializer
    def f(self):
        return "whole"


class Comp(pydantic.BaseModel):
    a: int

    @pydantic.computed_field
    @property
    def c(self) -> int:
        return 2


class Priv(pydantic.BaseModel):
    a: int
    _p: int = 5


@pydantic.dataclasses.dataclass
class PD:
    a: int


means("M", M(a=1), {"a": 1})
means(
    "Mn",
    Mn(m=M(a=1), ms=[M(a=2)], d={"x": M(a=3)}, u=M(a=4)),
    {"m": {"a": 1}, "ms": [{"a": 2}], "d": {"x": {"a": 3}}, "u": {"a": 4}},
)
means("G", G[int](v=1), {"v": 1})
means("GM", G[M](v=M(a=1)), {"v": {"a": 1}})
means("Gdt", G[datetime](v=datetime(2013, 1, 1)), {"v": datetime(2013, 1, 1)})
means("RI", RI(5), 5)
means("RL", RL([1]), [1])
means("RM", RM(M(a=1)), {"a": 1})
means("RD", RD({"a": date(2013, 1, 1)}), {"a": date(2013, 1, 1)})
means("Rn", Rn(None), None)
means("GRI", G[RI](v=RI(5)), {"v": 5})
means("Ex", Ex(a=1, z=2), {"a": 1, "z": 2})
means("Al", Al(a=1), {"a": 1})
means("Hid", Hid(), {"a": 1})
means("Holder", Holder(), {"h": {"a": 1}, "hs": [{"a": 1}]})
means("Ser", Ser(a=1), {"a": "<1>"})
means("MSer", MSer(a=1), "whole")
means("Comp", Comp(a=1), {"a": 1, "c": 2})
means("Priv", Priv(a=1), {"a": 1})
means("PD", PD(1), {"a": 1})
refused("Sec", Sec(s="x", b=b"y"))
refused("SecretStr", pydantic.SecretStr("x"))
refused("SecretBytes", pydantic.SecretBytes(b"x"))
refused("Secret", pydantic.Secret[int](5))
refused("Mclass", M)
refused("Mset", G[set[int]](v={1}))
refused("construct", M.model_construct())


def ta(kind: Any, value: Any) -> Any:
    """Return what pydantic makes of a value for a type."""
    return pydantic.TypeAdapter(kind).validate_python(value)


for t in (
    "HttpUrl",
    "AnyUrl",
    "FileUrl",
    "PostgresDsn",
    "RedisDsn",
    "FtpUrl",
    "WebsocketUrl",
):
    u = {
        "HttpUrl": "http://a/b",
        "AnyUrl": "x://a/b",
        "FileUrl": "file:///a",
        "PostgresDsn": "postgresql://a/b",
        "RedisDsn": "redis://a/1",
        "FtpUrl": "ftp://a/b",
        "WebsocketUrl": "ws://a/b",
    }[t]
    refused(t, ta(getattr(pydantic, t), u))
means("Json", ta(pydantic.Json, '{"a":1}'), {"a": 1})
means("B64", ta(pydantic.Base64Bytes, b"YQ=="), b"a")
means("B64s", ta(pydantic.Base64Str, "YQ=="), "a")
means("conint", ta(pydantic.conint(gt=1), 5), 5)
means("constr", ta(pydantic.constr(min_length=1), "a"), "a")
means("condec", ta(pydantic.condecimal(), "1.50"), Decimal("1.50"))
means("PastDate", ta(pydantic.PastDate, "2013-01-01"), date(2013, 1, 1))
means(
    "Aware",
    ta(pydantic.AwareDatetime, "2013-01-01T00:00:00Z"),
    datetime(2013, 1, 1, tzinfo=UTC),
)
means("Byte", ta(pydantic.ByteSize, "1KiB"), 1024)
means(
    "UUID4",
    ta(pydantic.UUID4, "a8098c1a-f86e-4da8-bd1a-00112444be1e"),
    uuid.UUID("a8098c1a-f86e-4da8-bd1a-00112444be1e"),
)
means("IPvAny", ta(pydantic.IPvAnyAddress, "10.0.0.1"), "10.0.0.1")
refused("FilePath", pathlib.Path("/a"))
refused("undef", PydanticUndefined)
refused("ValErr", pydantic.TypeAdapter(int))
means(
    "TzInfo",
    ta(datetime, "2013-01-01T00:00:00+03:30"),
    datetime(2013, 1, 1, tzinfo=timezone(timedelta(hours=3, minutes=30))),
)
means("pytime", ta(time, "05:15:00Z"), time(5, 15, tzinfo=UTC))
means("pyduration", ta(timedelta, "P1DT2H"), timedelta(days=1, hours=2))
refused("pycomplex", ta(complex, 1j))
refused("FieldInfo", pydantic.Field())
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pydantic.v1 as v1

    class V1p(v1.BaseModel):
        a: int
        d: date = date(2013, 1, 1)


means("V1", V1p(a=1), {"a": 1, "d": date(2013, 1, 1)})
refused("v1secret", v1.SecretStr("x"))


class V1h(v1.BaseModel):
    a: int = 1
    h: int = v1.Field(2, exclude=True)


means("V1h", V1h(), {"a": 1})


class V1r(v1.BaseModel):
    __root__: int


means("V1root", V1r(__root__=5), 5)


# msgspec
class MS(msgspec.Struct):
    a: int
    b: Any = None


class MSt(msgspec.Struct, tag=True):
    a: int


class MSn(msgspec.Struct, rename="camel"):
    my_name: int


class MSa(msgspec.Struct, array_like=True):
    a: int


class MSo(msgspec.Struct, omit_defaults=True):
    a: int = 1


class MSu(msgspec.Struct):
    a: int
    b: int | msgspec.UnsetType = msgspec.UNSET


means("MS", MS(1, MS(2)), {"a": 1, "b": {"a": 2, "b": None}})
means("MSt", MSt(1), {"a": 1})
means("MSn", MSn(1), {"my_name": 1})
means("MSa", MSa(1), {"a": 1})
means("MSo", MSo(), {"a": 1})
refused("UNSET", msgspec.UNSET)
refused("MSu", MSu(1))
refused("Raw", msgspec.Raw(b"1"))
refused("Ext", msgspec.msgpack.Ext(1, b"a"))
refused("MSraw", MS(1, msgspec.Raw(b'{"x":1}')))
refused("MScls", MS)
refused("NODEFAULT", msgspec.NODEFAULT)
refused("Meta", msgspec.Meta())
