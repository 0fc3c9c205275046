"""django-ca's ACME views, each of which answers for devices first.

An order for `dns` or `ip` is django-ca's, as ever. Every other order is a device's.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django_ca.acme import views
from django_ca.acme.errors import AcmeForbidden, AcmeMalformed
from django_ca.acme.responses import AcmeResponse
from django_ca.models import AcmeAccount, AcmeAuthorization, AcmeOrder

from appleattest import AttestationError, acme
from device_attestation.issuing import certify
from device_attestation.models import DEVICE, Admission, DeviceOrder
from device_attestation.problems import Problem, response
from device_attestation.verifier import verifier

_LOG: Final = logging.getLogger(__name__)
"""For the operator, who may know which device it was. The client may not."""

_OF_DJANGO_CA: Final = frozenset({"dns", "ip"})


class DeviceView(views.AcmeBaseView):
    """A view that answers for devices itself, and leaves the rest to the class after it.

    It stands after everything that django-ca checks of a signed request: its key, its account,
    its nonce and its URL.
    """

    def process_acme_request(self, slug: str | None) -> AcmeResponse:
        """The answer for a device, in one transaction; or django-ca's."""
        try:
            with transaction.atomic():
                answer = self.answer(slug)
        except AttestationError as refusal:
            _LOG.warning("refused: %s: %s", refusal, refusal.detail)
            return response(refusal.problem())
        except Problem as refusal:
            return response(refusal.document)
        return super().process_acme_request(slug) if answer is None else answer

    def answer(self, slug: str | None, /) -> AcmeResponse | None:
        """The answer, or None where the request concerns no device."""
        raise NotImplementedError

    def members(self) -> dict[str, Any]:
        """The payload's JSON object; empty where it is none, which django-ca refuses."""
        try:
            payload = json.loads(self.jws.payload)
        except ValueError:
            return {}
        return payload if isinstance(payload, dict) else {}

    def described(self, found: DeviceOrder) -> AcmeResponse:
        """The order (RFC 8555, section 7.1.3)."""
        authorization = found.authorization
        order = authorization.order
        url = self.request.build_absolute_uri
        description: dict[str, Any] = {
            "status": order.status,
            "expires": order.expires.astimezone(UTC).isoformat(),
            "identifiers": [found.identifier],
            "authorizations": [url(authorization.acme_url)],
            "finalize": url(order.acme_finalize_url),
        }
        if "error" in found.challenge:
            description["error"] = found.challenge["error"]
        if order.status == AcmeOrder.STATUS_VALID:
            description["certificate"] = url(order.acmecertificate.acme_url)
        described = AcmeResponse(description)
        described["Location"] = url(order.acme_url)
        return described


class NewOrderView(DeviceView, views.AcmeNewOrderView):
    """Section 7.4. Apple's client orders for one identifier.

    Whether it is admitted, finalize tells its device alone: anybody may have an account.
    """

    def answer(self, _: str | None, /) -> AcmeResponse | None:
        """A new order with its one authorization and its challenge."""
        wanted = self.members()
        identifiers = wanted.get("identifiers", [])
        if not _for_a_device(identifiers):
            return None
        identifier, *further = acme.parse_identifiers(identifiers)
        if further:
            raise Problem(acme.rejected_identifiers(*further, detail="one identifier for an order"))
        if {"notBefore", "notAfter"} & wanted.keys():
            raise AcmeMalformed(detail="this server chooses how long a certificate is valid")
        created = self.described(self._created(identifier))
        created.status_code = 201
        return created

    def _created(self, identifier: acme.Identifier) -> DeviceOrder:
        order = AcmeOrder.objects.create(account=self.account)
        authorization = AcmeAuthorization.objects.create(order=order, type=DEVICE, value="")
        place = {"slug": authorization.slug, "serial": authorization.serial}
        url = self.request.build_absolute_uri(reverse("django_ca:acme-challenge", kwargs=place))
        return DeviceOrder.objects.create(
            authorization=authorization,
            identifier=identifier.to_dict(),
            challenge=acme.Challenge.new(url).to_dict(),
        )


class OrderView(DeviceView, views.AcmeOrderView):
    """Section 7.1.3."""

    def answer(self, slug: str | None, /) -> AcmeResponse | None:
        """The order as it is."""
        found = _found(self.account, authorization__order__slug=slug)
        return None if found is None else self.described(found)


