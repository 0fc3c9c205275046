"""How a command is queued: NanoMDM's API, `PUT /v1/enqueue/{id}`."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx2

from examples.mdm_webhook.watch import NotQueued

USER: Final = "nanomdm"
"""The one user of NanoMDM's API, whose password is the API key."""
_ANSWERS: Final = (200, 207, 500)
"""With these the answer says what happened, in JSON. 500 is also "queued, but not pushed"."""


class NanoMDM:
    """A NanoMDM server. `push` has it wake the device up, which then asks for its commands."""

    def __init__(self, url: str, *, api_key: str, push: bool = True) -> None:
        self._client = httpx2.Client(base_url=url, auth=(USER, api_key), timeout=10)
        self._params = {} if push else {"nopush": "1"}

    def send(self, enrollment_id: str, command: bytes) -> None:
        """Queue the command for the enrolment. Raises `NotQueued` unless NanoMDM says it is."""
        path = f"/v1/enqueue/{quote(enrollment_id, safe='')}"
        try:
            response = self._client.put(path, params=self._params, content=command)
            if response.status_code not in _ANSWERS:
                raise NotQueued(f"NanoMDM answered {response.status_code}")
            result: dict[str, Any] = response.json()
            for each in (result, *result.get("status", {}).values()):
                if "command_error" in each:
                    raise NotQueued(each["command_error"])
        except (httpx2.HTTPError, ValueError) as error:
            raise NotQueued(str(error)) from error
        except (AttributeError, TypeError, RecursionError):
            raise NotQueued("an answer that is not NanoMDM's") from None

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
