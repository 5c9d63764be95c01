"""Products: what is sold."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply, changed_fields

_FIELDS = ("active", "description", "name", "statement_descriptor", "unit_label", "url")


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a product, under an id of the caller's choice where one is given."""
    identifier = call.params.get("id", "") or new_id("prod")
    if context.store.get(identifier):
        raise InvalidRequestError("Product already exists.", code="resource_already_exists", param="id")
    return make_product(
        context, identifier, **{name: value for name, value in call.params.items() if name != "id"}
    )


def make_product(context: Context, identifier: str, **params: Any) -> dict[str, Any]:
    """Make a product and record ``product.created``.

    Args:
        context: The surroundings of the request.
        identifier: The product's id.
        params: Request parameters: the name, and what else is known.
    """
    product = filled(
        "product", id=identifier, created=context.now(), metadata={}, name="", updated=context.now()
    )
    product.update(changed_fields(product, params, (*_FIELDS, "metadata"), required=("name",)))
    context.emit("product.created", context.store.add(product), None)
    return product


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change a product."""
    product = context.addressed("product", call.id)
    changes = changed_fields(
        product, call.params, (*_FIELDS, "metadata", "default_price"), required=("name",)
    )
    if changes.get("default_price"):
        context.referenced("price", changes["default_price"], "default_price")
    return apply(
        context, product, {**changes, "updated": context.now()} if changes else {}, "product.updated"
    )


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one product."""
    return context.addressed("product", call.id)


def list_products(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of products."""
    found = matching(context.store.newest_first("product"), call.params, "active")
    return page(found, call.params, "/v1/products")


OPERATIONS = (
    Operation("POST", "/v1/products", "ProductCreateParams", create, (*METADATA, *_FIELDS, "id")),
    Operation("GET", "/v1/products", "ProductListParams", list_products, (*PAGE, *CREATED, "active")),
    Operation("GET", "/v1/products/{id}", "ProductRetrieveParams", retrieve),
    Operation(
        "POST", "/v1/products/{id}", "ProductUpdateParams", update, (*METADATA, *_FIELDS, "default_price")
    ),
)
