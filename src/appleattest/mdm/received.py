"""What an MDM server received: the response of a device, or the webhook event around it."""

from __future__ import annotations

from appleattest.errors import MalformedInput, Reason
from appleattest.forms import WHITE_SPACE, Form, recognise
from appleattest.limits import Limits
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.mdm.webhook import WebhookEvent


def response_in(content: bytes, limits: Limits) -> DeviceInformationResponse | bytes:
    """The response in a webhook event; anything else as it came, for `validate_response`.

    Raises `AttestationError`: what `WebhookEvent.parse` raises, the `refusal` of an event whose
    property list cannot be read, and `malformed-json` for an event of another kind.
    """
    if content.lstrip(WHITE_SPACE)[:1] != b"{" or recognise(content) is not Form.WEBHOOK_EVENT:
        return content
    event = WebhookEvent.parse(content, limits=limits)
    if event.response is None:
        raise event.refusal or MalformedInput(
            Reason.MALFORMED_JSON, "the event holds no response of a device"
        )
    return event.response
