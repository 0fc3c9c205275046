"""What a report or a chain says, in rows and sentences for people.

The command line and the report page show these. Every text is printable ASCII on one line, so a
terminal may show it as it is. A page still has to escape it for HTML.
"""

from appleattest.summary.certificates import CertificateRow, certificate_rows
from appleattest.summary.moments import distance
from appleattest.summary.printable import escaped, printable
from appleattest.summary.properties import PropertyRow, State, property_rows, unknown_oids
from appleattest.summary.verdict import Conclusion, verdict

__all__ = [
    "CertificateRow",
    "Conclusion",
    "PropertyRow",
    "State",
    "certificate_rows",
    "distance",
    "escaped",
    "printable",
    "property_rows",
    "unknown_oids",
    "verdict",
]