class AuthorizationView(DeviceView, views.AcmeAuthorizationView):
    """Section 7.5."""

    def answer(self, slug: str | None, /) -> AcmeResponse | None:
        """The authorization with its one challenge."""
        found = _found(self.account, authorization__slug=slug)
        if found is None:
            return None
        authorization = {
            "identifier": found.identifier,
            "status": found.authorization.status,
            "expires": found.authorization.expires.astimezone(UTC).isoformat(),
            "challenges": [found.challenge],
        }
        return AcmeResponse(authorization)


class ChallengeView(DeviceView, views.AcmeChallengeView):
    """Section 7.5.1. The first answer counts; ever after the challenge is as it is.

    A challenge has the slug of its authorization, which has only the one.
    """

    def answer(self, slug: str | None, /) -> AcmeResponse | None:
        """The challenge, after it was judged where that was asked for."""
        found = _found(self.account, authorization__slug=slug)
        if found is None:
            return None
        self.auth = found.authorization  # for the link that django-ca adds
        if self.jws.payload and self.auth.usable:
            _judge(found, self.jws.payload)
        return AcmeResponse(found.challenge)


class FinalizeView(DeviceView, views.AcmeOrderFinalizeView):
    """Section 7.4. A bad request may be mended, and a good one repeated: answers get lost."""

    def answer(self, slug: str | None, /) -> AcmeResponse | None:
        """The order with its certificate."""
        found = _found(self.account, authorization__order__slug=slug)
        if found is None:
            return None
        order = found.authorization.order
        if not _may_finalize(order):
            raise AcmeForbidden(code="orderNotReady", detail="This order is not ready.")
        valid = acme.validate_csr(
            self.members().get("csr", ""),
            attested_key=bytes(found.spki),
            identifier=acme.identifier_from_dict(found.identifier),
            binding=acme.CSRBinding.CN_OR_SAN,
        )
        if order.status == AcmeOrder.STATUS_READY:
            certify(found, valid)
        return self.described(found)


def _for_a_device(identifiers: object) -> bool:
    """Whether any of them is not of a type that django-ca certifies itself."""
    if not isinstance(identifiers, list):
        return False
    types = [each.get("type") for each in identifiers if isinstance(each, dict)]
    return any(isinstance(each, str) and each not in _OF_DJANGO_CA for each in types)


def _found(account: AcmeAccount, **where: object) -> DeviceOrder | None:
    """The account's order, locked until the end of the transaction; None if it is no device's.

    What it refers to is read after the lock is held, so that it is not older.
    """
    mine = DeviceOrder.objects.filter(authorization__order__account=account, **where)
    found: DeviceOrder | None = mine.select_for_update(of=("self",)).first()
    return found


def _may_finalize(order: AcmeOrder) -> bool:
    if order.status == AcmeOrder.STATUS_READY:
        return bool(order.expires > timezone.now())
    return bool(order.status == AcmeOrder.STATUS_VALID)


def _judge(found: DeviceOrder, answer: bytes) -> None:
    """Make the challenge, its authorization and its order valid, or invalid for ever."""
    challenge = acme.Challenge.from_dict(found.challenge)
    identifier = acme.identifier_from_dict(found.identifier)
    authorization, order = found.authorization, found.authorization.order
    try:
        attestation = acme.validate_challenge(
            answer,
            token=challenge.token,
            identifier=identifier,
            device=Admission.devices_for(identifier),
            verifier=verifier(),
        )
    except AttestationError as refusal:
        _LOG.warning("refused: %s: %s", refusal, refusal.detail)
        found.challenge = challenge.invalid(refusal).to_dict()
        authorization.status = AcmeAuthorization.STATUS_INVALID
        order.status = AcmeOrder.STATUS_INVALID
    else:
        found.challenge = challenge.valid(attestation.verified_at).to_dict()
        found.spki = attestation.spki
        found.device = attestation.device.serial_number or attestation.device.udid or ""
        authorization.status = AcmeAuthorization.STATUS_VALID
        order.status = AcmeOrder.STATUS_READY
    for each in (found, authorization, order):
        each.save()
