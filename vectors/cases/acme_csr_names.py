"""Where the certificate request shows the order's identifier, and that it shows no other."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from appleattest import Reason
from appleattest.acme import CSRBinding, HardwareModuleName, PermanentIdentifier
from appleattest.testing import AttestationAuthority, csr, der
from vectors.case import SERIAL, CsrInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.requests import (
    EVERY_MODE,
    NAMED,
    NOBODY,
    SHOWN,
    WITH_IDENTIFIER,
    modes,
    request,
    showing,
)

FILE: Final = "acme_csr_names"

_SAN_REQUIRED, _CN_OR_SAN, _OPTIONAL, _FORBIDDEN = CSRBinding
_OTHER: Final = PermanentIdentifier("OTHERSERIAL2")
_OTHER_NAMED: Final = csr.subject_of("OTHERSERIAL2")
_SERIAL_NUMBER: Final = csr.attribute(csr.SERIAL_NUMBER, SERIAL, der.PRINTABLE_STRING)
_CN: Final = csr.attribute(csr.COMMON_NAME, SERIAL)

# --- the four modes -----------------------------------------------------------------------------


@valid(FILE, Flag.BINDING_MODE, each=modes(_OPTIONAL, _FORBIDDEN))
def nowhere(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``no subject, no SAN``: a request without names, where the identifier may be left out."""
    return showing(authority, NOBODY, binding=binding)


