"""What the example's ACME server asks of every request, whoever sends it (RFC 8555)."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("acme.client", reason="needs the packages of the dependency group 'examples'")

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from josepy.jwa import ES256, ES384, RS256, RS512
from josepy.jwk import JWKEC, JWKRSA
from serving import Served, serving
from signed_requests import ABSENT, KEYS, Signer

from appleattest import acme
from appleattest.testing import AttestationAuthority, DeviceModel, KeyKind, SimulatedDevice
from examples.acme_server.app import LONGEST_REQUEST, NONCE_LIFETIME, ORDER_LIFETIME
from examples.acme_server.jws import load_key, read_message
from examples.acme_server.store import Store

AUTHORITY: Final = AttestationAuthority("tests of the ACME server's protocol")
MAC: Final = DeviceModel.mac()
ORDERED: Final = {"identifiers": [{"type": "permanent-identifier", "value": MAC.serial_number}]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("acme"), AUTHORITY.verifier) as server:
        identifier = acme.PermanentIdentifier(MAC.serial_number)
        server.server.store.admit(identifier, acme.Answering.ORDERED)
        yield server


@pytest.fixture(scope="module")
def alice(served: Served) -> Signer:
    signer = Signer(served, "alice")
    signer.register()
    return signer


@pytest.fixture(scope="module")
def mallory(served: Served) -> Signer:
    signer = Signer(served, "mallory")
    signer.register()
    return signer


def assert_problem(response: requests.Response, kind: str, status: int = 400) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"urn:ietf:params:acme:error:{kind}"
    assert (problem["status"], response.status_code) == (status, status)
    assert MAC.serial_number not in response.text
    # Section 6.5: so that the client can go on.
    assert response.headers["Replay-Nonce"]
    return problem


# --- without a signature ------------------------------------------------------------------------


def test_the_directory(served: Served, alice: Signer) -> None:
    with alice.session() as session:
        found = session.get(served.directory_url).json()
    base = served.server.base_url
    assert found == {
        "newNonce": f"{base}/nonce",
        "newAccount": f"{base}/account",
        "newOrder": f"{base}/order",
    }


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
def test_a_nonce(alice: Signer, method: str, status: int) -> None:
    with alice.session() as session:
        response = session.request(method, alice.url("nonce"))
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert len(response.headers["Replay-Nonce"]) == 22
    assert response.links["index"]["url"] == alice.served.directory_url


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "order", 405), ("POST", "nothing", 404)]
)
def test_what_is_not_there(alice: Signer, method: str, path: str, status: int) -> None:
    with alice.session() as session:
        assert_problem(session.request(method, alice.url(path)), "malformed", status)


# --- the signature ------------------------------------------------------------------------------


def test_an_order_as_it_should_be(alice: Signer) -> None:
    response = alice.post("order", ORDERED)
    assert response.status_code == 201
    order = response.json()
    assert order["status"] == "pending"
    assert order["identifiers"] == ORDERED["identifiers"]
    again = alice.post(response.headers["Location"])
    assert (again.status_code, again.json()) == (200, order)


@pytest.mark.parametrize(
    ("header", "kind", "status"),
    [
        pytest.param({"url": "https://127.0.0.1/order"}, "unauthorized", 401, id="another-url"),
        pytest.param({"url": ABSENT}, "unauthorized", 401, id="no-url"),
        pytest.param({"nonce": ABSENT}, "badNonce", 400, id="no-nonce"),
        pytest.param({"nonce": "bm90LW9uZS1vZi1vdXJz"}, "badNonce", 400, id="unknown-nonce"),
        pytest.param({"nonce": {"a": 1}}, "badNonce", 400, id="nonce-that-is-no-text"),
        pytest.param({"nonce": "\ud800"}, "badNonce", 400, id="nonce-that-no-text-can-hold"),
        pytest.param({"alg": "HS256"}, "badSignatureAlgorithm", 400, id="symmetric"),
        pytest.param({"alg": "none"}, "badSignatureAlgorithm", 400, id="none"),
        pytest.param({"alg": "RS256"}, "badSignatureAlgorithm", 400, id="of-another-kind-of-key"),
        pytest.param({"alg": ABSENT}, "malformed", 400, id="no-algorithm"),
        pytest.param({"crit": ["exp"], "exp": 1}, "malformed", 400, id="critical-extension"),
        pytest.param({"crit": ["b64"], "b64": True}, "malformed", 400, id="critical-b64"),
        pytest.param({"b64": False}, "malformed", 400, id="b64"),
        pytest.param({"kid": ABSENT}, "malformed", 400, id="no-kid"),
        pytest.param({"kid": 1}, "malformed", 400, id="kid-that-is-no-text"),
        pytest.param({"jwk": {"kty": "EC"}}, "malformed", 400, id="jwk-beside-kid"),
        pytest.param({"kid": "alice"}, "accountDoesNotExist", 400, id="kid-that-is-no-url"),
    ],
)
def test_a_header_is_refused(alice: Signer, header: dict[str, Any], kind: str, status: int) -> None:
    problem = assert_problem(alice.post("order", ORDERED, header=header), kind, status)
    assert problem.get("algorithms") == (["ES256"] if kind == "badSignatureAlgorithm" else None)


def test_a_header_that_is_unknown_and_not_critical_is_ignored(alice: Signer) -> None:
    assert alice.post("order", ORDERED, header={"typ": "JOSE", "x": 1}).status_code == 201


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"header": {"kid": "other"}}, id="unprotected-header"),
        pytest.param({"signatures": []}, id="general-serialisation"),
        pytest.param({"signature": ABSENT}, id="no-signature"),
        pytest.param({"signature": "AAAA"}, id="wrong-signature"),
        pytest.param({"signature": "A"}, id="signature-that-is-not-base64url"),
        pytest.param({"signature": 1}, id="signature-that-is-no-text"),
        pytest.param({"protected": "W10"}, id="header-that-is-an-array"),
        pytest.param({"protected": "e30"}, id="empty-header"),
        pytest.param({"payload": "e30"}, id="another-payload"),
        pytest.param({"payload": None}, id="payload-that-is-no-text"),
    ],
)
def test_a_jws_is_refused(alice: Signer, members: dict[str, Any]) -> None:
    assert_problem(alice.post("order", ORDERED, members=members), "malformed")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'"e30"'])
def test_what_is_no_jws_is_refused(alice: Signer, body: bytes) -> None:
    assert_problem(alice.send("order", body), "malformed")


def test_a_request_is_bounded(alice: Signer) -> None:
    assert_problem(alice.send("order", b" " * (LONGEST_REQUEST + 1)), "malformed", 413)
    fits = alice.body("order", ORDERED)
    assert alice.send("order", fits.ljust(LONGEST_REQUEST)).status_code == 201


def test_the_content_type_is_that_of_jose(alice: Signer) -> None:
    body = alice.body("order", ORDERED)
    assert_problem(alice.send("order", body, "application/json"), "malformed", 415)
    assert alice.send("order", body).status_code == 201


def test_a_signature_of_another_account_is_refused(alice: Signer, mallory: Signer) -> None:
    assert_problem(mallory.post("order", ORDERED, header={"kid": alice.kid}), "malformed")
    assert mallory.post("order", ORDERED, header={"kid": mallory.kid}).status_code == 201


def test_an_account_that_is_not_there(alice: Signer) -> None:
    elsewhere = str(alice.kid).replace("127.0.0.1", "127.0.0.2")
    assert_problem(alice.post("order", ORDERED, header={"kid": elsewhere}), "accountDoesNotExist")
    stranger = Signer(alice.served, "stranger")
    stranger.kid = str(alice.kid)[:-1] + "_"
    assert_problem(stranger.post("order", ORDERED), "accountDoesNotExist")


# --- nonces -------------------------------------------------------------------------------------


def test_a_nonce_is_used_once(alice: Signer) -> None:
    body = alice.body("order", ORDERED)
    first = alice.send("order", body)
    assert first.status_code == 201
    assert_problem(alice.send("order", body), "badNonce")
    header = {"nonce": first.headers["Replay-Nonce"]}
    assert alice.post("order", ORDERED, header=header).status_code == 201
    assert_problem(alice.post("order", ORDERED, header=header), "badNonce")


def test_a_nonce_is_used_by_a_request_that_is_refused(alice: Signer) -> None:
    header = {"nonce": alice.nonce()}
    assert_problem(alice.post("order", [], header=header), "malformed")
    assert_problem(alice.post("order", ORDERED, header=header), "badNonce")


def test_a_nonce_is_not_used_by_a_request_that_nobody_signed(alice: Signer) -> None:
    header = {"nonce": alice.nonce()}
    forged = alice.post("order", ORDERED, header=header, members={"signature": "AAAA"})
    assert_problem(forged, "malformed")
    assert alice.post("order", ORDERED, header=header).status_code == 201


def test_a_nonce_has_its_time(alice: Signer) -> None:
    early, late = {"nonce": alice.nonce()}, {"nonce": alice.nonce()}
    alice.served.clock.advance(NONCE_LIFETIME - NONCE_LIFETIME.resolution * 1_000_000)
    assert alice.post("order", ORDERED, header=early).status_code == 201
    alice.served.clock.advance(NONCE_LIFETIME.resolution * 1_000_000)
    assert_problem(alice.post("order", ORDERED, header=late), "badNonce")


# --- accounts -----------------------------------------------------------------------------------


def test_a_key_has_one_account(served: Served) -> None:
    signer = Signer(served, "somebody")
    assert_problem(signer.post("account", {"onlyReturnExisting": True}), "accountDoesNotExist")
    first, second = signer.post("account", {}), signer.post("account", {"onlyReturnExisting": True})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["Location"] == second.headers["Location"]
    key = signer.key.public_key().to_json()
    # The same number with three octets more is the same key, whatever else the JWK says.
    padded = {**key, "x": "AAAA" + key["x"], "use": "enc", "d": "AA"}
    third = signer.post("account", {}, header={"jwk": padded})
    assert third.headers["Location"] == first.headers["Location"]
    signer.kid = first.headers["Location"]
    assert signer.post(signer.kid).json() == {"status": "valid"}


def test_a_new_account_needs_its_key(alice: Signer) -> None:
    assert_problem(alice.post("account", {}), "malformed")
    jwk = {"jwk": alice.key.public_key().to_json(), "kid": ABSENT}
    assert alice.post("account", {}, header=jwk).status_code == 200


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({}, id="empty"),
        pytest.param({"kty": "oct", "k": "AAAA"}, id="symmetric"),
        pytest.param({"kty": ["EC"]}, id="kind-that-is-no-text"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, id="not-on-the-curve"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA"}, id="half-a-point"),
        pytest.param(JWKEC(key=KEYS.ec("larger", KeyKind.P384)).public_key().to_json(), id="P-384"),
        pytest.param(
            JWKRSA(key=KEYS.key("certbot", KeyKind.RSA_2048)).public_key().to_json(), id="RSA"
        ),
    ],
)
def test_a_key_is_refused(served: Served, jwk: dict[str, Any]) -> None:
    signer = Signer(served, "of a good key")
    assert_problem(signer.post("account", {}, header={"jwk": jwk}), "badPublicKey")


def test_an_account_with_an_rsa_key_is_refused(served: Served) -> None:
    """RFC 8555, section 6.2, demands ES256 of a server, and nothing else of these."""
    key = KEYS.key("certbot", KeyKind.RSA_2048)
    assert isinstance(key, rsa.RSAPrivateKey)
    signer = Signer(served, key=JWKRSA(key=key))
    for alg in (RS256, RS512):
        problem = assert_problem(signer.post("account", {}, alg=alg), "badSignatureAlgorithm")
        assert problem["algorithms"] == ["ES256"]
    assert Signer(served, "of an elliptic curve").post("account", {}).status_code == 201


def test_another_algorithm_of_the_same_family_is_refused(served: Served) -> None:
    signer = Signer(served, key=JWKEC(key=KEYS.ec("larger", KeyKind.P384)))
    assert_problem(signer.post("account", {}, alg=ES384), "badSignatureAlgorithm")
    assert Signer(served, "smaller").post("account", {}, alg=ES256).status_code == 201


def test_accounts_are_their_owners(alice: Signer, mallory: Signer) -> None:
    assert_problem(mallory.post(str(alice.kid)), "unauthorized", 403)
    assert alice.post(str(alice.kid)).status_code == 200


# --- orders -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        pytest.param(b"", "malformed", id="empty"),
        pytest.param(b"[]", "malformed", id="array"),
        pytest.param(b"[" * 90_000, "malformed", id="deep"),
        pytest.param({}, "malformed", id="no-identifiers"),
        pytest.param({"identifiers": "x"}, "malformed", id="identifiers-that-are-no-array"),
        pytest.param({"identifiers": []}, "malformed", id="no-identifier"),
        pytest.param({**ORDERED, "notAfter": "2026-01-01T00:00:00Z"}, "malformed", id="validity"),
        pytest.param({"identifiers": ORDERED["identifiers"] * 2}, "rejectedIdentifier", id="two"),
    ],
)
def test_an_order_is_refused(alice: Signer, payload: object, kind: str) -> None:
    assert_problem(alice.post("order", payload), kind)


def ordered(signer: Signer) -> tuple[str, dict[str, Any], str]:
    """A new order's URL, the order, and the URL of its challenge."""
    response = signer.post("order", ORDERED)
    order = response.json()
    authorization = signer.post(order["authorizations"][0]).json()
    return response.headers["Location"], order, authorization["challenges"][0]["url"]


