"""Rate limits as a feature: what the answers around the limit must be (platform contract, section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from staging_validation.results import CheckResult, Kind, Outcome

ONBOARD_PER_MINUTE = 10
API_PER_MINUTE = 500
"""The contract's limits: for each client address, and for each customer."""

WINDOW_SECONDS = 60

LIMIT, REMAINING, RESET, RETRY_AFTER = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "retry-after",
)
_CODE = "RATE_LIMITED"
_CLOCKS_APART_SECONDS = 5
_SHOWN = 5
_REMEDY = "compare the limiter's configuration and its answers with the contract's section on the HTTP API"


@dataclass(frozen=True)
class LimitedAnswer:
    """One answer.

    Attributes:
        status: The HTTP status.
        headers: The headers that speak of limits, by their names in lower case.
        body: The JSON, or the text when it is none.
        at: When it came, in Unix seconds.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JsonValue = None
    at: float = 0.0


def check_onboarding(answers: Sequence[LimitedAnswer]) -> list[CheckResult]:
    """Check the sign-ups of one client address within a minute: ten are taken, the one after them is not.

    Args:
        answers: The answers in their order: ten, and one more.
    """
    *within, over = answers
    statuses = [answer.status for answer in within]
    results = [
        _compare(
            "onboarding_within",
            f"the first {len(within)} sign-ups",
            list[JsonValue]([201] * len(within)),
            list[JsonValue](statuses),
        ),
        _compare("onboarding_over", f"sign-up {len(answers)} within a minute", 429, over.status),
    ]
    if over.status == 429:
        results.append(_documented_body("onboarding_body", over))
        results.append(_compare("onboarding_headers", "headers of its answer", {}, dict(over.headers)))
    return results


def check_keyed(answers: Sequence[LimitedAnswer]) -> list[CheckResult]:
    """Check one customer's keyed calls within a minute: 500 are taken and counted down, the one after them is not.

    Args:
        answers: The answers: the first one's first, the one over the limit last, the others in any order.
    """
    *within, over = answers
    refused = [answer.status for answer in within if answer.status != 200]
    results = [
        _compare(
            "keyed_within", f"the first {len(within)} keyed calls", [], list[JsonValue](refused[:_SHOWN])
        ),
        _count_down(within),
        _window(within[0]),
        _compare("keyed_over", f"keyed call {len(answers)} within a minute", 429, over.status),
    ]
    if over.status == 429:
        results += [_documented_body("keyed_body", over), _refusal_headers(over)]
    return results


def check_unaffected(name: str, subject: str, answer: LimitedAnswer, *, status: int) -> CheckResult:
    """Check that another caller is not held to what the first one has used up."""
    return _compare(name, subject, status, answer.status)


def _count_down(answers: Sequence[LimitedAnswer]) -> CheckResult:
    wanted = set(range(len(answers)))
    seen = [answer.headers.get(REMAINING, "") for answer in answers]
    numbers = [int(text) for text in seen if text.isdecimal()]
    missing, odd = sorted(wanted - set(numbers)), len(seen) - len(set(numbers) & wanted)
    limits = sorted({answer.headers.get(LIMIT, "none") for answer in answers})
    good = not missing and not odd and limits == [str(len(answers))]
    return CheckResult(
        id="load.limits.keyed_countdown",
        kind=Kind.LOAD,
        subject=f"{REMAINING} and {LIMIT} of {len(answers)} keyed calls",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected=f"{REMAINING} counts down from {len(answers) - 1} to 0, {LIMIT} is {len(answers)}",
        actual=f"it does, {LIMIT} is {limits[0]}"
        if good
        else f"{odd} answers without a number of their own, the first: {seen[0] or 'no header'}; "
        f"{LIMIT} is {', '.join(limits)}",
        evidence={"missing": list[JsonValue](missing[:_SHOWN])} if missing else {},
        remedy=None if good else _REMEDY,
    )


def _window(first: LimitedAnswer) -> CheckResult:
    told = first.headers.get(RESET, "")
    ahead = int(told) - first.at if told.isdecimal() else None
    good = ahead is not None and -_CLOCKS_APART_SECONDS <= ahead <= WINDOW_SECONDS + _CLOCKS_APART_SECONDS
    return CheckResult(
        id="load.limits.keyed_reset",
        kind=Kind.LOAD,
        subject=f"{RESET} of the first keyed call",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected=f"a Unix time at most {WINDOW_SECONDS} s ahead",
        actual=f"{ahead:.0f} s ahead" if ahead is not None else f"{told!r}",
        remedy=None if good else _REMEDY,
    )


def _refusal_headers(over: LimitedAnswer) -> CheckResult:
    pause = over.headers.get(RETRY_AFTER, "")
    good = (
        pause.isdecimal()
        and 1 <= int(pause) <= WINDOW_SECONDS
        and over.headers.get(REMAINING) == "0"
        and {LIMIT, RESET} <= over.headers.keys()
    )
    return CheckResult(
        id="load.limits.keyed_headers",
        kind=Kind.LOAD,
        subject="headers of the refused keyed call",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected=f"{RETRY_AFTER} between 1 and {WINDOW_SECONDS}, {REMAINING} 0, {LIMIT} and {RESET}",
        actual=dict(over.headers) or "none",
        remedy=None if good else _REMEDY,
    )


def _documented_body(name: str, answer: LimitedAnswer) -> CheckResult:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    good = isinstance(error, dict) and error.get("code") == _CODE and bool(error.get("message"))
    return CheckResult(
        id=f"load.limits.{name}",
        kind=Kind.LOAD,
        subject="body of its answer",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected={"error": {"message": "a sentence", "code": _CODE}},
        actual=answer.body,
        remedy=None if good else _REMEDY,
    )


def _compare(name: str, subject: str, expected: JsonValue, actual: JsonValue) -> CheckResult:
    return CheckResult.compare(
        expected=expected,
        actual=actual,
        id=f"load.limits.{name}",
        kind=Kind.LOAD,
        subject=subject,
        remedy=None if expected == actual else _REMEDY,
    )
