"""One certificate: untrusted until every field is decoded and checked.

`decoding` asks `usual` first, which knows the shape of Apple's certificates, and `general` about
anything else. `fields` walks the outermost DER, `decoded` has the results.
"""

from appleattest.certificates.algorithms import KEY_PREFIXES, SIGNATURE_ALGORITHMS
from appleattest.certificates.decoded import (
    DecodedCertificate,
    Extensions,
    OutsideCertificate,
    by_oid,
    der_of,
    raw_properties,
)
from appleattest.certificates.decoding import (
    attested_key_is_accepted,
    decode_and_judge,
    decode_certificate,
)
from appleattest.certificates.fields import Fields, outermost_fields
from appleattest.certificates.usual import read_usual

__all__ = [
    "KEY_PREFIXES",
    "SIGNATURE_ALGORITHMS",
    "DecodedCertificate",
    "Extensions",
    "Fields",
    "OutsideCertificate",
    "attested_key_is_accepted",
    "by_oid",
    "decode_and_judge",
    "decode_certificate",
    "der_of",
    "outermost_fields",
    "raw_properties",
    "read_usual",
]
