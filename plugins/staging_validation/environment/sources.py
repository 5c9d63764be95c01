"""What the raw answers of each source mean. Pure: the answers are fetched elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.environment.marker import DatabaseIdentity, Marker
from staging_validation.environment.names import classify, hint_of_production

DECLARING_VARIABLES = ("STAGING_VALIDATION_ENV", "ENVIRONMENT", "MIX_ENV", "RELEASE_ENV")
"""Environment variables that may declare the environment."""

AIRFLOW_VARIABLE = "staging_validation_environment"
"""The Airflow variable that declares the environment."""

FURTHER_NAMES_VARIABLE = "staging_validation_declared_by"
"""Airflow variable that lists further environment variables that declare the environment, separated by commas."""

ENVIRONMENT_LABELS = frozenset({"environment", "env", "stage"})
"""External labels of Prometheus that name the environment."""

_PROMETHEUS = "point the connection prometheus_default at staging's Prometheus"
_MARK = "mark the database deliberately with `staging-validation mark`, and only if it is not production"


def from_declared(names: Mapping[str, str | None]) -> list[Evidence]:
    """Weigh the declared names.

    Args:
        names: Declared names by where they were declared.

    Returns:
        One piece of evidence for each place that declares something, or one that says nothing does.
    """
    declared = {place: name for place, name in names.items() if (name or "").strip()}
    if not declared:
        places = ", ".join(names)
        return [Evidence("declared", Reading.UNKNOWN, f"none of {places} declares an environment")]
    return [_declared(place, str(name)) for place, name in declared.items()]


def _declared(place: str, name: str) -> Evidence:
    reading, why = classify(name)
    remedy = f"if this is not production, correct {place}" if reading is Reading.PRODUCTION else None
    return Evidence(f"declared.{place}", reading, f"{place} is {name.strip()!r}: it {why}", remedy=remedy)


def from_marker(marker: Marker | None, identity: DatabaseIdentity) -> Evidence:
    """Weigh the target database's marker; it is required, and only it can say that the database may be reset."""
    where = f"database {identity.database!r} on {identity.server}"
    if marker is None:
        return _marker(Reading.UNKNOWN, f"{where} carries no marker", _MARK)
    if marker.system_identifier != identity.system_identifier:
        why = (
            f"{where} was marked on cluster {marker.system_identifier} but runs on cluster "
            f"{identity.system_identifier}: the marker came with a dump"
        )
        return _marker(Reading.UNKNOWN, why, _MARK)
    reading, why = classify(marker.environment)
    who = (
        f"{where} is marked {marker.environment!r} by {marker.marked_by} at {marker.marked_at:%Y-%m-%d %H:%M}"
    )
    return _marker(reading, f"{who}: it {why}", _MARK if reading is not Reading.NON_PRODUCTION else None)


def _marker(reading: Reading, because: str, remedy: str | None) -> Evidence:
    return Evidence("marker", reading, because, required=True, remedy=remedy)


def from_replica(identity: DatabaseIdentity) -> Evidence:
    """Weigh the server's role: a replica may follow production and cannot be written to anyway."""
    if identity.is_replica:
        return Evidence(
            "database.role",
            Reading.PRODUCTION,
            f"{identity.server} is a replica: it follows another server, which may be production",
            remedy="point the connection staging_postgres at staging's primary",
        )
    return Evidence(
        "database.role", Reading.UNKNOWN, f"{identity.server} is a primary, which tells nothing more"
    )


def from_identity(identity: DatabaseIdentity) -> Evidence:
    """Weigh the names of the database and of its host, which can only contradict."""
    names = {"database": identity.database, "host": identity.host}
    for what, name in names.items():
        if word := hint_of_production(name):
            return Evidence(
                "database.name",
                Reading.PRODUCTION,
                f"the {what} is called {name!r}, and {word!r} means production",
                remedy="point the connection staging_postgres at staging",
            )
    return Evidence(
        "database.name",
        Reading.UNKNOWN,
        f"neither database {identity.database!r} nor host {identity.host!r} is named like production",
    )