@invalid(
    FILE, Reason.IDENTIFIER_MISSING, Flag.UNBOUND_REQUEST, each=modes(_SAN_REQUIRED, _CN_OR_SAN)
)
def nowhere_where_due(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``[no subject, no SAN]``: a request without names, where the identifier must be shown."""
    return showing(authority, NOBODY, binding=binding)


@valid(FILE, Flag.GENUINE_REQUEST, Flag.BINDING_MODE, each=modes(_CN_OR_SAN, _OPTIONAL))
def in_the_common_name(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``CN=order's``: the one place in which Apple's client can show an identifier."""
    return showing(authority, NAMED, binding=binding)


@invalid(FILE, Reason.IDENTIFIER_MISSING, Flag.UNBOUND_REQUEST)
def in_the_common_name_where_san_is_required(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, [no SAN]``: the mode of the draft asks for the alternative name."""
    return showing(authority, NAMED, binding=_SAN_REQUIRED)


@invalid(FILE, Reason.UNEXPECTED_NAME, Flag.UNBOUND_REQUEST)
def in_the_common_name_where_forbidden(authority: AttestationAuthority) -> CsrInput:
    """``[CN=order's]``: no identifier may show, for privacy."""
    return showing(authority, NAMED, binding=_FORBIDDEN)


@valid(FILE, Flag.GENUINE_REQUEST, Flag.BINDING_MODE, each=WITH_IDENTIFIER)
def in_the_alternative_name(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``no subject, SAN=order's``: a PermanentIdentifier, as the draft has it."""
    return showing(authority, NOBODY, SHOWN, binding=binding)


@invalid(FILE, Reason.UNEXPECTED_NAME, Flag.UNBOUND_REQUEST)
def in_the_alternative_name_where_forbidden(authority: AttestationAuthority) -> CsrInput:
    """``no subject, [SAN=order's]``: no identifier may show, for privacy."""
    return showing(authority, NOBODY, SHOWN, binding=_FORBIDDEN)


@valid(FILE, Flag.BINDING_MODE, each=WITH_IDENTIFIER)
def in_both(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``CN=order's, SAN=order's``: the alternative name is what counts."""
    return showing(authority, NAMED, SHOWN, binding=binding)


@invalid(FILE, Reason.UNEXPECTED_NAME, Flag.UNBOUND_REQUEST)
def in_both_where_forbidden(authority: AttestationAuthority) -> CsrInput:
    """``[CN=order's, SAN=order's]``: no identifier may show, for privacy."""
    return showing(authority, NAMED, SHOWN, binding=_FORBIDDEN)


@valid(FILE, Flag.BINDING_MODE)
def in_the_serial_number(authority: AttestationAuthority) -> CsrInput:
    """``serialNumber=order's``: it may stand, and is no place that any mode asks for."""
    return showing(authority, csr.subject(_SERIAL_NUMBER), binding=_OPTIONAL)


@invalid(
    FILE, Reason.IDENTIFIER_MISSING, Flag.UNBOUND_REQUEST, each=modes(_SAN_REQUIRED, _CN_OR_SAN)
)
def in_the_serial_number_alone(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``serialNumber=order's, [no CN, no SAN]``: the place where one is due is empty."""
    return showing(authority, csr.subject(_SERIAL_NUMBER), binding=binding)


# --- another identifier -------------------------------------------------------------------------


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ANOTHER_IDENTIFIER, each=WITH_IDENTIFIER)
def common_name_of_another(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``[CN=another]``: a request in the name of another device, whatever the mode."""
    return showing(authority, _OTHER_NAMED, binding=binding)


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ANOTHER_IDENTIFIER, each=WITH_IDENTIFIER)
def alternative_name_of_another(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``no subject, [SAN=another]``: a request in the name of another device."""
    return showing(authority, NOBODY, _OTHER.other_name(), binding=binding)


@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.ANOTHER_IDENTIFIER,
    each={"cn": (_OTHER_NAMED, ()), "san": (NOBODY, (_OTHER.other_name(),))},
)
def another_where_forbidden(
    authority: AttestationAuthority, shown: tuple[bytes, tuple[x509.OtherName, ...]]
) -> CsrInput:
    """``[CN or SAN=another]``: where no identifier may show, no other may."""
    subject, names = shown
    return showing(authority, subject, *names, binding=_FORBIDDEN)


_BESIDE: Final[dict[str, tuple[bytes, tuple[x509.OtherName, ...]]]] = {
    "cn": (_OTHER_NAMED, (SHOWN,)),
    "second-cn": (csr.subject(_CN, csr.attribute(csr.COMMON_NAME, _OTHER.value)), (SHOWN,)),
    "first-cn": (csr.subject(csr.attribute(csr.COMMON_NAME, _OTHER.value), _CN), (SHOWN,)),
    "serial-number": (
        csr.subject(_CN, csr.attribute(csr.SERIAL_NUMBER, _OTHER.value, der.PRINTABLE_STRING)),
        (SHOWN,),
    ),
    "uid": (csr.subject(_CN, csr.attribute(csr.USER_ID, _OTHER.value)), (SHOWN,)),
    "second-permanent-identifier": (NAMED, (SHOWN, _OTHER.other_name())),
    "first-permanent-identifier": (NAMED, (_OTHER.other_name(), SHOWN)),
    "hardware-module": (NAMED, (SHOWN, HardwareModuleName(SERIAL, "1.2.3").other_name())),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ANOTHER_IDENTIFIER, each=_BESIDE)
def another_beside_the_order_s(
    authority: AttestationAuthority, shown: tuple[bytes, tuple[x509.OtherName, ...]]
) -> CsrInput:
    """``order's and [another] in one request``: every identifier that shows must be the order's."""
    subject, names = shown
    return showing(authority, subject, *names)


@acceptable(FILE, Flag.LEFT_OPEN, each=WITH_IDENTIFIER)
def everywhere_the_order_s(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``CN, serialNumber, UID, SAN twice, all the order's``: nothing else is shown.

    No client is known to repeat itself so.
    """
    subject = csr.subject(_CN, _SERIAL_NUMBER, csr.attribute(csr.USER_ID, SERIAL))
    return showing(authority, subject, SHOWN, SHOWN, binding=binding)


# --- identifiers that are nearly the order's ----------------------------------------------------

_NEARLY: Final[dict[str, str]] = {
    "lower-case": SERIAL.lower(),
    "leading-space": f" {SERIAL}",
    "trailing-space": f"{SERIAL} ",
    "trailing-line-feed": f"{SERIAL}\n",
    "trailing-nul": f"{SERIAL}\x00",
    "prefix": SERIAL[:-1],
    "longer": f"{SERIAL}0",
    "full-width-letter": "\uff34" + SERIAL[1:],
    "cyrillic-letter": "\u0422" + SERIAL[1:],
    "zero-width-space": f"{SERIAL}\u200b",
    "arabic-digits": f"{SERIAL[:-2]}\u0660\u0661",
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.LOOKALIKE_IDENTIFIER, each=_NEARLY)
def common_name_nearly(authority: AttestationAuthority, value: str) -> CsrInput:
    """``[CN=nearly the order's]``: octets are compared; nothing is folded, trimmed, normalised."""
    return showing(authority, csr.subject_of(value))


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.LOOKALIKE_IDENTIFIER, each=_NEARLY)
def alternative_name_nearly(authority: AttestationAuthority, value: str) -> CsrInput:
    """``no subject, [SAN=nearly the order's]``: octets are compared."""
    return showing(authority, NOBODY, PermanentIdentifier(value).other_name())


@valid(FILE, Flag.IDENTIFIER_FORM, each=_NEARLY)
def common_name_ordered_so(authority: AttestationAuthority, value: str) -> CsrInput:
    """``CN=order's``: an identifier is any characters but the slash, if it was ordered so."""
    ordered = {"type": "permanent-identifier", "value": value}
    return showing(authority, csr.subject_of(value), identifier=ordered)


# --- assigners and hardware modules -------------------------------------------------------------

_ASSIGNED: Final = {"type": "permanent-identifier", "value": f"{SERIAL}/1.2.3"}
_MODULE: Final = {"type": "hardware-module", "value": f"{SERIAL}/1.2.3"}
_FORMS: Final = {
    "assigner": (_ASSIGNED, PermanentIdentifier(SERIAL, "1.2.3")),
    "hardware-module": (_MODULE, HardwareModuleName(SERIAL, "1.2.3")),
}


@valid(FILE, Flag.IDENTIFIER_FORM, each=_FORMS)
def alternative_name_with_oid(
    authority: AttestationAuthority,
    form: tuple[dict[str, str], PermanentIdentifier | HardwareModuleName],
) -> CsrInput:
    """``no subject, SAN=order's value and OID``: an identifier of two parts."""
    ordered, identifier = form
    return showing(authority, NOBODY, identifier.other_name(), identifier=ordered)


@valid(FILE, Flag.IDENTIFIER_FORM, each={"assigner": _ASSIGNED, "hardware-module": _MODULE})
def common_name_with_oid(authority: AttestationAuthority, ordered: dict[str, str]) -> CsrInput:
    """``CN=order's text``: value, slash and OID, as in newOrder."""
    return showing(authority, csr.subject_of(ordered["value"]), identifier=ordered)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.ASSIGNED_IDENTIFIER,
    each={"assigner": _ASSIGNED, "hardware-module": _MODULE},
)
def common_name_without_its_oid(
    authority: AttestationAuthority, ordered: dict[str, str]
) -> CsrInput:
    """``[CN=the value alone]``, where value and OID were ordered: another identifier."""
    return showing(authority, NAMED, identifier=ordered)


_TAKEN_FOR: Final[dict[str, tuple[dict[str, str] | None, x509.OtherName]]] = {
    "assigner-not-ordered": (None, PermanentIdentifier(SERIAL, "1.2.3").other_name()),
    "module-not-ordered": (None, HardwareModuleName(SERIAL, "1.2.3").other_name()),
    "assigner-left-out": (_ASSIGNED, SHOWN),
    "another-assigner": (_ASSIGNED, PermanentIdentifier(SERIAL, "1.2.4").other_name()),
    "module-for-assigner": (_ASSIGNED, HardwareModuleName(SERIAL, "1.2.3").other_name()),
    "assigner-for-module": (_MODULE, PermanentIdentifier(SERIAL, "1.2.3").other_name()),
    "another-module": (_MODULE, HardwareModuleName(SERIAL, "1.2.4").other_name()),
    "value-alone-for-module": (_MODULE, SHOWN),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ASSIGNED_IDENTIFIER, each=_TAKEN_FOR)
def oid_taken_for(
    authority: AttestationAuthority, shown: tuple[dict[str, str] | None, x509.OtherName]
) -> CsrInput:
    """``no subject, [SAN=same value]``: another assigner, type or kind is another identifier.

    The text of a PermanentIdentifier and of a HardwareModuleName can even be the same.
    """
    ordered, name = shown
    asked = {} if ordered is None else {"identifier": ordered}
    return showing(authority, NOBODY, name, **asked)


# --- the form of the common name ----------------------------------------------------------------

_TWO_COMMON_NAMES: Final = csr.subject(_CN, _CN)
_MULTI_VALUED: Final = der.sequence(csr.rdn(_CN, _SERIAL_NUMBER))
_IA5: Final = csr.subject(csr.attribute(csr.COMMON_NAME, SERIAL, 0x16))
_ODD_COMMON_NAMES: Final[dict[str, bytes]] = {
    "two": _TWO_COMMON_NAMES,
    "multi-valued-rdn": _MULTI_VALUED,
    "ia5-string": _IA5,
}


@acceptable(FILE, Flag.COMMON_NAME_FORM, reason=Reason.UNEXPECTED_NAME, each=_ODD_COMMON_NAMES)
def common_name_form(authority: AttestationAuthority, subject: bytes) -> CsrInput:
    """``[CN=order's in an odd form]``: which value is *the* common name depends on the reader.

    Where it identifies the device, this library wants one, alone in its RDN, UTF8String or
    PrintableString. All that is here is the order's identifier.
    """
    return showing(authority, subject)


@acceptable(
    FILE,
    Flag.COMMON_NAME_FORM,
    each={"two": _TWO_COMMON_NAMES, "multi-valued-rdn": _MULTI_VALUED, "ia5-string": _IA5},
)
def common_name_form_beside_san(authority: AttestationAuthority, subject: bytes) -> CsrInput:
    """``CN=order's in an odd form, SAN=order's``: the alternative name is what identifies."""
    return showing(authority, subject, SHOWN)


@valid(FILE, Flag.IDENTIFIER_FORM, each={"utf8": der.UTF8_STRING, "printable": 0x13})
def common_name_as(authority: AttestationAuthority, tag: int) -> CsrInput:
    """``CN=order's``: the two string types in which a common name identifies a device."""
    return showing(authority, csr.subject(csr.attribute(csr.COMMON_NAME, SERIAL, tag)))


_OTHER_STRINGS: Final[dict[str, tuple[int, str]]] = {
    "teletex": (0x14, "latin-1"),
    "bmp": (0x1E, "utf-16-be"),
    "universal": (0x1C, "utf-32-be"),
}


@acceptable(
    FILE,
    Flag.STRING_TYPE,
    reason=Reason.UNEXPECTED_NAME,
    each=_OTHER_STRINGS,
)
def string_type(authority: AttestationAuthority, kind: tuple[int, str]) -> CsrInput:
    """``[CN=order's in another string type], SAN=order's``: readers differ about these."""
    tag, encoding = kind
    subject = csr.subject(csr.attribute(csr.COMMON_NAME, SERIAL.encode(encoding), tag))
    return showing(authority, subject, SHOWN)


_CHARACTERS: Final[dict[str, bytes]] = {
    "asterisk-in-printable": csr.attribute(csr.COMMON_NAME, SERIAL + "*", 0x13),
    "underscore-in-printable": csr.attribute(csr.COMMON_NAME, SERIAL + "_", 0x13),
    "latin-1-in-ia5": csr.attribute(csr.ORGANIZATION, b"\xff", 0x16),
    "utf-8-in-ia5": csr.attribute(csr.ORGANIZATION, "\u00e9", 0x16),
    "latin-1-in-utf8": csr.attribute(csr.COMMON_NAME, b"\xff"),
    "surrogate-in-utf8": csr.attribute(csr.COMMON_NAME, b"\xed\xa0\x80"),
    "overlong-in-utf8": csr.attribute(csr.COMMON_NAME, b"\xc1\x94ESTSERIAL01"),
    "beyond-unicode-in-utf8": csr.attribute(csr.COMMON_NAME, b"\xf4\x90\x80\x80"),
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_CHARACTERS)
def character(authority: AttestationAuthority, attribute: bytes) -> CsrInput:
    """``[attribute], SAN=order's``: octets that a string of this type cannot hold."""
    return showing(authority, csr.subject(attribute), SHOWN)


# --- other names --------------------------------------------------------------------------------

_PRINCIPAL: Final = x509.OtherName(
    x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), der.utf8_string("user@example.org")
)
_NAMES: Final[dict[str, x509.GeneralName]] = {
    "dns": x509.DNSName("server.example"),
    "mail": x509.RFC822Name("user@example.org"),
    "uri": x509.UniformResourceIdentifier("https://server.example/"),
    "nt-principal": _PRINCIPAL,
}


@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.UNORDERED_NAME,
    each={
        **_NAMES,
        "dns-of-the-serial": x509.DNSName(SERIAL),
        "registered-id": x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        "directory": x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A")])),
        "directory-of-the-serial": x509.DirectoryName(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERIAL)])
        ),
    },
)
def alternative_name(authority: AttestationAuthority, name: x509.GeneralName) -> CsrInput:
    """``CN=order's, SAN=order's and [name]``: a name that nobody allowed."""
    return showing(authority, NAMED, SHOWN, name)


