"""Numbers, durations and strings as Prometheus reads them."""

from __future__ import annotations

import re
from functools import lru_cache

_UNITS = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
_NUMBER = re.compile(
    r"(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?", re.ASCII
)
_HEXADECIMAL = re.compile(r"0[xX]_?[0-9A-Fa-f](?:_?[0-9A-Fa-f])*")
_OCTAL = re.compile(r"0[0-7_]*[0-7]")
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})|(?P<o>[0-7]{3})|(?P<c>.)|\Z)",
    re.DOTALL,
)
_SHORT_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
}  # fmt: skip
_LONGEST_TEXT = 100
_LONGEST_SECONDS = 9_223_372_036.0  # 64 bits of nanoseconds: a longer duration does not fit into Prometheus


@lru_cache(maxsize=512)
def read_duration(text: str) -> float | None:
    """Return the seconds of a duration like ``1h30m``.

    Args:
        text: The duration; units once each, from the longest to the shortest.

    Returns:
        The seconds; None when it is no duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not 0 < len(text) <= _LONGEST_TEXT:
        return None
    seconds = sum(
        int(count) * unit for count, unit in zip(found.groups(), _UNITS.values(), strict=True) if count
    )
    return float(f"{seconds:.3f}") if seconds <= _LONGEST_SECONDS else None


def read_number(text: str) -> float | None:
    """Return the value of a number.

    Args:
        text: A decimal, hexadecimal or octal number, ``Inf`` or ``NaN``; underscores may part digits.

    Returns:
        The value; None when it is no number.
    """
    if text.isascii() and text.isdigit() and text[0] != "0":
        return _whole(text, 10)
    if _HEXADECIMAL.fullmatch(text):
        return _whole(text, 16)
    if _OCTAL.fullmatch(text):
        return _whole(text, 8)
    if _NUMBER.fullmatch(text) or text.lower() in {"inf", "nan"}:
        return float(text.replace("_", ""))
    return None


def unquote(literal: str) -> tuple[str, tuple[int, int] | None]:
    r"""Return what a quoted string stands for.

    Args:
        literal: The string with its quotes; backquotes take everything literally.

    Returns:
        The value, and the place inside the literal of the first escape that Prometheus refuses.
    """
    inner = literal[1:-1]
    if literal[0] == "`" or "\\" not in inner:
        return inner, None
    refused: list[tuple[int, int]] = []

    def replace(found: re.Match[str]) -> str:
        value = _escaped(found, literal[0])
        if value is None:
            refused.append((found.start() + 1, found.end() + 1))
            return ""
        return value

    value = _ESCAPE.sub(replace, inner)
    return value, refused[0] if refused else None


def _whole(text: str, base: int) -> float:
    # Longer ones are read as Prometheus does: as a float, which cannot overflow into an exception here.
    return float(int(text.replace("_", ""), base)) if len(text) <= _LONGEST_TEXT else float("inf")


def _escaped(found: re.Match[str], quote: str) -> str | None:
    if found["c"]:
        return quote if found["c"] == quote else _SHORT_ESCAPES.get(found["c"])
    if found["o"]:
        return chr(int(found["o"], 8)) if int(found["o"], 8) <= 255 else None
    digits = found["x"] or found["u"] or found["U"]
    if digits is None:
        return None
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None
