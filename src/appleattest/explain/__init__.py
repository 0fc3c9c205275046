"""What a reason, a check or an OID means, and what to do: the text for people.

`make tables` writes the tables of `docs/reasons.md` and `docs/oids.md` from it. The edges use it:
the command line and the report page. Nothing that verifies does.
"""

from appleattest.explain.checks import of_check
from appleattest.explain.oids import OidText, every_oid, of_oid
from appleattest.explain.reasons import ReasonText, of_reason

__all__ = ["OidText", "ReasonText", "every_oid", "of_check", "of_oid", "of_reason"]
