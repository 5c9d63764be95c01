"""The vocabulary everything shares: a check gives a result, a result has an outcome, a run has the worst."""

from staging_validation.results.model import CheckResult, Kind, RunResults, Severity
from staging_validation.results.outcomes import Outcome, worst
from staging_validation.results.redaction import redact

__all__ = ["CheckResult", "Kind", "Outcome", "RunResults", "Severity", "redact", "worst"]
