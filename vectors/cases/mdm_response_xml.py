"""Responses in XML that a strict reader refuses, each around a genuine attestation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority
from vectors.case import MdmInput, acceptable, but, invalid, only
from vectors.cases.mdm_response import FILE, chain_of
from vectors.flags import Flag
from vectors.handmade import DOCTYPE, KEY, answer, data, response, xml

_ACKNOWLEDGED: Final = "<key>Status</key><string>Acknowledged</string>"


def _with(authority: AttestationAuthority, more: str) -> bytes:
    """A genuine response with `more` among its keys."""
    return xml(response(answer(chain_of(authority)), more=more)).encode()


def _empty(authority: AttestationAuthority) -> str:
    return answer(chain_of(authority)) + answer([])


_TWICE: Final[dict[str, Callable[[AttestationAuthority], str]]] = {
    "attestation": lambda a: response(answer(chain_of(a)) * 2),
    "attestation-and-empty": lambda a: response(_empty(a)),
    "empty-and-attestation": lambda a: response(answer([]) + answer(chain_of(a))),
    "status-good-last": lambda a: response(answer(chain_of(a)), more=_ACKNOWLEDGED, status="Error"),
    "status-good-first": lambda a: response(
        answer(chain_of(a)), more="<key>Status</key><string>Error</string>"
    ),
    "query-responses": lambda a: response(
        answer(chain_of(a)), more="<key>QueryResponses</key><dict/>"
    ),
    "written-differently": lambda a: response(
        answer(chain_of(a)), more="<key>Stat&#117;s</key><string>Error</string>"
    ),
    "other-answer": lambda a: response(
        "<key>UDID</key><string>1</string><key>UDID</key><string>2</string>" + answer(chain_of(a))
    ),
    "under-an-ignored-key": lambda a: response(
        answer(chain_of(a)), more="<key>X</key><dict><key>a</key><true/><key>a</key><true/></dict>"
    ),
}
_ALIKE: Final = ("attestation", "other-answer", "under-an-ignored-key")


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    each=only(_TWICE, *_ALIKE),
)
@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=but(_TWICE, *_ALIKE))
def key_twice(
    authority: AttestationAuthority, body: Callable[[AttestationAuthority], str]
) -> MdmInput:
    """``<dict> … one key twice … </dict>``: one reader takes the first, another the last.

    Where both are equal, or nothing is read of them, it makes no difference.
    """
    return MdmInput(xml(body(authority)).encode())


_BASE64: Final[dict[str, Callable[[str], str]]] = {
    "dollar-sign": lambda text: f"{text[:40]}${text[40:]}",
    "hyphen": lambda text: f"{text[:40]}-{text[40:]}",
    "four-foreign-characters": lambda text: f"{text[:40]}....{text[40:]}",
    "no-break-space": lambda text: f"{text[:40]}&#160;{text[40:]}",
    "without-the-last-character": lambda text: text[:-1],
    "one-character-more": lambda text: f"{text}A",
    "padding-in-the-middle": lambda text: f"{text[:40]}===={text[40:]}",
    "padding-at-the-end": lambda text: f"{text}====",
    "element-inside": lambda text: f"{text[:40]}<true/>{text[40:]}",
    "hex": lambda text: text.encode().hex() + "=",
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_BASE64)
def base64(authority: AttestationAuthority, damaged: Callable[[str], str]) -> MdmInput:
    """``<data>the leaf, in base64 with a defect</data>``

    RFC 4648, 3.3: foreign characters MUST be refused. Lenient decoders skip them, and some stop
    at a padding.
    """
    text = data(chain_of(authority)[0])[6:-7]
    body = response(answer(chain_of(authority))).replace(text, damaged(text))
    return MdmInput(xml(body).encode())


_SHORT_DATA: Final = {
    "non-zero-tail-of-2": "QUJ=",
    "non-zero-tail-of-4": "QR==",
    "unpadded": "QQ",
    "half-padded": "QQ=",
    "padded-too-much": "QUI==",
    "padding-alone": "=",
    "url-alphabet": "-_-_",
    "after-the-padding": "QQ==QQ==",
}


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    each=_SHORT_DATA,
)
def base64_under_an_ignored_key(authority: AttestationAuthority, text: str) -> MdmInput:
    """``<key>X</key><data>a few characters with a defect</data>``

    This library reads what is not used as strictly as what is.
    """
    return MdmInput(_with(authority, f"<key>X</key><data>{text}</data>"))


_SUBSETS: Final = {
    "entity": '<!DOCTYPE plist [<!ENTITY ok "Acknowledged">]>',
    "external-entity": '<!DOCTYPE plist [<!ENTITY ok SYSTEM "file:///dev/null">]>',
    "parameter-entity": '<!DOCTYPE plist [<!ENTITY % ok "">%ok;]>',
    "attribute-default": '<!DOCTYPE plist [<!ATTLIST dict x CDATA "y">]>',
    "element": "<!DOCTYPE plist [<!ELEMENT plist ANY>]>",
    "public-and-entity": DOCTYPE[:-1] + ' [<!ENTITY ok "Acknowledged">]>',
    "billion-laughs": "<!DOCTYPE plist ["
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    + "]>",
}


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    each=_SUBSETS,
)
def internal_subset(authority: AttestationAuthority, doctype: str) -> MdmInput:
    """``<!DOCTYPE plist [declarations]>``, and a genuine response that uses none of them.

    A document type with declarations of its own decides what the rest means, or costs. Here it
    decides nothing; a reader that expands or fetches nothing is safe.
    """
    body = response(answer(chain_of(authority)))
    return MdmInput(xml(body, doctype=doctype).encode())


@acceptable(
    FILE,
    Flag.LEFT_OPEN,
    reason=Reason.MALFORMED_PLIST,
    each={"internal": '"Acknowledged"'},
)
@invalid(
    FILE,
    Reason.MALFORMED_PLIST,
    Flag.MALFORMED_PLIST,
    each={"external": 'SYSTEM "file:///dev/null"'},
)
def entity_used(authority: AttestationAuthority, value: str) -> MdmInput:
    """``<!DOCTYPE plist [<!ENTITY ok …>]>`` and ``<string>&ok;</string>`` as the status

    The status is what the sender's own declaration says, which XML allows, or what a file of the
    server holds, which lets a device read files.
    """
    body = response(answer(chain_of(authority)), status="&ok;")
    return MdmInput(xml(body, doctype=f"<!DOCTYPE plist [<!ENTITY ok {value}>]>").encode())


@acceptable(FILE, Flag.LEFT_OPEN, reason=Reason.MALFORMED_PLIST, each={"doctype": DOCTYPE})
@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each={"none": ""})
def entity_undeclared(authority: AttestationAuthority, doctype: str) -> MdmInput:
    """``<string>&ok;</string>`` under an ignored key, and nothing declares it.

    Without a document type that is not well-formed (XML, 4.1). With one, Apple's might declare it.
    """
    body = response(answer(chain_of(authority)), more="<key>X</key><string>&ok;</string>")
    return MdmInput(xml(body, doctype=doctype).encode())


_VALUES: Final = {
    "unknown-element": "<null/>",
    "upper-case-element": "<TRUE/>",
    "element-in-text": "<string>a<true/></string>",
    "key-for-a-value": "<key>Y</key>",
    "text-for-a-value": "Y",
    "date-of-no-date": "<date>x</date>",
    "date-out-of-range": "<date>2025-13-01T00:00:00Z</date>",
    "integer-of-no-number": "<integer>x</integer>",
    "integer-of-nothing": "<integer/>",
    "integer-with-an-underscore": "<integer>1_0</integer>",
    "integer-in-arabic-digits": "<integer>&#1633;&#1634;</integer>",
    "integer-of-5000-digits": f"<integer>{'9' * 5000}</integer>",
    "real-of-no-number": "<real>x</real>",
    "true-with-text": "<true>no</true>",
    "value-without-a-key": "<true/><true/>",
    "nothing": "",
    "plist-in-plist": "<plist><true/></plist>",
}
_ODD_SCALARS: Final = (
    *("date-of-no-date", "date-out-of-range", "true-with-text", "real-of-no-number"),
    *("integer-of-no-number", "integer-of-nothing", "integer-with-an-underscore"),
    *("integer-in-arabic-digits", "integer-of-5000-digits"),
)


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    each=only(_VALUES, *_ODD_SCALARS),
)
@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=but(_VALUES, *_ODD_SCALARS))
def value(authority: AttestationAuthority, element: str) -> MdmInput:
    """``<key>X</key>`` and something that is no value

    Where the elements are not those of a property list, readers differ about what follows. Where
    one element holds an odd text, and nobody asks for it, they do not.
    """
    return MdmInput(_with(authority, f"<key>X</key>{element}"))


_DOCUMENTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated-by-an-octet": lambda xml: xml.rstrip()[:-1],
    "cut-in-half": lambda xml: xml[: len(xml) // 2],
    "trailing-text": lambda xml: xml + b"x",
    "trailing-nul": lambda xml: xml + b"\0",
    "trailing-element": lambda xml: xml + b"<plist><dict/></plist>",
    "twice": lambda xml: xml + xml,
    "leading-text": lambda xml: b"x" + xml,
    "leading-line-feed": lambda xml: b"\n" + xml,
    "two-values": lambda xml: xml.replace(b"</plist>", b"<dict/></plist>"),
    "tags-crossed": lambda xml: xml.replace(b"</dict></dict>", b"</array></dict>"),
    "key-last": lambda xml: xml.replace(b"</dict>\n</plist>", b"<key>X</key></dict></plist>"),
    "not-utf-8": lambda xml: xml.replace(b"<dict>", b"<dict><key>\xff</key><true/>", 1),
    "nul-inside": lambda xml: xml.replace(b"<dict>", b"<dict><key>\0</key><true/>", 1),
    "control-character": lambda xml: xml.replace(b"<dict>", b"<dict><key>\x01</key><true/>", 1),
    "another-root": lambda xml: xml.replace(b"plist version", b"list version").replace(
        b"</plist>", b"</list>"
    ),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_DOCUMENTS)
def xml_document(authority: AttestationAuthority, damaged: Callable[[bytes], bytes]) -> MdmInput:
    """A genuine response whose XML is damaged: well-formed is all or nothing."""
    return MdmInput(damaged(_with(authority, "")))


_NO_RESPONSES: Final = {
    "nothing": b"",
    "white-space": b" \n",
    "json": b'{"Status": "Acknowledged"}',
    "openstep": b'{ Status = "Acknowledged"; }',
    "html": b"<html><body>Unauthorized</body></html>",
    "no-value": xml("").encode(),
    "array": xml("<array/>").encode(),
    "text": xml("<string>Acknowledged</string>").encode(),
    "data": xml("<data/>").encode(),
    "true": xml("<true/>").encode(),
    "declaration-alone": b'<?xml version="1.0"?>',
    "noise": bytes(range(256)),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_NO_RESPONSES)
def instead_of_a_response(_authority: AttestationAuthority, sent: bytes) -> MdmInput:
    """No property list, or one whose value is no dictionary

    Nothing in it answers the command. It is neither searched nor taken for an empty response.
    """
    return MdmInput(sent)


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST)
def array_of_a_response(authority: AttestationAuthority) -> MdmInput:
    """``<array><dict>a genuine response</dict></array>``: a response is a dictionary."""
    body = response(answer(chain_of(authority)))
    return MdmInput(xml(f"<array>{body}</array>").encode())


_NESTED: Final = {"arrays-40": ("array", 40), "arrays-600": ("array", 600), "unclosed": ("", 0)}


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_PLIST,
    each=but(_NESTED, "unclosed"),
)
@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=only(_NESTED, "unclosed"))
def nested(authority: AttestationAuthority, given: tuple[str, int]) -> MdmInput:
    """``<key>X</key>`` and arrays in arrays, far deeper than any response has them.

    Hundreds of levels exhaust the stack of a recursive reader. Unclosed, they cost half.
    """
    name, depth = given
    arrays = f"<{name}>" * depth + f"</{name}>" * depth if name else "<array>" * 600
    return MdmInput(_with(authority, f"<key>X</key>{arrays}"))


_MANY: Final = {
    "values": "<key>X</key><array>" + "<true/>" * 1100 + "</array>",
    "keys": "".join(f"<key>{number}</key><true/>" for number in range(520)),
}


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_PLIST, each=_MANY)
def elements(authority: AttestationAuthority, more: str) -> MdmInput:
    """More than a thousand keys and values: each costs far more to build than to send."""
    return MdmInput(_with(authority, more))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def above_64_kib(authority: AttestationAuthority) -> MdmInput:
    """A genuine response with white space after it: 65,537 octets, one too many.

    It is measured before it is parsed.
    """
    return MdmInput(_with(authority, "").ljust(65_537))


_OPEN: Final[dict[str, Callable[[str], bytes]]] = {
    "byte-order-mark": lambda body: b"\xef\xbb\xbf" + xml(body).encode(),
    "utf-16": lambda body: xml(body, declared="UTF-16").encode("utf-16"),
    "utf-16-big-endian": lambda body: (
        b"\xfe\xff" + xml(body, declared="UTF-16").encode("utf-16-be")
    ),
    "no-plist-element": lambda body: f"<?xml version='1.0'?>{body}".encode(),
    "hexadecimal-integer": lambda body: xml(
        body.replace("<key>UDID</key>", "<key>X</key><integer>0x10</integer><key>UDID</key>")
    ).encode(),
    "empty-internal-subset": lambda body: xml(body, doctype="<!DOCTYPE plist []>").encode(),
    "comment-in-data": lambda body: xml(body.replace("<data>", "<data><!-- x -->", 1)).encode(),
}


_REFUSED: Final = ("no-plist-element", "hexadecimal-integer", "empty-internal-subset")


@acceptable(FILE, Flag.LEFT_OPEN, each=but(_OPEN, *_REFUSED))
@acceptable(FILE, Flag.LEFT_OPEN, reason=Reason.MALFORMED_PLIST, each=only(_OPEN, *_REFUSED))
def form_left_open(authority: AttestationAuthority, written: Callable[[str], bytes]) -> MdmInput:
    """A genuine response in a form that some property list readers take and no device sends."""
    body = response(answer(chain_of(authority)))
    assert KEY in body
    return MdmInput(written(body))
