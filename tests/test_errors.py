from __future__ import annotations

import pytest

from staging_validation import errors
from staging_validation.results import Outcome


def all_errors():
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.StagingValidationError)
    ]


def make(kind):
    return kind("Service", "message.") if issubclass(kind, errors.ServiceError) else kind("message.")


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_is_documented_in_the_tree_and_has_an_outcome(kind):
    assert kind.__name__ in errors.__doc__
    assert kind.outcome in (Outcome.ERRORED, Outcome.FAILED, Outcome.REFUSED)
    assert str(make(kind)).endswith("message.")


def test_outages_and_findings_differ():
    assert errors.ServiceUnreachableError.outcome is Outcome.ERRORED
    assert errors.FixtureError.outcome is Outcome.ERRORED
    assert errors.CheckFailedError.outcome is errors.DeadlineError.outcome is Outcome.FAILED
    assert errors.GuardRefusedError.outcome is Outcome.REFUSED


def test_the_remedy_follows_the_message():
    error = errors.ConfigurationError("It is wrong.", remedy="make it right")
    assert str(error) == "It is wrong. Remedy: make it right"
    assert str(errors.ConfigurationError("It is wrong.")) == "It is wrong."


def test_secrets_are_masked():
    error = errors.ConfigurationError("key sk_test_abc", remedy="not sk_test_abc")
    assert str(error) == "key sk_test_*** Remedy: not sk_test_***"


def test_a_service_is_named_and_its_status_kept():
    error = errors.ServiceAnswerError("Prometheus", "answered 500.", status=500, remedy="look")
    assert str(error) == "Prometheus: answered 500. Remedy: look"
    assert (error.service, error.status) == ("Prometheus", 500)
