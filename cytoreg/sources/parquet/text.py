"""Arrow columns of any type as text from which the value can be restored.

Numbers have the fewest digits that restore them, decimals all of theirs. Dates and times are ISO
8601: an instant (a timestamp with a zone, which Parquet stores in UTC) ends in Z, a timestamp
without a zone does not. A duration is hours, minutes and seconds, whatever its unit. Bytes are
hexadecimal. Lists, structs and maps are JSON.
"""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import as_text, equal, first_of, joined, where

_ZERO_FRACTION = r"\.0+$"
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_NO_DATE = r"^<value out of range: (-?\d+)>$"
_ENDLESS = {  # infinite days and moments, as DuckDB and PostgreSQL write them
    **dict.fromkeys(("2147483647", "9223372036854775807"), "infinity"),
    **dict.fromkeys(("-2147483647", "-2147483648"), "-infinity"),
    **dict.fromkeys(("-9223372036854775807", "-9223372036854775808"), "-infinity"),
}


def text(array: pa.Array[Any]) -> pa.StringArray:
    """A column as text, null where it is null.

    Raises pa.ArrowInvalid for text that is not UTF-8.
    """
    kind = _kind(array)
    if isinstance(array, pa.ExtensionArray):
        return text(_storage(array))
    if pa.types.is_dictionary(kind):
        return text(cast("pa.DictionaryArray[Any, Any]", array).dictionary_decode())
    if _is_text(kind):
        array.validate(full=True)  # Arrow's reader does not check
        return as_text(array)
    if _is_binary(kind):
        held: list[bytes | None] = array.to_pylist()
        return pa.array([None if v is None else v.hex() for v in held], pa.string())
    if pa.types.is_duration(kind):
        return _clock(array)
    if pa.types.is_temporal(kind) and kind != pa.month_day_nano_interval():
        return _when(array)
    if pa.types.is_nested(kind):
        return pa.array(_json(array), pa.string())
    if kind == pa.month_day_nano_interval():
        spans: list[tuple[int, int, int] | None] = array.to_pylist()
        return pa.array([None if v is None else str(tuple(v)) for v in spans], pa.string())
    return as_text(array)


def _kind(array: pa.Array[Any]) -> pa.DataType:
    kind: pa.DataType = array.type
    return kind


def _storage(array: pa.ExtensionArray[Any]) -> pa.Array[Any]:
    storage: pa.Array[Any] = array.storage
    return storage


def _is_text(kind: pa.DataType) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _is_binary(kind: pa.DataType) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
            pa.types.is_binary_view,
        )
    )


def _when(array: pa.Array[Any]) -> pa.StringArray:
    """Dates, times and timestamps; where Arrow has no text, infinity or a number."""
    kind = _kind(array)
    zone = ""
    if isinstance(kind, pa.TimestampType) and kind.tz is not None:
        zone = "Z"  # out of range, Arrow writes a moment with a zone as another one
        array = array.view(pa.timestamp(kind.unit))
    found = as_text(array)
    dated = pc.replace_substring_regex(found, _ZERO_FRACTION, "")
    dated = pc.replace_substring(dated, " ", "T", max_replacements=1)
    dated = joined(dated, zone)
    none = pc.match_substring(found, "<")
    if not pc.any(none).as_py():
        return dated
    plain = pc.replace_substring_regex(found, _NO_DATE, r"\1")
    if not pa.types.is_time(kind):
        at = pc.index_in(plain, pa.array(list(_ENDLESS)))
        plain = first_of(pa.array(list(_ENDLESS.values())).take(at), plain)
    return where(none, plain, dated)