def test_an_order_is_its_owners(alice: Signer, mallory: Signer) -> None:
    url, order, challenge = ordered(alice)
    for place in (url, order["authorizations"][0], challenge, order["finalize"]):
        assert_problem(mallory.post(place), "unauthorized", 403)
        assert_problem(mallory.post(place, {}), "unauthorized", 403)
    certificate = url.replace("/order/", "/certificate/")
    assert_problem(mallory.post(certificate), "unauthorized", 403)
    assert_problem(alice.post(certificate), "malformed", 404)
    assert alice.post(url).json()["status"] == "pending"
    assert_problem(alice.post("order/none"), "malformed", 404)


def test_what_can_only_be_fetched_takes_no_payload(alice: Signer) -> None:
    url, order, _ = ordered(alice)
    for place in (url, order["authorizations"][0], url.replace("/order/", "/certificate/")):
        assert_problem(alice.post(place, {}), "malformed")


def test_an_order_is_finalized_when_it_is_ready(alice: Signer) -> None:
    _, order, _ = ordered(alice)
    assert_problem(alice.post(order["finalize"], {"csr": "AA"}), "orderNotReady", 403)


def test_a_refused_answer_is_for_ever(alice: Signer) -> None:
    url, order, place = ordered(alice)
    token = alice.post(place).json()["token"]
    first = alice.post(place, {})
    assert first.links["up"]["url"] == order["authorizations"][0]
    challenge = first.json()
    assert challenge["status"] == "invalid"
    assert challenge["error"]["type"].endswith(":badAttestationStatement")
    device = SimulatedDevice(AUTHORITY, MAC, clock=alice.served.clock)
    assert alice.post(place, device.answer_challenge(token).response).json() == challenge
    authorization = alice.post(order["authorizations"][0]).json()
    assert (authorization["status"], authorization["challenges"]) == ("invalid", [challenge])
    found = alice.post(url).json()
    assert (found["status"], found["error"]) == ("invalid", challenge["error"])
    assert_problem(alice.post(order["finalize"], {"csr": "AA"}), "orderNotReady", 403)


