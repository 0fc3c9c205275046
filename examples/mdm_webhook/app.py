"""The webhook: NanoMDM posts each event as JSON, and signs it with `-webhook-hmac-key`."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from appleattest import AttestationError, Limits, Reason, mdm
from examples.mdm_webhook.watch import Watch

SIGNATURE: Final = "X-Hmac-Signature"
LIMITS: Final = Limits()


def app(watch: Watch, *, key: bytes) -> Starlette:
    """The ASGI application. `key` is the webhook's HMAC key; without one, anybody is NanoMDM."""
    if not key:
        raise ValueError("the HMAC key is blank")

    async def webhook(request: Request) -> Response:
        """200 for all that NanoMDM has sent, 400 for what it cannot have meant, 403 for others.

        An answer to another service's command may be very large, and is none of ours: no error.
        """
        signature, body = hmac.new(key, digestmod="sha256"), b""
        async for chunk in request.stream():
            signature.update(chunk)
            body += chunk[: LIMITS.json_bytes + 1 - len(body)]
        expected = b64encode(signature.digest())
        if not hmac.compare_digest(expected, request.headers.get(SIGNATURE, "").encode()):
            return PlainTextResponse("not signed by NanoMDM\n", 403)
        try:
            event = mdm.WebhookEvent.parse(body, limits=LIMITS)
        except AttestationError as error:
            if error.reason is Reason.TOO_LARGE:
                return Response()
            watch.show(f"an event that cannot be read: {error.reason}")
            return PlainTextResponse(f"{error}\n", 400)
        await run_in_threadpool(watch.receive, event)
        return Response()

    return Starlette(routes=[Route("/webhook", webhook, methods=["POST"])])