@valid(FILE, Flag.ALLOWED_NAME, each=_NAMES)
def allowed_alternative_name(authority: AttestationAuthority, name: x509.GeneralName) -> CsrInput:
    """``CN=order's, SAN=name``: the kinds of name that Apple's payload can ask for, allowed."""
    return showing(authority, NAMED, name, allowed_names=[name])


@invalid(FILE, Reason.UNEXPECTED_NAME, Flag.UNORDERED_NAME, each=EVERY_MODE)
def name_of_a_server(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``[SAN=DNS name]``: no mode lets in a name that is neither the order's nor allowed."""
    shown = [] if binding is _FORBIDDEN else [SHOWN]
    return showing(authority, NOBODY, *shown, _NAMES["dns"], binding=binding)


@acceptable(
    FILE,
    Flag.LEFT_OPEN,
    reason=Reason.UNEXPECTED_NAME,
    each={
        "upper-case": x509.DNSName("SERVER.example"),
        "trailing-dot": x509.DNSName("server.example."),
    },
)
@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.UNORDERED_NAME,
    each={
        "another-server": x509.DNSName("other.example"),
        "subdomain": x509.DNSName("a.server.example"),
        "mail-of-the-same-text": x509.RFC822Name("server.example"),
        "uri-of-the-same-text": x509.UniformResourceIdentifier("server.example"),
    },
)
def not_the_allowed_name(authority: AttestationAuthority, name: x509.GeneralName) -> CsrInput:
    """``CN=order's, SAN=[name]``, another allowed: an allowed name is that name and no other.

    Two spellings are the same host to the DNS (RFC 5280, 7.2); this library compares octets.
    """
    return showing(authority, NAMED, name, allowed_names=[_NAMES["dns"]])


