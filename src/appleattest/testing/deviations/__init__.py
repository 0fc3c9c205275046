"""Deliberate departures from a genuine certificate: the closed list.

Each is a frozen value whose docstring says what it breaks. Give any number of them to
``attest`` as ``deviations`` (the leaf's) or ``intermediate_deviations``, or to an
`AttestationAuthority` as ``root_deviations``. They apply in the order given, so
``(SignatureHash(...), MismatchedAlgorithms(...))`` is not the same as the reverse. One that would
change nothing, or needs what is not there, raises ``ValueError``.
"""

from appleattest.testing.deviations.certified_key import (
    CertifiedKey,
    ExplicitCurve,
    KeyPoint,
    PointForm,
    PublicKeyInfo,
)
from appleattest.testing.deviations.encoding import (
    BERLength,
    IndefiniteLength,
    Replaced,
    TrailingBytes,
    Truncated,
)
from appleattest.testing.deviations.extension import (
    UNKNOWN_EXTENSION,
    CriticalExtension,
    DoubledExtension,
    ExtensionValue,
    ExtraExtension,
    MissingExtension,
    NoExtensions,
    NonCriticalExtension,
    RawExtension,
)
from appleattest.testing.deviations.fields import (
    IssuerName,
    NegativeSerial,
    SelfIssued,
    SelfSigned,
    Serial,
    SubjectName,
    Version,
    ZeroSerial,
)
from appleattest.testing.deviations.signature import (
    ZERO_SIGNATURE,
    MismatchedAlgorithms,
    NullSignatureParameters,
    ReplacedSignature,
    SignatureAlgorithm,
    SignatureHash,
    TamperedContent,
    TamperedSignature,
    TwinSignature,
    UnusedBits,
    WrongSigner,
)
from appleattest.testing.deviations.standard import (
    ExtendedKeyUsage,
    KeyUsage,
    KeyUse,
    LeafIsCA,
    MismatchedKeyIdentifiers,
    NameConstraints,
    NoBasicConstraints,
    NoKeyCertSign,
    NoKeyIdentifiers,
    NoKeyUsage,
    NotACA,
    PathLength,
)
from appleattest.testing.deviations.validity import (
    BadTime,
    Expired,
    NotYetValid,
    TimeForm,
    Validity,
)
from appleattest.testing.deviations.values import (
    NestedFreshnessCode,
    Utf8StringText,
    WrappedValue,
)

__all__ = [
    "UNKNOWN_EXTENSION",
    "ZERO_SIGNATURE",
    "BERLength",
    "BadTime",
    "CertifiedKey",
    "CriticalExtension",
    "DoubledExtension",
    "Expired",
    "ExplicitCurve",
    "ExtendedKeyUsage",
    "ExtensionValue",
    "ExtraExtension",
    "IndefiniteLength",
    "IssuerName",
    "KeyPoint",
    "KeyUsage",
    "KeyUse",
    "LeafIsCA",
    "MismatchedAlgorithms",
    "MismatchedKeyIdentifiers",
    "MissingExtension",
    "NameConstraints",
    "NegativeSerial",
    "NestedFreshnessCode",
    "NoBasicConstraints",
    "NoExtensions",
    "NoKeyCertSign",
    "NoKeyIdentifiers",
    "NoKeyUsage",
    "NonCriticalExtension",
    "NotACA",
    "NotYetValid",
    "NullSignatureParameters",
    "PathLength",
    "PointForm",
    "PublicKeyInfo",
    "RawExtension",
    "Replaced",
    "ReplacedSignature",
    "SelfIssued",
    "SelfSigned",
    "Serial",
    "SignatureAlgorithm",
    "SignatureHash",
    "SubjectName",
    "TamperedContent",
    "TamperedSignature",
    "TimeForm",
    "TrailingBytes",
    "Truncated",
    "TwinSignature",
    "UnusedBits",
    "Utf8StringText",
    "Validity",
    "Version",
    "WrappedValue",
    "WrongSigner",
    "ZeroSerial",
]
