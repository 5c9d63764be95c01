"""A delivery is tried again where that may help, in bounds, and never raises."""

from __future__ import annotations

import pytest

from staging_validation.clients.notification_delivery import Patience, deliver, delivery_result
from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.notifications import Event, Message
from staging_validation.results import Outcome, Severity

MESSAGE = Message(event=Event.LATE, event_id="r:late", dag_id="d", airflow_run_id="a", run_id="r")
QUICK = Patience(first_pause_seconds=0.0)


class Channel:
    name = "email"
    target = "e-mail (a@b.org)"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.timeouts = []

    def send(self, message, *, timeout_seconds):
        self.timeouts.append(timeout_seconds)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


UNREACHABLE = ServiceUnreachableError("E-mail", "nobody answers.", remedy="check the port")


def answer(status):
    return ServiceAnswerError("Webhook", f"answered {status}.", status=status)


def test_what_works_is_tried_once():
    delivery = deliver(MESSAGE, Channel(None), QUICK)
    assert (delivery.delivered, delivery.attempts, delivery.error) == (True, 1, None)
    result = delivery_result(delivery)
    assert (result.id, result.outcome, result.actual) == ("notification.email", Outcome.PASSED, "delivered")


@pytest.mark.parametrize("passing", [UNREACHABLE, answer(500), answer(503), answer(429), answer(408)])
def test_what_may_pass_is_tried_again(passing):
    channel = Channel(passing, passing, None)
    delivery = deliver(MESSAGE, channel, QUICK)
    assert (delivery.delivered, delivery.attempts) == (True, 3)
    assert channel.timeouts == [10.0] * 3


@pytest.mark.parametrize("lasting", [answer(400), answer(404), answer(None), ConfigurationError("no sender")])
def test_what_lasts_is_tried_once(lasting):
    delivery = deliver(MESSAGE, Channel(lasting), QUICK)
    assert (delivery.delivered, delivery.attempts, delivery.error) == (False, 1, lasting)


def test_it_is_given_up_after_so_many_attempts_and_weighs_nothing():
    delivery = deliver(MESSAGE, Channel(*[UNREACHABLE] * 3), QUICK)
    assert (delivery.delivered, delivery.attempts) == (False, 3)
    result = delivery_result(delivery)
    assert (result.outcome, result.severity, result.counts_as) == (
        Outcome.FAILED,
        Severity.WARNING,
        Outcome.PASSED,
    )
    assert result.actual == "E-mail: nobody answers."
    assert (result.remedy, result.evidence) == ("check the port", {"attempts": 3})


def test_no_try_begins_after_the_time_is_up():
    patience = Patience(attempts=50, first_pause_seconds=0.0, longest_seconds=0.0)
    assert deliver(MESSAGE, Channel(*[UNREACHABLE] * 50), patience).attempts == 1


def test_a_remark_is_a_warning_though_it_was_delivered():
    delivery = deliver(MESSAGE, Channel("delivered, but not to x"), QUICK)
    assert delivery.delivered
    result = delivery_result(delivery)
    assert (result.outcome, result.actual) == (Outcome.FAILED, "delivered, but not to x")
    assert "docs/notifications.md" in result.remedy
