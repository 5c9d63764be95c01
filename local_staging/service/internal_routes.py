"""The operations for operators (platform contract, HTTP API); a real deployment keeps them behind its gateway."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from local_staging.service.customers import summary
from local_staging.service.fixes import deploy_fix
from local_staging.service.payment_methods import add_payment_method
from local_staging.service.requests import CancelRequest, FixRequest, PaymentMethodRequest, parse
from local_staging.service.routes import JsonBody
from local_staging.service.subscriptions import cancel, subscribe
from local_staging.service.work import Platform


def internal_routes(platform: Platform) -> APIRouter:
    """Build the routes; each of them answers with the customer's summary.

    Args:
        platform: The platform.
    """
    router = APIRouter(prefix="/internal/customers/{customer_id}")

    def summarised(customer_id: int) -> dict[str, Any]:
        with platform.database.transaction() as connection:
            return summary(connection, customer_id)

    @router.post("/payment-method")
    def payment_method(customer_id: int, body: JsonBody) -> dict[str, Any]:
        request = parse(PaymentMethodRequest, body)
        add_payment_method(platform, customer_id, request.payment_method, consent=request.consent)
        return summarised(customer_id)

    @router.post("/subscribe")
    def subscribe_to_pro(customer_id: int) -> dict[str, Any]:
        subscribe(platform, customer_id)
        return summarised(customer_id)

    @router.post("/cancel")
    def cancel_subscription(customer_id: int, body: JsonBody) -> dict[str, Any]:
        cancel(platform, customer_id, at_period_end=parse(CancelRequest, body).at_period_end)
        return summarised(customer_id)

    @router.post("/fixes")
    def fix_deployed(customer_id: int, body: JsonBody) -> dict[str, Any]:
        deploy_fix(platform, customer_id, parse(FixRequest, body).fix_id)
        return summarised(customer_id)

    @router.get("/summary")
    def customer_summary(customer_id: int) -> dict[str, Any]:
        return summarised(customer_id)

    return router
