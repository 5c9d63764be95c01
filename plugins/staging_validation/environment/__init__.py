"""Which environment is this? Evidence from the things themselves, weighed to one verdict."""

from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.environment.verdict import GuardVerdict, judge

__all__ = ["Evidence", "GuardVerdict", "Reading", "judge"]
