"""newOrder and finalize: one device for an order, and a certificate for its attested key alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from acme2certifier.acme_srv.certificate import Certificate
from acme2certifier.acme_srv.helpers.csr import csr_load
from acme2certifier.acme_srv.order import Order

from appleattest import AttestationError, acme
from examples.acme2certifier.settings import Settings
from examples.acme2certifier.store import Store

Problem: TypeAlias = Mapping[str, Any]

_BAD_CSR: Final = "urn:ietf:params:acme:error:badCSR"


class Refused(Exception):
    """A request that ends in this problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem["detail"])
        self.problem = problem


class DeviceCertificate(Certificate):
    """Enrols with the CA handler what has been validated, and nothing else."""

    def __init__(self, *arguments: Any, valid: acme.ValidatedCSR, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._valid = valid

    def _validate_csr_against_order(self, _: str, csr: str) -> bool:
        """Whether it is the validated request. The base class compares DNS names."""
        return bool(csr_load(self.logger, csr) == self._valid.csr)


class DeviceOrder(Order):
    """One request about an order. What it refuses ends in the problem of the error."""

    def __init__(self, *arguments: Any, settings: Settings, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._settings = settings
        self._store = Store(self.dbstore.db_name)
        self._problem: Problem | None = None
        self._valid: acme.ValidatedCSR | None = None

    # --- newOrder -------------------------------------------------------------------------------

    def create_order(self, payload: Any, account_name: str) -> tuple[Any, ...]:
        """The base class gets the one identifier as we have read it, or nothing."""
        wanted = payload.get("identifiers", []) if isinstance(payload, dict) else []
        try:
            identifier = _one_identifier(wanted)
        except Refused as refusal:
            _, kind, detail, _ = self._refuse(refusal.problem)
            return kind, detail, "", {}, ""
        created: tuple[Any, ...] = super().create_order(
            {**payload, "identifiers": [identifier.to_dict()]}, account_name
        )
        return created

    def are_identifiers_allowed(self, *_: Any, **__: Any) -> tuple[None, None]:
        """Yes: `create_order` has read them. The base class knows DNS names and addresses."""
        return None, None

    # --- finalize -------------------------------------------------------------------------------

    def _finalize_ready_order(
        self, order_name: str, payload: Any, header: Any = None
    ) -> tuple[Any, ...]:
        """Judge the request first: until here a bad one may be mended, and the order is ready."""
        try:
            self._valid = self._validated(order_name, payload)
        except Refused as refusal:
            return self._refuse(refusal.problem)
        finalized: tuple[Any, ...] = super()._finalize_ready_order(order_name, payload, header)
        return finalized

    def _validated(self, order_name: str, payload: Any) -> acme.ValidatedCSR:
        spki = self._store.attested_key(order_name)
        if spki is None:
            kind = self.error_msg_dic["ordernotready"]
            raise Refused({"type": kind, "status": 403, "detail": "no device has answered"})
        sent = payload.get("csr", "") if isinstance(payload, dict) else ""
        (ordered,) = self.get_order_details(order_name)["identifiers"]
        identifier = acme.identifier_from_dict(ordered)
        try:
            valid = acme.validate_csr(
                sent,
                attested_key=spki,
                identifier=identifier,
                binding=acme.CSRBinding.CN_OR_SAN,
            )
        except AttestationError as refusal:
            self.logger.warning("finalize refused: %s: %s", refusal, refusal.detail)
            raise Refused(refusal.problem()) from None
        if not self._settings.admits(identifier):
            raise Refused(acme.rejected_identifiers(identifier, detail="not admitted here"))
        if not self._store.use_key(order_name, valid.spki_sha256):
            detail = "a certificate was ordered for this key before"
            raise Refused({"type": _BAD_CSR, "status": 400, "detail": detail})
        return valid

    def _enroll_certificate_for_order(
        self, order_name: str, csr: str, header_info: Any
    ) -> tuple[Any, ...]:
        """As the base class, which names its own class of certificates here."""
        assert self._valid is not None
        with DeviceCertificate(
            self.debug,
            self.server_name,
            self.logger,
            config_dic=self.config_dic,
            valid=self._valid,
        ) as certificate:
            name = certificate.store_csr(order_name, csr, header_info)
            if not name:
                return 500, self.error_msg_dic["serverinternal"], "CSR processing failed"
            error, detail = certificate.enroll_and_store(name, csr, order_name)
            result: tuple[Any, ...] = self._map_csr_enrollment_result(name, error, detail)
            return result

    # --- the answer -----------------------------------------------------------------------------

    def create_from_content(self, content: bytes) -> dict[str, Any]:
        """The answer to newOrder."""
        return self._answer(super().create_from_content(content))

    def parse_order_content(self, content: bytes, header: Any = None) -> dict[str, Any]:
        """The answer to everything else about an order."""
        return self._answer(super().parse_order_content(content, header))

    def _refuse(self, problem: Problem) -> tuple[int, str, str, None]:
        """What the base class makes a problem from: it keeps two members, and we the others."""
        self._problem = problem
        return problem["status"], problem["type"], problem["detail"], None

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        if self._problem is not None:
            response.update(code=self._problem["status"], data=dict(self._problem))
        return response


def _one_identifier(wanted: Any) -> acme.Identifier:
    """The one identifier of an order. Apple's client orders for one."""
    try:
        identifier, *further = acme.parse_identifiers(wanted)
    except AttestationError as refusal:
        raise Refused(refusal.problem()) from None
    if further:
        detail = "one identifier for an order"
        raise Refused(acme.rejected_identifiers(*further, detail=detail))
    return identifier
