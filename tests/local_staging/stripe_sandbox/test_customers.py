"""Customers, and the payment methods attached to them."""

from __future__ import annotations

import pytest
import stripe


def test_a_customer_is_made_changed_and_deleted(api):
    made = api.customers.create(
        {
            "email": "a@test.example.com",
            "name": "A",
            "metadata": {"run": "r1", "b": "2"},
            "address": {"city": "X"},
        }
    )
    changed = api.customers.update(
        made.id, {"name": "", "metadata": {"b": "", "c": "3"}, "address": {"line1": "Y"}, "phone": "1"}
    )
    deleted = api.customers.delete(made.id)

    assert (made.name, made.metadata.to_dict(), made.address.city) == ("A", {"run": "r1", "b": "2"}, "X")
    assert (changed.name, changed.metadata.to_dict()) == (None, {"run": "r1", "c": "3"})
    assert (changed.address.city, changed.address.line1, changed.phone) == ("X", "Y", "1")
    assert deleted.deleted
    assert api.customers.retrieve(made.id).deleted
    assert api.customers.list().data == []


def test_metadata_and_address_can_be_unset_as_a_whole(api):
    made = api.customers.create({"metadata": {"a": "1"}, "address": {"city": "X"}})
    changed = api.customers.update(made.id, {"metadata": "", "address": ""})

    assert (changed.metadata.to_dict(), changed.address) == ({}, None)


def test_a_customer_comes_with_a_card(api):
    customer = api.customers.create({"payment_method": "pm_card_visa"})

    (method,) = api.customers.payment_methods.list(customer.id).data
    assert method.customer == customer.id
    assert api.customers.payment_methods.retrieve(customer.id, method.id).id == method.id


def test_the_card_it_comes_with_may_be_its_default(api):
    fresh = api.payment_methods.retrieve("pm_card_visa").id
    for card in ("pm_card_visa", fresh):
        customer = api.customers.create(
            {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        )
        (method,) = api.payment_methods.list({"customer": customer.id}).data
        assert customer.invoice_settings.default_payment_method == method.id


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"payment_method": "pm_card_visa_chargeDeclined"}, stripe.CardError),
        ({"payment_method": "pm_none"}, stripe.InvalidRequestError),
        ({"invoice_settings": {"default_payment_method": "pm_card_visa"}}, stripe.InvalidRequestError),
        (
            {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_none"}},
            stripe.InvalidRequestError,
        ),
    ],
)
def test_a_customer_with_a_wrong_card_is_not_made(api, params, error):
    with pytest.raises(error):
        api.customers.create(params)

    assert api.customers.list().data == []
    assert api.events.list().data == []


@pytest.mark.parametrize(
    "email", ["nobody", "@example.com", "a@", "a b@example.com", "a" * 600 + "@example.com"]
)
def test_addresses_are_checked(api, email):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.create({"email": email})

    assert refused.value.code == "email_invalid"


@pytest.mark.parametrize(
    "resource",
    [
        "customers",
        "charges",
        "events",
        "invoices",
        "payment_intents",
        "payment_methods",
        "prices",
        "products",
        "subscriptions",
    ],
)
def test_what_does_not_exist_is_404(api, resource):
    with pytest.raises(stripe.InvalidRequestError, match="No such") as refused:
        getattr(api, resource).retrieve("xx_none")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_a_deleted_customer_cannot_be_used(api):
    customer = api.customers.create().id
    api.customers.delete(customer)

    for use in (
        lambda: api.customers.update(customer, {"name": "x"}),
        lambda: api.customers.delete(customer),
        lambda: api.payment_methods.attach("pm_card_visa", {"customer": customer}),
        lambda: api.payment_methods.list({"customer": customer}),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            use()


def test_deleting_a_customer_ends_everything_of_it(api, pro_customer):
    customer = pro_customer()
    subscription = api.subscriptions.create({"customer": customer, "items": [{"price": "price_local_pro"}]})
    (method,) = api.payment_methods.list({"customer": customer}).data
    api.customers.delete(customer)

    assert api.subscriptions.retrieve(subscription.id).status == "canceled"
    assert api.payment_methods.retrieve(method.id).customer is None
    types = [event.type for event in api.events.list({"limit": 100}).data]
    assert types[0] == "customer.deleted"
    assert {"customer.subscription.deleted", "payment_method.detached"} <= set(types)


def test_an_update_without_a_change_is_no_event(api):
    customer = api.customers.create({"name": "A"}).id
    api.customers.update(customer, {"name": "A"})
    api.customers.update(customer, {"name": "B"})

    (event,) = api.events.list({"type": "customer.updated"}).data
    assert event.data.previous_attributes.to_dict() == {"name": "A"}
    assert event.data.object["name"] == "B"


def test_attaching(api):
    one, other = (api.customers.create().id for _ in range(2))
    method = api.payment_methods.attach("pm_card_visa", {"customer": one})

    assert api.payment_methods.attach(method.id, {"customer": one}).customer == one
    assert len(api.events.list({"type": "payment_method.attached"}).data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        api.payment_methods.attach(method.id, {"customer": other})
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        api.customers.payment_methods.retrieve(other, method.id)
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: customer"):
        api.payment_methods.attach("pm_card_visa", {})


def test_detaching_takes_the_default_away(api, pro_customer):
    customer = pro_customer()
    default = api.customers.retrieve(customer).invoice_settings.default_payment_method
    subscription = api.subscriptions.create(
        {"customer": customer, "items": [{"price": "price_local_pro"}], "default_payment_method": default}
    )
    assert api.payment_methods.detach(default).customer is None

    assert api.customers.retrieve(customer).invoice_settings.default_payment_method is None
    assert api.subscriptions.retrieve(subscription.id).default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        api.payment_methods.detach(default)


def test_the_default_card_must_be_the_customers_own(api):
    customer = api.customers.create().id
    stranger = api.payment_methods.retrieve("pm_card_visa").id

    for identifier in (stranger, "pm_none"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.customers.update(customer, {"invoice_settings": {"default_payment_method": identifier}})
        assert refused.value.param == "invoice_settings[default_payment_method]"


def test_the_default_card_can_be_unset(api, pro_customer):
    changed = api.customers.update(pro_customer(), {"invoice_settings": {"default_payment_method": ""}})

    assert changed.invoice_settings.default_payment_method is None
