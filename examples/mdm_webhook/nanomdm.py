"""How a command is queued: NanoMDM's API, `PUT /v1/enqueue/{id}`."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx2

from examples.mdm_webhook.watch import NoAnswer, NotQueued

USER: Final = "nanomdm"
"""The one user of NanoMDM's API, whose password is the API key."""
_REFUSED: Final = (400, 401, 403, 404, 405, 413)
"""With these the request was refused before anything was queued."""
_ANSWERS: Final = (200, 207, 500)
"""With these the answer says what happened, in JSON. 500 is also "queued, but not pushed"."""


class NanoMDM:
    """A NanoMDM server. `push` has it wake the device up, which then asks for its commands."""

    def __init__(self, url: str, *, api_key: str, push: bool = True) -> None:
        self._client = httpx2.Client(base_url=url, auth=(USER, api_key), timeout=10)
        self._params = {} if push else {"nopush": "1"}

    def send(self, enrollment_id: str, command: bytes) -> None:
        """Queue the command for the enrolment.

        Raises `NotQueued` where it is certain that the command was not queued, and `NoAnswer`
        where nobody can know: after a time-out, or an answer that is not NanoMDM's.
        """
        path = f"/v1/enqueue/{quote(enrollment_id, safe='')}"
        try:
            response = self._client.put(path, params=self._params, content=command)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            # Without a connection, nothing was sent. The cause would hold the request and its key.
            raise NotQueued("NanoMDM is not reached") from None
        except httpx2.HTTPError as error:
            raise NoAnswer(f"no answer of NanoMDM's: {type(error).__name__}") from None
        if response.status_code in _REFUSED:
            raise NotQueued(f"NanoMDM answered {response.status_code}")
        errors = _errors(response) if response.status_code in _ANSWERS else None
        if errors is None:
            raise NoAnswer(f"the answer, with status {response.status_code}, is not NanoMDM's")
        if errors:
            raise NotQueued(f"NanoMDM says: {errors[0]!a}")

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


def _errors(response: httpx2.Response) -> list[Any] | None:
    """Why the command was not queued; empty if it was, None where the answer does not tell."""
    try:
        result: dict[str, Any] = response.json()
        each_id = result.get("status", {}).values()
        errors = [each["command_error"] for each in (result, *each_id) if "command_error" in each]
        return errors if errors or "command_uuid" in result else None
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
