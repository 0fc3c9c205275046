"""The WSGI application: four resources are ours, and acme2certifier's own has all others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from acme2certifier.acme_srv.helper import get_url, log_response
from acme2certifier.share import acme2certifier_wsgi as stock

from examples.acme2certifier.challenges import DeviceAuthorization, DeviceChallenge
from examples.acme2certifier.orders import DeviceOrder
from examples.acme2certifier.settings import Settings

LONGEST_REQUEST: Final = 128 * 1024
"""Octets of a request. An attestation with its chain takes about three thousand."""

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]
Answer: TypeAlias = Callable[[Environ, bytes], dict[str, Any]]

SETTINGS: Final = Settings.load(stock.CONFIG)


_PATHS: Final = re.compile(r"[A-Za-z0-9/-]*")
"""acme2certifier looks names up by LIKE in SQLite, where % and _ would stand for any. A cursor
that has not read all the rows it finds then keeps the database locked."""


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    if _length(environ) > LONGEST_REQUEST:
        return _send(environ, start_response, _problem(413, "the request is too long"))
    path = stock.get_path_with_prefix(environ, stock.CONFIG)
    if not _PATHS.fullmatch(path):
        return _send(environ, start_response, _problem(404, "no such resource"))
    for beginning, answer in _RESOURCES.items():
        if path.startswith(beginning):
            return _send(environ, start_response, _answered(environ, answer))
    found: Iterable[bytes] = stock.application(environ, start_response)
    return found


def _answered(environ: Environ, answer: Answer) -> dict[str, Any]:
    if environ["REQUEST_METHOD"] != "POST":
        return _problem(405, "POST is the only method of this resource")
    return answer(environ, environ["wsgi.input"].read(_length(environ)))


def _new_order(environ: Environ, content: bytes) -> dict[str, Any]:
    with DeviceOrder(*_common(environ), config_dic=stock.CONFIG, settings=SETTINGS) as order:
        _bind(order, environ)
        response: dict[str, Any] = order.create_from_content(content)
        return response


def _order(environ: Environ, content: bytes) -> dict[str, Any]:
    with DeviceOrder(*_common(environ), config_dic=stock.CONFIG, settings=SETTINGS) as order:
        _bind(order, environ)
        response: dict[str, Any] = order.parse_order_content(content, environ)
        return response


def _authorization(environ: Environ, content: bytes) -> dict[str, Any]:
    with DeviceAuthorization(
        *_common(environ), config_dic=stock.CONFIG, settings=SETTINGS
    ) as authorization:
        _bind(authorization, environ)
        response: dict[str, Any] = authorization.handle_post_request(content)
        return response


def _challenge(environ: Environ, content: bytes) -> dict[str, Any]:
    debug, server_name, logger = _common(environ)
    with DeviceChallenge(
        debug=debug,
        srv_name=server_name,
        logger=logger,
        source=environ["REMOTE_ADDR"],
        config_dic=stock.CONFIG,
        settings=SETTINGS,
    ) as challenge:
        _bind(challenge, environ)
        response: dict[str, Any] = challenge.process_challenge_request(content)
        return response


_RESOURCES: Final[dict[str, Answer]] = {
    "acme/neworders": _new_order,
    "acme/order": _order,
    "acme/authz": _authorization,
    "acme/chall": _challenge,
}
"""Whatever begins so is ours: no odd path reaches the classes that know no attestation."""


def _common(environ: Environ) -> tuple[bool, str, Any]:
    return stock.DEBUG, get_url(environ), stock.LOGGER


def _bind(handler: Any, environ: Environ) -> None:
    """The signed URL must be that of the request (RFC 8555, section 6.4)."""
    handler.message.request_url = get_url(environ, include_path=True)


def _length(environ: Environ) -> int:
    """The octets of the body; what is no number is taken for none, as acme2certifier does."""
    stated = environ.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isascii() and stated.isdigit() else 0


def _problem(status: int, detail: str) -> dict[str, Any]:
    kind = "urn:ietf:params:acme:error:malformed"
    return {"code": status, "data": {"type": kind, "status": status, "detail": detail}}


def _send(
    environ: Environ, start_response: StartResponse, response: dict[str, Any]
) -> Iterable[bytes]:
    status = HTTPStatus(response["code"])
    start_response(f"{status.value} {status.phrase}", stock.create_header(response))
    log_response(stock.LOGGER, environ["REMOTE_ADDR"], environ["PATH_INFO"], response)
    return [json.dumps(response["data"]).encode()]
