"""Products and prices."""

from __future__ import annotations

import pytest
import stripe

PRO = "price_local_pro"


def types(api):
    return [event.type for event in api.events.list({"limit": 100}).data][::-1]


def test_the_pro_price_is_there_from_the_start(api):
    price = api.prices.retrieve(PRO, {"expand": ["product"]})

    assert (price.unit_amount, price.currency, price.recurring.interval) == (59_900, "usd", "month")
    assert price.product.name == "Pro"
    assert types(api) == []


def test_products_and_prices(api):
    product = api.products.create({"id": "prod_mine", "name": "Mine", "metadata": {"a": "1"}})
    price = api.prices.create(
        {"product": product.id, "currency": "USD", "unit_amount": 100, "nickname": "small"}
    )
    other = api.prices.create(
        {
            "product_data": {"name": "Other"},
            "currency": "usd",
            "unit_amount": 200,
            "recurring": {"interval": "year", "interval_count": 2},
            "lookup_key": "other",
        }
    )

    assert (price.type, price.currency, other.type, other.recurring.interval_count) == (
        "one_time",
        "usd",
        "recurring",
        2,
    )
    assert (
        api.products.update(product.id, {"default_price": price.id, "name": "Ours"}).default_price == price.id
    )
    assert not api.prices.update(price.id, {"active": False}).active
    assert api.prices.update(price.id, {"nickname": ""}).nickname is None
    assert [item.id for item in api.prices.list({"active": False}).data] == [price.id]
    assert [item.id for item in api.prices.list({"lookup_keys": ["other"]}).data] == [other.id]
    assert [item.id for item in api.prices.list({"product": product.id}).data] == [price.id]
    assert {item.name for item in api.products.list().data} == {"Pro", "Ours", "Other"}
    assert {"product.created", "product.updated", "price.created", "price.updated"} == set(types(api))


def test_an_empty_product_update_changes_nothing(api, server):
    product = api.products.create({"name": "Mine"})
    server.clock.time += 1

    assert api.products.update(product.id, {}).updated == product.updated


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"unit_amount": 1}, "exactly one of these"),
        ({"unit_amount": 1, "product": "p", "product_data": {"name": "x"}}, "exactly one of these"),
        ({"product": "prod_local_pro"}, "Missing required param: unit_amount"),
        ({"unit_amount": -1, "product": "prod_local_pro"}, "non-negative"),
        ({"unit_amount": 1, "product": "prod_none"}, "No such product"),
        (
            {
                "unit_amount": 1,
                "product": "prod_local_pro",
                "recurring": {"interval": "month", "interval_count": 0},
            },
            "Invalid positive",
        ),
        (
            {
                "unit_amount": 1,
                "product": "prod_local_pro",
                "recurring": {"interval": "month", "usage_type": "metered"},
            },
            "does not support",
        ),
    ],
)
def test_wrong_prices_are_refused(api, params, match):
    with pytest.raises(stripe.InvalidRequestError, match=match):
        api.prices.create({"currency": "usd", **params})


def test_wrong_products_are_refused(api):
    for use, match in (
        (lambda: api.products.create({"id": "prod_local_pro", "name": "x"}), "already exists"),
        (lambda: api.products.create({"name": ""}), "cannot be unset"),
        (lambda: api.products.update("prod_local_pro", {"default_price": "price_none"}), "No such price"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=match):
            use()