def _clock(array: pa.Array[Any]) -> pa.StringArray:
    """Durations as hours, minutes and seconds, with a fraction unless it is zero."""
    kind = _kind(array)
    digits = _DIGITS[kind.unit] if isinstance(kind, pa.DurationType) else 0
    counts = array.cast(pa.int64()).fill_null(0).to_numpy()
    with np.errstate(over="ignore"):  # the smallest signed number has no positive counterpart
        size = np.where(counts < 0, 0 - counts, counts).astype(np.uint64)
    total, rest = np.divmod(size, np.uint64(10**digits))
    parts = [total // 3600, total // 60 % 60, total % 60]
    clock = joined(*(_filled(part, 2) for part in parts), by=":")
    if rest.any():
        clock = where(
            pa.array(np.equal(rest, 0)), clock, joined(clock, _filled(rest, digits), by=".")
        )
    signed = where(pa.array(counts < 0), joined("-", clock), clock)
    return where(array.is_valid(), signed, None)


def interval(array: pa.Array[Any]) -> pa.StringArray:
    """Parquet's intervals, which Arrow gives as 12 bytes, in SQL's form: months, days, clock.

    The bytes are three unsigned numbers, the last of milliseconds:
    github.com/apache/parquet-format/blob/master/LogicalTypes.md#interval
    """
    whole = cast("list[bytes]", array.fill_null(bytes(12)).to_pylist())
    numbers = np.frombuffer(b"".join(whole), "<u4").reshape(-1, 3)
    months, days, milliseconds = (pa.array(part) for part in numbers.T)
    parts = [_counted(months, "month"), _counted(days, "day")]
    clock = _clock(milliseconds.cast(pa.int64()).cast(pa.duration("ms")))
    return where(array.is_valid(), joined(*parts, clock, by=" "), None)


def _counted(numbers: pa.Array[Any], noun: str) -> pa.StringArray:
    return joined(as_text(numbers), where(equal(numbers, 1), f" {noun}", f" {noun}s"))


def _filled(numbers: np.ndarray, width: int) -> pa.StringArray:
    return pc.utf8_lpad(as_text(pa.array(numbers)), width, "0")


def _json(array: pa.Array[Any]) -> list[str | None]:
    """Each value as JSON, None where it is null."""
    kind = _kind(array)
    if isinstance(array, pa.ExtensionArray):
        return _json(_storage(array))
    if isinstance(kind, pa.StructType):
        names = [json.dumps(field.name, ensure_ascii=False) for field in _fields(kind)]
        columns = [_json(column) for column in cast("pa.StructArray", array).flatten()]
        rows = zip(*columns, strict=True) if columns else [()] * len(array)
        found = [
            "{" + ",".join(f"{n}:{v or 'null'}" for n, v in zip(names, row, strict=True)) + "}"
            for row in rows
        ]
    elif pa.types.is_map(kind):
        mapped = cast("pa.MapArray[Any, Any]", array)
        keys, values = _json(mapped.keys), _json(mapped.items)
        pairs = [
            f"{key if key and key[0] == chr(34) else json.dumps(key)}:{value or 'null'}"
            for key, value in zip(keys, values, strict=True)
        ]
        ends = mapped.offsets.to_pylist()
        found = ["{" + ",".join(pairs[a:b]) + "}" for a, b in pairwise(ends)]
    elif pa.types.is_nested(kind):
        inner = [value or "null" for value in _json(cast("pa.ListArray[Any]", array).flatten())]
        found = ["[" + ",".join(inner[a:b]) + "]" for a, b in pairwise(_ends(array))]
    else:
        return _scalars(array)
    return [
        v if here else None for v, here in zip(found, array.is_valid().to_pylist(), strict=True)
    ]


def _fields(kind: pa.StructType) -> list[pa.Field[Any]]:
    return [kind.field(place) for place in range(kind.num_fields)]


def _ends(array: pa.Array[Any]) -> list[int]:
    """Where lists end among the values of all lists, from 0; null has no values."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_pylist()
    return list(accumulate(lengths, initial=0))


def _scalars(array: pa.Array[Any]) -> list[str | None]:
    kind = _kind(array)
    plain = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind)
    found: list[str | None] = text(array).to_pylist()
    if pa.types.is_floating(kind):  # JSON cannot express inf and nan
        return [v if v is None or v[-1].isdigit() else json.dumps(v) for v in found]
    if plain:
        return found
    return [None if v is None else json.dumps(v, ensure_ascii=False) for v in found]


def as_bytes(kind: pa.DataType) -> pa.DataType:
    """A type with text replaced by bytes, to inspect text that is not UTF-8."""
    if pa.types.is_dictionary(kind):
        return as_bytes(_inner(kind, "value_type"))
    if _is_text(kind):
        return pa.binary()
    if isinstance(kind, pa.StructType):
        return pa.struct([field.with_type(as_bytes(field.type)) for field in _fields(kind)])
    if pa.types.is_map(kind):
        keys, items = (as_bytes(_inner(kind, name)) for name in ("key_type", "item_type"))
        return pa.map_(keys, items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(as_bytes(_inner(kind, "value_type")))
    return kind


def _inner(kind: pa.DataType, name: str) -> pa.DataType:
    inner: pa.DataType = getattr(kind, name)
    return inner
