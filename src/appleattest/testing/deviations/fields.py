"""Deviations of the version, the serial number and the names."""

from __future__ import annotations

from dataclasses import replace

from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, deviation


@deviation
class Version(Deviation):
    """An X.509 certificate of version ``number``, 1 to 3 or any other; the extensions stay.

    Version 1 is the default and left out, unless ``explicit``, which is not DER.
    """

    number: int
    explicit: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        version = None if self.number == 1 and not self.explicit else self.number - 1
        return draft.changed(version=version)


@deviation
class Serial(Deviation):
    """Another serial number: a number, or the content octets of the INTEGER, unchanged.

    Content of no octets is malformed, and so is a zero octet that the number does not need.
    """

    number: int | bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(serial=self.number)


@deviation
class ZeroSerial(Deviation):
    """The serial number 0, which RFC 5280, 4.1.2.2, does not allow."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return Serial(0).draft(draft)


@deviation
class NegativeSerial(Deviation):
    """The serial number -1."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return Serial(-1).draft(draft)


@deviation
class IssuerName(Deviation):
    """Another issuer name (DER), signed by the genuine issuer."""

    name: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(issuer=self.name)


@deviation
class SubjectName(Deviation):
    """Another subject name (DER); what this certificate issues is issued under that name."""

    name: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(subject=self.name)


@deviation
class SelfIssued(Deviation):
    """Issuer and subject are one name, the subject's; signed by the genuine issuer."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return IssuerName(draft.template.subject).draft(draft)


@deviation
class SelfSigned(Deviation):
    """Issuer and subject are one name, the subject's; signed by the certified key.

    A ``ValueError`` where only the public half of that key is known.
    """

    @override
    def draft(self, draft: Draft) -> Draft:
        if draft.subject_key is None:
            raise ValueError("the private half of the certified key is not known")
        return replace(SelfIssued().draft(draft), signer=draft.subject_key)
