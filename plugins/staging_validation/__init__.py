"""Validates a billing staging environment every night and by hand.

The package is layered, and imports point one way: ``dags/`` -> :mod:`staging_validation.airflow` ->
:mod:`staging_validation.clients` -> the domain packages (everything else here), which know neither
Airflow nor the network nor the clock.
"""

__version__ = "0.1.0"