def from_stripe_key(key: str | None) -> Evidence:
    """Weigh the Stripe key by its documented prefix (``sk_test_`` and ``rk_test_`` are test mode)."""
    remedy = "give the connection stripe_default a test-mode key (sk_test_… or rk_test_…)"
    kind, _, rest = (key or "").strip().partition("_")
    mode = rest.partition("_")[0]
    if not key or kind not in ("sk", "rk") or mode not in ("test", "live"):
        why = "no Stripe key is configured" if not key else "the Stripe key has no prefix of a known mode"
        return Evidence("stripe.key", Reading.UNKNOWN, why, required=True, remedy=remedy)
    if mode == "live":
        return Evidence(
            "stripe.key",
            Reading.PRODUCTION,
            "the Stripe key is a live-mode key",
            required=True,
            remedy=remedy,
        )
    return Evidence(
        "stripe.key", Reading.NON_PRODUCTION, f"the Stripe key starts with {kind}_test_", required=True
    )


def from_stripe_balance(balance: Mapping[str, Any]) -> Evidence:
    """Weigh the account's own answer: the ``livemode`` of its balance."""
    livemode = balance.get("livemode")
    if livemode is False:
        return Evidence(
            "stripe.account",
            Reading.NON_PRODUCTION,
            "Stripe says livemode is false for this key",
            required=True,
        )
    if livemode is True:
        return Evidence(
            "stripe.account",
            Reading.PRODUCTION,
            "Stripe says livemode is true for this key",
            required=True,
            remedy="give the connection stripe_default a test-mode key",
        )
    return Evidence(
        "stripe.account", Reading.UNKNOWN, "Stripe's balance does not tell its livemode", required=True
    )


def from_health(health: Mapping[str, Any]) -> Evidence:
    """Weigh the billing API's ``environment`` at ``/api/health``; platforms without the field tell nothing."""
    name = health.get("environment")
    if not isinstance(name, str) or not name.strip():
        return Evidence("billing_api.health", Reading.UNKNOWN, "/api/health names no environment")
    reading, why = classify(name)
    remedy = "point the connection staging_api at staging" if reading is Reading.PRODUCTION else None
    return Evidence(
        "billing_api.health", reading, f"/api/health says {name.strip()!r}: it {why}", remedy=remedy
    )


def from_prometheus_labels(labels: Mapping[str, str] | None) -> Evidence:
    """Weigh Prometheus' external labels.

    Labels called like :data:`ENVIRONMENT_LABELS` name the environment; any other may hold a word that means
    production.

    Args:
        labels: The labels; None when this Prometheus does not tell its configuration.
    """
    source = "prometheus.labels"
    if labels is None:
        return Evidence(source, Reading.UNKNOWN, "this Prometheus does not tell its external labels")
    naming = {name: value for name, value in labels.items() if name in ENVIRONMENT_LABELS and value.strip()}
    readings = {name: classify(value) for name, value in naming.items()}
    for name, (reading, why) in readings.items():
        if reading is Reading.PRODUCTION:
            return Evidence(
                source,
                reading,
                f"its external label {name} is {naming[name]!r}: it {why}",
                remedy=_PROMETHEUS,
            )
    for name, value in labels.items():
        if name not in naming and (word := hint_of_production(value)):
            because = f"its external label {name} is {value!r}, and {word!r} means production"
            return Evidence(source, Reading.PRODUCTION, because, remedy=_PROMETHEUS)
    if naming:
        said = ", ".join(f"{name}={value!r}" for name, value in naming.items())
        return Evidence(source, Reading.NON_PRODUCTION, f"its external labels say {said}")
    return Evidence(source, Reading.UNKNOWN, "no external label names an environment")


def unreachable(source: str, because: str, *, required: bool = False, remedy: str | None = None) -> Evidence:
    """Say that a source could not be asked."""
    return Evidence(source, Reading.UNREACHABLE, because, required=required, remedy=remedy)