@pytest.mark.parametrize("response", [b"", b"[]", b"{", b'{"attObj": 1}', b'{"attObj": "a="}'])
def test_a_malformed_answer(alice: Signer, response: bytes) -> None:
    """Nothing at all is no answer; anything else is one, and the only one."""
    _, _, place = ordered(alice)
    challenge = alice.post(place, response).json()
    assert challenge["status"] == ("invalid" if response else "pending")
    assert ("error" in challenge) == bool(response)


def test_an_order_has_its_time(served: Served) -> None:
    signer = Signer(served, "slow")
    signer.register()
    model = DeviceModel.iphone()
    served.server.store.admit(acme.PermanentIdentifier(MAC.serial_number), [model.serial_number])
    device = SimulatedDevice(AUTHORITY, model, clock=served.clock)
    (late, _, challenge), (ready, order, answered) = ordered(signer), ordered(signer)
    valid = device.answer_challenge(signer.post(answered).json()["token"])
    assert signer.post(answered, valid.response).json()["status"] == "valid"
    assert signer.post(ready).json()["status"] == "ready"
    served.clock.advance(ORDER_LIFETIME)
    for url, of_authorization in ((late, "invalid"), (ready, "expired")):
        found = signer.post(url).json()
        assert found["status"] == "invalid"
        authorization = signer.post(found["authorizations"][0]).json()
        assert authorization["status"] == of_authorization
    token = signer.post(challenge).json()["token"]
    answer = device.answer_challenge(token).response
    assert signer.post(challenge, answer).json()["status"] == "pending"
    assert_problem(signer.post(order["finalize"], {"csr": "AA"}), "orderNotReady", 403)


