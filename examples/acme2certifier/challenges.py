"""The authorization with its one challenge, and the answer of the device."""

from __future__ import annotations

import json
from typing import Any

from acme2certifier.acme_srv.authorization import Authorization, ChallengeSetManager
from acme2certifier.acme_srv.challenge import Challenge, DatabaseChallengeRepository
from acme2certifier.acme_srv.challenge_business_logic import (
    ChallengeService,
    ChallengeStateManager,
    ChallengeUpdateRequest,
)
from acme2certifier.acme_srv.challenge_validators import (
    ChallengeContext,
    ChallengeValidator,
    ChallengeValidatorRegistry,
    ValidationResult,
)
from jwcrypto.jws import JWS

from appleattest import AttestationError, acme
from examples.acme2certifier.settings import Settings
from examples.acme2certifier.store import Store


class DeviceAttestValidator(ChallengeValidator):
    """Judges one answer, the octets that the client has signed, to the challenge of one order."""

    def __init__(
        self, logger: Any, *, settings: Settings, store: Store, order_name: str, answer: bytes
    ) -> None:
        super().__init__(logger)
        self._settings = settings
        self._store = store
        self._order_name = order_name
        self._answer = answer

    def get_challenge_type(self) -> str:
        """The type that it is registered for."""
        return acme.CHALLENGE_TYPE

    def perform_validation(self, context: ChallengeContext) -> ValidationResult:
        """Valid, and the attested key is kept; or invalid, with the problem of the error."""
        ordered = {"type": context.authorization_type, "value": context.authorization_value}
        identifier = acme.identifier_from_dict(ordered)
        try:
            attestation = acme.validate_challenge(
                self._answer,
                token=context.token,
                identifier=identifier,
                device=self._settings.devices(identifier),
                verifier=self._settings.verifier,
            )
        except AttestationError as refusal:
            self.logger.warning("challenge refused: %s: %s", refusal, refusal.detail)
            return ValidationResult(False, True, json.dumps(refusal.problem()))
        self._store.keep(self._order_name, attestation.spki)
        return ValidationResult(True, False)


class DeviceChallenges(ChallengeService):
    """Offers the one challenge, whatever other types the configuration enables."""

    def _create_new_challenge_set(self, authorization_name: str, *_: Any) -> list[dict[str, Any]]:
        """The token is new, and not the one that acme2certifier keeps for all challenges."""
        challenge = self.factory.create_single_challenge(
            authorization_name, acme.CHALLENGE_TYPE, acme.new_token()
        )
        return [challenge] if challenge else []


class DeviceChallengeRepository(DatabaseChallengeRepository):
    """Keeps the problem of a refused challenge: acme2certifier's SQLite handler forgets it."""

    def update_challenge(self, request: ChallengeUpdateRequest) -> bool:
        """As the base class, and the problem where there is one."""
        updated = bool(super().update_challenge(request))
        if request.validation_error:
            Store(self.dbstore.db_name).keep_problem(request.name, request.validation_error)
        return updated


class DeviceChallenge(Challenge):
    """One request about a challenge."""

    def __init__(self, *, settings: Settings, **named: Any) -> None:
        super().__init__(**named)
        self._settings = settings
        self._store = Store(self.dbstore.db_name)
        self._answer = b""
        self.repository = DeviceChallengeRepository(self.dbstore, self.logger)
        self.state_manager = ChallengeStateManager(self.repository, self.logger)

    def _initialize_business_logic_components(self) -> None:
        super()._initialize_business_logic_components()
        self.service = DeviceChallenges(
            self.repository, self.state_manager, self.factory, self.logger
        )

    def process_challenge_request(self, content: bytes) -> dict[str, Any]:
        """Keep the octets that are signed: the base class makes all keys of the JSON lower case."""
        self._answer = _signed_octets(content)
        response: dict[str, Any] = super().process_challenge_request(content)
        return response

    def _start_async_validation(self, challenge_name: str, payload: Any) -> None:
        """Judge the first answer, at once: Apple's client does not poll.

        A request without a payload asks only how the challenge is.
        """
        # The name comes from the URL, and SQLite's LIKE finds it in any case: take the stored one.
        found = self.dbstore.challenge_lookup(
            "name", challenge_name, ["name", "authorization__order__name"]
        )
        if not self._answer or not self._store.begin(found["name"]):
            return
        validator = DeviceAttestValidator(
            self.logger,
            settings=self._settings,
            store=self._store,
            order_name=found["authorization__order__name"],
            answer=self._answer,
        )
        self.validator_registry = ChallengeValidatorRegistry(self.logger)
        self.validator_registry.register_validator(validator)
        self._perform_challenge_validation(found["name"], payload)


class DeviceChallengeSet(ChallengeSetManager):
    """The base class names its own class of challenges in this one method."""

    def __init__(self, *arguments: Any, settings: Settings, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._settings = settings

    def get_challenge_set_for_authorization(
        self,
        authz_name: str,
        status: str,
        token: str,
        is_tnauth: bool,
        expires: int,
        id_type: str | None = None,
        id_value: str | None = None,
        is_wildcard: bool = False,
        eab_kid: str | None = None,
    ) -> list[dict[str, Any]]:
        """The challenges of an authorization: made when it is fetched first."""
        with DeviceChallenge(
            debug=self.debug,
            srv_name=self.server_name,
            logger=self.logger,
            expiry=expires,
            config_dic=self.config_dic,
            settings=self._settings,
        ) as challenge:
            offered: list[dict[str, Any]] = challenge.retrieve_challenge_set(
                authz_name, status, token, is_tnauth, id_type, id_value, is_wildcard, eab_kid
            )
            return offered


class DeviceAuthorization(Authorization):
    """One request about an authorization."""

    def __init__(self, *arguments: Any, settings: Settings, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.challenge_manager = DeviceChallengeSet(
            self.debug,
            self.server_name,
            self.logger,
            config_dic=self.config_dic,
            settings=settings,
        )


def _signed_octets(content: bytes) -> bytes:
    """The payload, as acme2certifier's own JWS library reads it; nothing where it cannot.

    The base class then refuses the message, and checks the signature of any other.
    """
    message = JWS()
    try:
        message.deserialize(content.decode())
        return bytes(message.objects["payload"])
    except Exception:  # noqa: BLE001 -- the library promises no class; the base class answers
        return b""
