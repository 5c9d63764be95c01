"""Decoding of form-encoded parameters."""

from __future__ import annotations

import pytest

from local_staging.stripe_sandbox import forms
from local_staging.stripe_sandbox.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a%5Bb%5D%5Bc%5D=x%26y", {"a": {"b": {"c": "x&y"}}}),
        (
            "items[1][price]=b&items[0][price]=a&items[0][quantity]=2",
            {"items": [{"price": "a", "quantity": "2"}, {"price": "b"}]},
        ),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("items[9999999]=a", {"items": {"9999999": "a"}}),
        ("metadata[0]=x&metadata[1]=y", {"metadata": {"0": "x", "1": "y"}}),
    ],
)
def test_forms_are_decoded(encoded, decoded):
    assert forms.decode(encoded) == decoded


def test_query_and_body_are_read_together():
    assert forms.decode("a=1", "b=2") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ("a=1&a=2", "given twice"),
        ("a=1&a[b]=2", "given twice"),
        ("a[b]=1&a=2", "given twice"),
        ("a[b=1", "Brackets must be closed"),
        ("[a]=1", "Brackets must be closed"),
        ("items[][price]=a", "needs an index"),
        ("a" + "[b]" * 9 + "=1", "nested too deeply"),
    ],
)
def test_malformed_forms_are_refused(encoded, message):
    with pytest.raises(InvalidRequestError, match=message):
        forms.decode(encoded)