# --- the store ----------------------------------------------------------------------------------


def test_what_was_used_stays_used_in_the_file(tmp_path: Path) -> None:
    identifier = acme.PermanentIdentifier("one-time-code")
    found = []
    for devices in (["EXAMPLE001", "EXAMPLE002"], ["EXAMPLE002"]):
        store = Store(tmp_path / "database")
        store.admit(identifier, devices)
        used = [store.use_client(identifier, device) for device in ("EXAMPLE001", "EXAMPLE002")]
        found.append((store.devices(identifier), used))
        store.close()
    assert found == [(["EXAMPLE001", "EXAMPLE002"], [True, False]), (["EXAMPLE002"], [True, False])]


def test_only_what_is_admitted_is_used() -> None:
    store, code = Store(), acme.PermanentIdentifier("code")
    assert store.devices(code) is acme.Answering.ORDERED
    assert not store.use_client(code, "EXAMPLE001")
    store.admit(code, acme.VOUCHED_ELSEWHERE)
    assert store.devices(code) is acme.VOUCHED_ELSEWHERE
    assert store.use_client(code, "EXAMPLE001")


def test_nonces_are_forgotten_without_reading_all_of_them(tmp_path: Path) -> None:
    """Each answer forgets those whose time is over, and anybody can ask for as many as he likes."""
    Store(tmp_path / "database").close()
    forgotten = "DELETE FROM nonce WHERE expires <= '2026-01-01T00:00:00+00:00'"
    with closing(sqlite3.connect(tmp_path / "database")) as database:
        plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {forgotten}")]
    assert plan == ["SEARCH nonce USING INDEX nonce_by_expiry (expires<?)"]


