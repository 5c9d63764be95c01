"""The service's own metrics, exactly as the metric catalogue describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry

from local_staging.service.database import Connection
from local_staging.service.exposition import Exposition
from staging_validation.clients.source_files import read_source_files
from staging_validation.project import include_dir
from staging_validation.telemetry import Catalogue, Instruments, parse_catalogue

ACTIVE_SUBSCRIPTIONS = "rsolv_billing_active_subscriptions"
HANDLED_EVENT_TYPES = (
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
"""The Stripe events that change something (platform contract, Stripe)."""

_PLANS = ("trial", "pay_as_you_go", "pro")
_ACTIVE = """
    SELECT subscription_type AS plan, count(*) AS found FROM customers
    WHERE active AND CASE subscription_type
        WHEN 'pro' THEN subscription_state = 'active'
        WHEN 'pay_as_you_go' THEN has_payment_method
        ELSE trial_expired_at IS NULL END
    GROUP BY subscription_type
"""


def load_catalogue() -> Catalogue:
    """Read the metric catalogue.

    Raises:
        ConfigurationError: It is missing, or wrong.
    """
    return parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml"))


class Telemetry:
    """Counts and observes billing events, and renders them for Prometheus.

    Args:
        catalogue: The metric catalogue.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._registry = CollectorRegistry()
        self._instruments = Instruments(catalogue, self._registry)
        self._exposition = Exposition(self._registry)
        # Prometheus sees an increase only from a sample that was there before: these series begin at zero.
        for event_type in HANDLED_EVENT_TYPES:
            self._instruments.declare(
                "stripe_webhook_received", {"duration": 0}, {"event_type": event_type, "status": "success"}
            )

    def record(self, event: str, measurements: Mapping[str, float], labels: Mapping[str, object]) -> None:
        """Record one event; see :meth:`staging_validation.telemetry.Instruments.record`."""
        self._instruments.record(event, measurements, labels)

    def render(self, active_subscriptions: Mapping[str, int]) -> bytes:
        """Return all metrics in Prometheus' text format.

        Args:
            active_subscriptions: The gauge's values by plan, sampled just now; a missing plan has none.
        """
        for plan in _PLANS:
            self._instruments.set_gauge(
                ACTIVE_SUBSCRIPTIONS, {"plan": plan}, active_subscriptions.get(plan, 0)
            )
        return self._exposition.render()


def count_active_subscriptions(connection: Connection) -> dict[str, int]:
    """Count who is active on each plan: paying Pro, pay-as-you-go with a payment method, trials still open."""
    rows: Iterable[Mapping[str, int]] = connection.execute(_ACTIVE)
    return {str(row["plan"]): row["found"] for row in rows}