@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.UNORDERED_NAME,
    each={"x400": der.tlv(0xA3, der.null()), "edi": der.tlv(0xA5, der.tlv(0xA1, b"\x0c\x01a"))},
)
def name_that_nobody_reads(authority: AttestationAuthority, name: bytes) -> CsrInput:
    """``CN=order's, SAN=[name]``: an x400Address or ediPartyName."""
    return CsrInput(csr=request(authority, csr.alternatives_of(name)))


_ORGANIZED: Final = csr.subject(_CN, csr.attribute(csr.ORGANIZATION, "Example"))


@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.UNORDERED_NAME,
    each={
        "nothing-allowed": (),
        "another-value": (x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Other"),),
        "another-type": (x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Example"),),
        "a-dns-name": (x509.DNSName("Example"),),
    },
)
def organization(
    authority: AttestationAuthority, allowed: tuple[x509.NameAttribute[str] | x509.DNSName, ...]
) -> CsrInput:
    """``CN=order's, [O=Example]``: an attribute of the subject that was not allowed."""
    return showing(authority, _ORGANIZED, allowed_names=allowed)


@valid(FILE, Flag.ALLOWED_NAME)
def allowed_organization(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, O=Example``: an attribute that the server has allowed."""
    allowed = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")
    return showing(authority, _ORGANIZED, allowed_names=[allowed])


_CODE: Final = {"type": "permanent-identifier", "value": "one-time-code-1"}
_DEVICE: Final = (SHOWN, x509.NameAttribute(NameOID.COMMON_NAME, SERIAL))


@valid(FILE, Flag.ALLOWED_NAME, each=modes(_OPTIONAL, _FORBIDDEN))
def allowed_device_of_a_code(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``CN=serial number, SAN=serial number``, ordered for a code, the device's names allowed.

    What was ordered is a one-time code. Who resolved it says which names the device may have.
    """
    return showing(
        authority, NAMED, SHOWN, identifier=_CODE, binding=binding, allowed_names=_DEVICE
    )


@invalid(
    FILE, Reason.IDENTIFIER_MISSING, Flag.UNBOUND_REQUEST, each=modes(_SAN_REQUIRED, _CN_OR_SAN)
)
def code_where_due(authority: AttestationAuthority, binding: CSRBinding) -> CsrInput:
    """``CN=serial number, SAN=serial number``, [the code is missing]: allowed is not ordered."""
    return showing(
        authority, NAMED, SHOWN, identifier=_CODE, binding=binding, allowed_names=_DEVICE
    )


@invalid(
    FILE,
    Reason.UNEXPECTED_NAME,
    Flag.UNBOUND_REQUEST,
    each={"cn": (NAMED, ()), "san": (NOBODY, (SHOWN,))},
)
def forbidden_cannot_be_allowed(
    authority: AttestationAuthority, shown: tuple[bytes, tuple[x509.OtherName, ...]]
) -> CsrInput:
    """``[order's]``, forbidden and allowed at once: what may not show may not show."""
    subject, names = shown
    return showing(authority, subject, *names, binding=_FORBIDDEN, allowed_names=_DEVICE)


# --- otherNames that are no identifiers ---------------------------------------------------------

_VALUE: Final = der.utf8_string(SERIAL)
_SHOWN_DER: Final = csr.other_name(SHOWN.type_id.dotted_string, SHOWN.value)
_BROKEN: Final[dict[str, bytes]] = {
    "no-value": der.sequence(),
    "assigner-alone": der.sequence(der.oid("1.2.3")),
    "empty-value": der.sequence(der.utf8_string("")),
    "slash-in-the-value": der.sequence(der.utf8_string(f"{SERIAL}/1.2.3")),
    "printable-string": der.sequence(der.printable_string(SERIAL)),
    "third-field": der.sequence(_VALUE, der.oid("1.2.3"), der.null()),
    "non-minimal-oid": der.sequence(_VALUE, der.tlv(6, b"\x2a\x80\x03")),
    "truncated-oid": der.sequence(_VALUE, der.tlv(6, b"\x2a\x83")),
}


@invalid(FILE, Reason.MALFORMED_IDENTIFIER, Flag.OTHER_NAME_ENCODING, each=_BROKEN)
def permanent_identifier(authority: AttestationAuthority, value: bytes) -> CsrInput:
    """``CN=order's, SAN=order's and [PermanentIdentifier]``: one that has no meaning is refused.

    It is not skipped: a reader that is more lenient would find an identifier in it.
    """
    name = csr.other_name(PermanentIdentifier.oid.dotted_string, value)
    return CsrInput(csr=request(authority, csr.alternatives_of(_SHOWN_DER, name)))


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.OTHER_NAME_ENCODING,
    each={
        "nothing": b"",
        "indefinite-length": b"\x30\x80" + _VALUE + b"\x00\x00",
        "long-length": b"\x30\x81" + der.sequence(_VALUE)[1:],
        "two-values": der.sequence(_VALUE) * 2,
    },
)
def other_name_of(authority: AttestationAuthority, value: bytes) -> CsrInput:
    """``CN=order's, SAN=order's and [otherName]``: what it holds is not one element of DER."""
    name = csr.other_name(PermanentIdentifier.oid.dotted_string, value)
    return CsrInput(csr=request(authority, csr.alternatives_of(_SHOWN_DER, name)))


@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.OTHER_NAME_ENCODING,
    each={
        "no-serial": der.sequence(der.oid("1.2.3")),
        "serial-as-text": der.sequence(der.oid("1.2.3"), _VALUE),
        "serial-not-utf-8": der.sequence(der.oid("1.2.3"), der.octet_string(b"\xff")),
    },
)
def hardware_module(authority: AttestationAuthority, value: bytes) -> CsrInput:
    """``CN=order's, SAN=order's and [HardwareModuleName]``: one that has no meaning is refused."""
    name = csr.other_name(HardwareModuleName.oid.dotted_string, value)
    return CsrInput(csr=request(authority, csr.alternatives_of(_SHOWN_DER, name)))


@invalid(FILE, Reason.MALFORMED_IDENTIFIER, Flag.OTHER_NAME_ENCODING)
def malformed_identifier_that_is_allowed(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, SAN=[PermanentIdentifier of another string type]``, allowed as it stands.

    Nobody can have allowed what nobody can read.
    """
    name = x509.OtherName(PermanentIdentifier.oid, _BROKEN["printable-string"])
    return showing(authority, NAMED, name, allowed_names=[name])