def test_no_secret_is_in_what_may_be_logged(served: Served, alice: Signer) -> None:
    url, _, place = ordered(alice)
    token, body = alice.post(place).json()["token"], alice.body(place, b"the attestation")
    order = served.server.store.order(url.rpartition("/")[2])
    jwk = load_key(alice.key.public_key().to_json())
    message = read_message(body, url=place, key_of=lambda _: jwk)
    shown = [repr(each) for each in (order, message, served.server, served.server.authority)]
    secrets = (token, message.nonce, "attestation'", repr(served.server.authority.key))
    assert [secret for secret in secrets for each in shown if secret in each] == []
    assert MAC.serial_number in shown[0]


def test_a_store_that_is_dropped_closes_its_connection(tmp_path: Path) -> None:
    """`ResourceWarning` on Python 3.13, and the file stays open as long as the process."""
    store = Store(tmp_path / "file")
    database = store._database
    del store
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")


def test_nonces_that_nobody_used_in_time_are_forgotten(tmp_path: Path) -> None:
    store, now = Store(tmp_path / "database"), AUTHORITY.issued_at
    for lifetime in (0, 1, 1):
        store.add_nonce(now + lifetime * NONCE_LIFETIME, now)
    store.close()
    with closing(sqlite3.connect(tmp_path / "database")) as database:
        assert database.execute("SELECT count(*) FROM nonce").fetchone() == (2,)


def test_an_exception_takes_a_transaction_back() -> None:
    store = Store()

    def fail() -> None:
        with store.transaction():
            store.add_account("thumbprint", {})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert store.account("thumbprint") is None
    with store.transaction():
        store.add_account("thumbprint", {"kty": "EC"})
    assert json.dumps(store.account("thumbprint")) == '{"kty": "EC"}'
    store.close()
