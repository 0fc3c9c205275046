"""Deviations of the encoding: BER where DER is due, and octets too many or too few."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from appleattest.testing import der
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Signed, deviation

Where: TypeAlias = Literal["certificate", "tbs", "signature"]
"""The outer SEQUENCE, the signed one, or the ``SEQUENCE { r, s }`` in the signature."""


@deviation
class BERLength(Deviation):
    """The length of one SEQUENCE has an octet too many, which BER allows and DER does not.

    What the signature covers is signed with it.
    """

    where: Where = "certificate"

    @override
    def tbs(self, tbs: bytes) -> bytes:
        return self._overlong("tbs", tbs)

    @override
    def signed(self, signed: Signed) -> Signed:
        return replace(signed, signature=self._overlong("signature", signed.signature))

    @override
    def encoded(self, certificate: bytes) -> bytes:
        return self._overlong("certificate", certificate)

    def _overlong(self, place: Where, element: bytes) -> bytes:
        if self.where != place:
            return element
        tag, content, _ = der.read(element)
        shortest = (len(content).bit_length() + 7) // 8 if len(content) >= 0x80 else 0
        return bytes([tag]) + der.long_length(len(content), shortest + 1) + content


@deviation
class IndefiniteLength(Deviation):
    """The outer SEQUENCE has the indefinite length of BER and an end-of-contents."""

    @override
    def encoded(self, certificate: bytes) -> bytes:
        tag, content, _ = der.read(certificate)
        return bytes([tag, 0x80]) + content + b"\x00\x00"


@deviation
class TrailingBytes(Deviation):
    """``data`` after the certificate, or as the last element of another SEQUENCE.

    There the lengths fit, and what the signature covers is signed.
    """

    data: bytes = der.null()
    where: Where = "certificate"

    @override
    def tbs(self, tbs: bytes) -> bytes:
        return self._extended("tbs", tbs)

    @override
    def signed(self, signed: Signed) -> Signed:
        return replace(signed, signature=self._extended("signature", signed.signature))

    @override
    def encoded(self, certificate: bytes) -> bytes:
        return certificate + self.data if self.where == "certificate" else certificate

    def _extended(self, place: Where, element: bytes) -> bytes:
        tag, content, _ = der.read(element)
        return der.tlv(tag, content + self.data) if self.where == place else element


@deviation
class Truncated(Deviation):
    """The last ``count`` octets of the certificate are missing."""

    count: int = 1

    @override
    def encoded(self, certificate: bytes) -> bytes:
        return certificate[: -self.count]


@deviation
class Replaced(Deviation):
    """``data`` in the place of the certificate."""

    data: bytes = b""

    @override
    def encoded(self, certificate: bytes) -> bytes:
        return self.data
