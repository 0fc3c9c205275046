"""Input that was made to be expensive. Each is refused; the question is at what price."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from hostile_chains import chains
from hostile_messages import cbor_items, plists

from appleattest import UNCHECKED, AttestationError, Limits, Verifier
from appleattest.testing import AttestationAuthority


class Hostile(NamedTuple):
    """One hostile input: a chain is a list, a property list or CBOR is bytes."""

    name: str
    carrier: str
    message: Any

    def refuse(self, verifier: Verifier, at: datetime) -> AttestationError:
        """The error that refuses it."""
        try:
            if self.carrier == "acme":
                verifier.verify_acme(self.message, token=UNCHECKED, at=at)
            else:
                verifier.verify_mdm(self.message, nonce=UNCHECKED, at=at)
        except AttestationError as error:
            return error
        raise AssertionError(f"accepted: {self.name}")


def hostile_inputs(authority: AttestationAuthority) -> Iterator[Hostile]:
    """Every hostile input, each within the limits on size, so that it has to be looked into."""
    limits = Limits()
    for name, ders in chains(authority, limits):
        assert len(ders) <= limits.certificates, name
        assert max(map(len, ders)) <= limits.certificate_bytes, name
        assert sum(map(len, ders)) <= limits.chain_bytes, name
        yield Hostile(f"chain, {name}", "mdm", ders)
    for name, document in plists(limits):
        assert len(document) <= limits.plist_bytes, (name, len(document))
        yield Hostile(f"plist, {name}", "mdm", document)
    for name, item in cbor_items(limits):
        assert len(item) <= limits.attestation_object_bytes, (name, len(item))
        yield Hostile(f"CBOR, {name}", "acme", item)
