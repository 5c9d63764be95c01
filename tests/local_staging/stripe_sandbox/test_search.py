"""Searching with Stripe's query language, through the real client."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.search import parse


@pytest.fixture
def three(api, server):
    """Ids of three customers of two runs, a second apart."""
    made = {}
    for name, run in (("Ada", "r1"), ("Bob", "r1"), ("O'Brien", "r 2")):
        server.clock.time += 1
        made[name] = api.customers.create(
            {"name": name, "email": f"{name[:1]}@example.com", "metadata": {"run": run}}
        ).id
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('metadata["run"]:"r1"', ["Bob", "Ada"]),
        ("metadata['run']:'r 2'", ["O'Brien"]),
        ('-metadata["run"]:"r1"', ["O'Brien"]),
        ('metadata["other"]:null', ["O'Brien", "Bob", "Ada"]),
        ('-metadata["run"]:null AND name:"ada"', ["Ada"]),
        ('metadata["run"]:"r1" name:"Bob"', ["Bob"]),
        ('name:"Ada" OR name:"Bob"', ["Bob", "Ada"]),
        (r"name:'O\'Brien'", ["O'Brien"]),
        ('email~"EXAMPLE"', ["O'Brien", "Bob", "Ada"]),
        ("created>1790000001", ["O'Brien", "Bob"]),
        ("created<=1790000001", ["Ada"]),
        ("created>=1790000001 AND created<1790000003", ["Bob", "Ada"]),
        ('phone:"1"', []),
    ],
)
def test_customers_are_found(api, three, query, names):
    found = api.customers.search({"query": query})

    assert [customer.name for customer in found.data] == names
    assert (found.object, found.has_more, found.next_page) == ("search_result", False, None)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("", "a condition was expected at ''"),
        ("name", "a condition was expected at 'name'"),
        ('name:"a" AND', "AND or OR was expected|a condition was expected"),
        ('name:"a" XOR name:"b"', "a condition was expected at 'XOR"),
        ('name:"a"name:"b"', "AND or OR was expected"),
        ('name:"a" AND name:"b" OR name:"c"', "AND and OR cannot be used in the same query"),
        ('shoe_size:"44"', "'shoe_size' is not searchable; it may be one of created, email"),
        ('created>"soon"', "compares with a number"),
        ('name~"ab"', "at least 3 characters"),
    ],
)
def test_wrong_queries_are_refused_with_the_place(api, query, match):
    with pytest.raises(stripe.InvalidRequestError, match=match) as refused:
        api.customers.search({"query": query})
    assert refused.value.param == "query"


def test_the_client_pages_through_all(api, three):
    found = api.customers.search({"query": 'email~"example"', "limit": 1})

    assert found.has_more
    assert [customer.name for customer in found.auto_paging_iter()] == ["O'Brien", "Bob", "Ada"]
    with pytest.raises(stripe.InvalidRequestError, match="Invalid page") as refused:
        api.customers.search({"query": 'email~"example"', "page": "cus_none"})
    assert refused.value.param == "page"
    with pytest.raises(stripe.InvalidRequestError, match="Invalid limit"):
        api.customers.search({"query": 'email~"example"', "limit": 0})


def test_every_kind_that_stripe_can_search(api, pro_customer):
    customer = pro_customer()
    subscription = api.subscriptions.create(
        {"customer": customer, "items": [{"price": "price_local_pro"}], "metadata": {"run": "r1"}}
    )

    for resource, query in (
        ("charges", f'customer:"{customer}" AND status:"succeeded" AND refunded:"false"'),
        ("customers", 'email:"pro@test.example.com"'),
        ("invoices", f'subscription:"{subscription.id}" AND total>59000'),
        ("payment_intents", "amount:59900"),
        ("prices", 'active:"true" AND type:"recurring"'),
        ("products", 'name:"Pro"'),
        ("subscriptions", 'metadata["run"]:"r1" AND status:"active" AND canceled_at:null'),
    ):
        found = getattr(api, resource).search({"query": query, "expand": []})
        assert len(found.data) == 1, resource


def test_a_query_that_never_ends_is_no_query():
    with pytest.raises(InvalidRequestError):
        parse('name:"' + "a" * 10_000, ("name",))
