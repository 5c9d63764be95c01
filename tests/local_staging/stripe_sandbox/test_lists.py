"""Pages, filters and expansion."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.listing import page


@pytest.fixture
def twelve(api, server):
    """Ids of twelve customers, the newest first, a second apart."""
    made = []
    for number in range(12):
        server.clock.time += 1
        made.append(api.customers.create({"email": f"c{number}@example.com"}).id)
    return made[::-1]


def test_ten_are_the_default_and_newest_come_first(api, twelve):
    listed = api.customers.list()

    assert [customer.id for customer in listed.data] == twelve[:10]
    assert (listed.has_more, listed.url) == (True, "/v1/customers")


def test_pages_go_both_ways(api, twelve):
    after = api.customers.list({"limit": 5, "starting_after": twelve[4]})
    before = api.customers.list({"limit": 3, "ending_before": twelve[5]})

    assert [item.id for item in after.data] == twelve[5:10]
    assert [item.id for item in before.data] == twelve[2:5]
    assert after.has_more
    assert before.has_more
    assert not api.customers.list({"starting_after": twelve[9]}).has_more


def test_the_client_pages_through_all(api, twelve):
    assert [item.id for item in api.customers.list({"limit": 5}).auto_paging_iter()] == twelve


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"limit": 0}, "Invalid limit: 0"),
        ({"limit": 101}, "Invalid limit: 101"),
        ({"starting_after": "cus_no"}, "No such object"),
        ({"starting_after": "a", "ending_before": "b"}, "only specify one"),
    ],
)
def test_wrong_pages_are_refused(api, params, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        api.customers.list(params)


def test_an_empty_list_is_a_page():
    assert page([], {}, "/v1/x") == {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}


def test_customers_are_found_by_address_case_sensitively(api, twelve):
    assert [item.id for item in api.customers.list({"email": "c3@example.com"}).data] == [twelve[8]]
    assert api.customers.list({"email": "C3@example.com"}).data == []


def test_created_filters(api, twelve):
    stamp = api.customers.retrieve(twelve[5]).created

    assert [item.id for item in api.customers.list({"created": stamp}).data] == [twelve[5]]
    between = api.customers.list({"created": {"gt": stamp - 2, "lte": stamp + 1}})
    assert [item.id for item in between.data] == twelve[4:7]
    assert api.customers.list({"created": {"gte": stamp + 7}}).data == []
    assert len(api.customers.list({"created": {"lt": stamp}}).data) == 6


def test_events_are_found_by_type(api, pro_customer):
    pro_customer()

    assert {event.type for event in api.events.list({"type": "customer.*"}).data} == {
        "customer.created",
        "customer.updated",
    }
    assert len(api.events.list({"types": ["customer.created", "payment_method.attached"]}).data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="type, types"):
        api.events.list({"type": "a", "types": ["b"]})


def test_references_are_expanded_only_on_request(api, pro_customer):
    customer = pro_customer()
    intent = api.payment_intents.create(
        {"amount": 2900, "currency": "usd", "customer": customer, "expand": ["customer", "latest_charge"]}
    )

    assert intent.customer.id == customer
    assert intent.latest_charge is None
    assert api.payment_intents.retrieve(intent.id).customer == customer


def test_a_customers_subscriptions_are_included_on_request(api, pro_customer):
    customer = pro_customer()
    kept, ended = (
        api.subscriptions.create({"customer": customer, "items": [{"price": "price_local_pro"}]}).id
        for _ in range(2)
    )
    api.subscriptions.cancel(ended)
    plain = api.customers.retrieve(customer)
    full = api.customers.retrieve(customer, {"expand": ["subscriptions"]})

    assert "subscriptions" not in plain
    assert [item.id for item in full.subscriptions.data] == [kept]


@pytest.mark.parametrize(
    "path", ["email", "nonsense", "subscription", "customer.customer.customer.customer.customer"]
)
def test_what_cannot_be_expanded_is_refused(api, path):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.customers.create({"expand": [path]})


def test_a_plain_reference_is_not_expandable(api, pro_customer):
    customer = pro_customer()
    api.subscriptions.create({"customer": customer, "items": [{"price": "price_local_pro"}]})

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.charges.list({"expand": ["data.payment_method"]})
