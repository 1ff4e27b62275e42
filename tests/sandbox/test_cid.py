"""Content identifiers are those of the AT Protocol, byte for byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.sandbox.cid import blob_cid, cid_of, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: not key.startswith("$")), inner),
)


def test_known_identifiers() -> None:
    """The empty blob and the empty object have the identifiers everybody knows."""
    assert blob_cid(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    assert cid_of({}) == "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"


@given(VALUES)
def test_the_same_bytes_as_another_encoder(value: Any) -> None:
    """An independent DAG-CBOR encoder gives the same bytes for every value."""
    libipld = pytest.importorskip("libipld", reason="libipld, an independent encoder, is not installed")
    assert encode(value) == libipld.encode_dag_cbor(value)


def test_links_and_bytes() -> None:
    """A link is tag 42 over the raw identifier; bytes are bytes."""
    libipld = pytest.importorskip("libipld", reason="libipld, an independent encoder, is not installed")
    link = blob_cid(b"x")
    assert libipld.decode_dag_cbor(encode({"a": {"$link": link}, "b": {"$bytes": "AAE"}})) == {
        "a": libipld.decode_cid(link)
        if isinstance(libipld.decode_dag_cbor(encode({"$link": link})), dict)
        else libipld.decode_dag_cbor(encode({"$link": link})),
        "b": b"\x00\x01",
    }


def test_what_the_data_model_does_not_know() -> None:
    """A float has no place in a record."""
    with pytest.raises(ValueError, match="float"):
        encode({"a": 1.5})
