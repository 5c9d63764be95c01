"""Which environment is this? Evidence from the things themselves, weighed to one verdict."""

from staging_validation.environment.declared import declared_names
from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.environment.sighting import Sighting
from staging_validation.environment.verdict import GuardVerdict, judge

__all__ = ["Evidence", "GuardVerdict", "Reading", "Sighting", "declared_names", "judge"]
