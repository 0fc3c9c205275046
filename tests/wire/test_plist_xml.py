from __future__ import annotations

import plistlib
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.wire import plist
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory

LIMITS = Limits()
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCTYPE = (
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
    '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
)


def decode(document: str | bytes) -> object:
    encoded = document.encode("utf-8") if isinstance(document, str) else document
    return plist.decode(encoded, LIMITS)


def of(content: str) -> str:
    return f'{DECLARATION}{DOCTYPE}<plist version="1.0">{content}</plist>\n'


def refused(document: str | bytes, words: str) -> None:
    assert_refused(lambda: decode(document), Reason.MALFORMED_PLIST, words)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("<string/>", ""),
        ("<string> a\n </string>", " a\n "),
        ("<string>&lt;&amp;&gt;&quot;&apos;&#233;&#x20AC;</string>", "<&>\"'é€"),
        ("<string>a<![CDATA[<b>&amp;]]>c</string>", "a<b>&amp;c"),
        ("<string>a<!-- b -->c<?d e?>f</string>", "acf"),
        ("<data/>", b""),
        ("<data> \n\t</data>", b""),
        ("<data>\n\tQUJD\n\tRA==\r\n</data>", b"ABCD"),
        ("<integer>-0</integer>", 0),
        ("<integer>+007</integer>", 7),
        ("<integer>99999999999999999999</integer>", 10**20 - 1),
        ("<real>1</real>", 1.0),
        ("<real>-1.5e-3</real>", -0.0015),
        ("<date>2025-07-01T12:00:59Z</date>", datetime(2025, 7, 1, 12, 0, 59, tzinfo=UTC)),
        ("<true/>", True),
        ("<false></false>", False),
        ("<array/>", []),
        ("<dict/>", {}),
        ("<dict><key/><string>a</string><key>b</key><array/></dict>", {"": "a", "b": []}),
        ("<!-- a --> <array> <?b c?> <true/>\n<!-- d --></array> ", [True]),
    ],
)
def test_what_each_element_says(content: str, value: object) -> None:
    for document in (of(content), f"<plist>{content}</plist>", "\ufeff" + of(content)):
        decoded = decode(document)
        assert decoded == value
        assert type(decoded) is type(value)


@pytest.mark.parametrize("size", [8191, 8192, 8193, 16_000])
def test_text_that_comes_in_pieces_is_put_together(size: int) -> None:
    """The parser hands out no more than its buffer holds at once."""
    assert decode(of(f"<string>{'é' * size}</string>")) == "é" * size
    assert decode(of(f"<string>a{'&lt;' * size}</string>")) == "a" + "<" * size
    octets = bytes(size)
    assert decode(of(f"<data>{b64encode(octets).decode('ascii')}</data>")) == octets


@pytest.mark.parametrize(
    ("content", "mended", "words"),
    [
        pytest.param("<string/><string/>", "<string/>", "exactly one value", id="two values"),
        pytest.param("", "<string/>", "exactly one value", id="no value"),
        pytest.param("<!-- a -->", "<!-- a --><true/>", "exactly one value", id="a comment alone"),
        pytest.param("a", "<string>a</string>", "text outside a value", id="text at the top"),
        pytest.param("<array>a</array>", "<array/>", "text outside a value", id="text in an array"),
        pytest.param(
            "<array>\u00a0</array>", "<array> </array>", "text outside", id="another white space"
        ),
        pytest.param(
            "<array><![CDATA[a]]></array>",
            "<array><![CDATA[ ]]></array>",
            "text outside",
            id="CDATA",
        ),
        pytest.param(
            "<dict><key>a</key>b<true/></dict>",
            "<dict><key>a</key> <true/></dict>",
            "text outside a value",
            id="text in a dictionary",
        ),
        pytest.param(
            "<plist><true/></plist>",
            "<array><true/></array>",
            "unknown element",
            id="plist in plist",
        ),
        pytest.param(
            "<array><plist/></array>", "<array><array/></array>", "unknown", id="plist in an array"
        ),
        pytest.param(
            "<string><plist/></string>", "<string/>", "where none may be", id="plist in a string"
        ),
        pytest.param(
            "<string><string/></string>", "<string/>", "where none may be", id="element in a string"
        ),
        pytest.param(
            "<dict><key>a<true/></key></dict>",
            "<dict><key>a</key><true/></dict>",
            "where none may be",
            id="element in a key",
        ),
        pytest.param("<set/>", "<array/>", "unknown element", id="unknown element"),
        pytest.param("<String/>", "<string/>", "unknown element", id="another case"),
        pytest.param("<null/>", "<false/>", "unknown element", id="null"),
        pytest.param("<key>a</key>", "<string>a</string>", "alternate", id="a key at the top"),
        pytest.param(
            "<array><key>a</key></array>", "<array/>", "alternate", id="a key in an array"
        ),
        pytest.param(
            "<dict><true/></dict>",
            "<dict><key>a</key><true/></dict>",
            "keys and values do not alternate",
            id="a value without a key",
        ),
        pytest.param(
            "<dict><key>a</key><true/><array/></dict>",
            "<dict><key>a</key><true/><key>b</key><array/></dict>",
            "alternate",
            id="a second value without a key",
        ),
        pytest.param(
            "<dict><key>a</key><key>b</key><true/></dict>",
            "<dict><key>a</key><true/><key>b</key><true/></dict>",
            "alternate",
            id="two keys",
        ),
        pytest.param(
            "<dict><key>a</key></dict>", "<dict/>", "a key without a value", id="key at the end"
        ),
        pytest.param(
            "<dict><key>a</key><true/><key>a</key><true/></dict>",
            "<dict><key>a</key><true/><key>A</key><true/></dict>",
            "a key stands twice",
            id="a key twice",
        ),
        pytest.param(
            "<array><dict><key>a</key><true/><key>&#97;</key><true/></dict></array>",
            "<array><dict><key>a</key><true/></dict><dict><key>a</key><true/></dict></array>",
            "a key stands twice",
            id="a key twice in other words",
        ),
        pytest.param(
            "<data>Q</data>", "<data>QQ==</data>", "canonical", id="base64 of one character"
        ),
        pytest.param("<data>QQ</data>", "<data>QQ==</data>", "canonical", id="base64 unpadded"),
        pytest.param("<data>QQ=</data>", "<data>QQ==</data>", "canonical", id="base64 half padded"),
        pytest.param(
            "<data>QUJD=</data>", "<data>QUJD</data>", "canonical base64", id="base64 overpadded"
        ),
        pytest.param(
            "<data>QQ===</data>",
            "<data>QQ==</data>",
            "canonical base64",
            id="base64 excess padding",
        ),
        pytest.param(
            "<data>QQ==QQ==</data>", "<data>QUFB</data>", "canonical base64", id="base64 twice"
        ),
        pytest.param(
            "<data>=QUJD</data>", "<data>QUJD</data>", "canonical base64", id="base64 padded first"
        ),
        pytest.param("<data>QU-D</data>", "<data>QU+D</data>", "canonical", id="base64url"),
        pytest.param(
            "<data>QU$JD</data>", "<data>QUJD</data>", "canonical base64", id="base64 foreign"
        ),
        pytest.param(
            "<data>QUJÐ</data>", "<data>QUJD</data>", "canonical base64", id="base64 not ASCII"
        ),
        pytest.param("<data>QR==</data>", "<data>QQ==</data>", "canonical", id="tail bits of four"),
        pytest.param("<data>QUJ=</data>", "<data>QUI=</data>", "canonical", id="tail bits of two"),
        pytest.param("<data>QUJD====</data>", "<data>QUJD</data>", "canonical", id="base64 four"),
        pytest.param("<integer/>", "<integer>0</integer>", "not an integer", id="integer empty"),
        pytest.param(
            "<integer> 1</integer>", "<integer>1</integer>", "not an integer", id="integer spaced"
        ),
        pytest.param(
            "<integer>1\n</integer>", "<integer>1</integer>", "not an integer", id="integer line"
        ),
        pytest.param(
            "<integer>0x1</integer>", "<integer>01</integer>", "not an integer", id="integer hex"
        ),
        pytest.param(
            "<integer>1_0</integer>", "<integer>10</integer>", "not an integer", id="underscore"
        ),
        pytest.param(
            "<integer>1.0</integer>", "<real>1.0</real>", "not an integer", id="integer fraction"
        ),
        pytest.param(
            "<integer>--1</integer>", "<integer>-1</integer>", "not an integer", id="two signs"
        ),
        pytest.param(
            "<integer>\u0661</integer>", "<integer>1</integer>", "not an integer", id="other digits"
        ),
        pytest.param(
            "<integer>100000000000000000000</integer>",
            "<integer>10000000000000000000</integer>",
            "not an integer",
            id="integer of 21 digits",
        ),
        pytest.param(
            f"<integer>{'9' * 5000}</integer>", "<integer>9</integer>", "not an integer", id="5000"
        ),
        pytest.param("<real/>", "<real>0</real>", "not a real number", id="real empty"),
        pytest.param("<real>nan</real>", "<real>0</real>", "not a real number", id="nan"),
        pytest.param("<real>inf</real>", "<real>0</real>", "not a real number", id="inf"),
        pytest.param("<real>.5</real>", "<real>0.5</real>", "not a real number", id="real dot"),
        pytest.param("<real>1_0.0</real>", "<real>10.0</real>", "not a real", id="real underscore"),
        pytest.param(
            "<real>\u0661.0</real>", "<real>1.0</real>", "not a real number", id="real other digits"
        ),
        pytest.param(
            f"<real>{'1' * 41}</real>", f"<real>{'1' * 40}</real>", "not a real", id="real long"
        ),
        pytest.param(
            "<date/>", "<date>2025-07-01T12:00:00Z</date>", "not a date in UTC", id="date empty"
        ),
        pytest.param(
            "<date>x</date>", "<date>2025-07-01T12:00:00Z</date>", "not a date in UTC", id="date x"
        ),
        pytest.param(
            "<date>2025-07-01T12:00:00</date>",
            "<date>2025-07-01T12:00:00Z</date>",
            "not a date in UTC",
            id="date without zone",
        ),
        pytest.param(
            "<date>2025-07-01T12:00:00+00:00</date>",
            "<date>2025-07-01T12:00:00Z</date>",
            "not a date in UTC",
            id="date with another zone",
        ),
        pytest.param(
            "<date>2025-7-1T12:0:0Z</date>",
            "<date>2025-07-01T12:00:00Z</date>",
            "not a date in UTC",
            id="date in fewer digits",
        ),
        pytest.param(
            "<date>\u0662\u0660\u0662\u0665-07-01T12:00:00Z</date>",
            "<date>2025-07-01T12:00:00Z</date>",
            "not a date in UTC",
            id="date in other digits",
        ),
        pytest.param(
            "<date>2025-07-01T12:00:00Z\n</date>",
            "<date>2025-07-01T12:00:00Z</date>",
            "not a date in UTC",
            id="date with a newline",
        ),
        pytest.param(
            "<date>2025-02-29T12:00:00Z</date>",
            "<date>2024-02-29T12:00:00Z</date>",
            "day is out of range",
            id="date that is none",
        ),
        pytest.param(
            "<date>2025-07-01T12:00:60Z</date>",
            "<date>2025-07-01T12:00:59Z</date>",
            "second must be in",
            id="leap second",
        ),
        pytest.param("<true>1</true>", "<true></true>", "text in an empty", id="text in true"),
        pytest.param("<false> </false>", "<false/>", "text in an empty", id="space in false"),
        pytest.param(
            "<string>&nbsp;</string>",
            "<string>&amp;</string>",
            "an entity that nothing declares",
            id="undeclared entity",
        ),
        pytest.param("<string>\0</string>", "<string/>", "invalid token", id="NUL"),
        pytest.param("<string>\x1b</string>", "<string/>", "invalid token", id="control character"),
        pytest.param(
            "<string>&#0;</string>", "<string/>", "reference to invalid", id="NUL by name"
        ),
        pytest.param("<string>&#xD800;</string>", "<string/>", "invalid", id="surrogate by name"),
        pytest.param("<string>\uffff</string>", "<string/>", "invalid token", id="no character"),
        pytest.param("<array></dict>", "<array></array>", "mismatched tag", id="wrong nesting"),
        pytest.param("<array>", "<array/>", "mismatched tag", id="unclosed"),
        pytest.param("<true/>]]>", "<true/>", "not well-formed", id="end of CDATA alone"),
        pytest.param(
            '<true a="1" a="2"/>', '<true a="1" b="2"/>', "duplicate attribute", id="attributes"
        ),
    ],
)
def test_each_defect_is_refused_and_its_mended_twin_is_read(
    content: str, mended: str, words: str
) -> None:
    decode(of(mended))
    refused(of(content), words)


ONE = "<plist><true/></plist>"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param("", "no element found", id="nothing"),
        pytest.param("true", "syntax error", id="no markup"),
        pytest.param("<true/>", "where none may be", id="no plist"),
        pytest.param("<dict><key>a</key><true/></dict>", "where none may be", id="no plist, dict"),
        pytest.param("<html><plist/></html>", "where none may be", id="another root"),
        pytest.param("<a:plist><true/></a:plist>", "where none may be", id="prefixed"),
        pytest.param(ONE + ONE, "junk after document element", id="two documents"),
        pytest.param(ONE + "x", "junk after document element", id="text after"),
        pytest.param("\n" + DECLARATION + ONE, "not at start of entity", id="line before"),
        pytest.param(ONE[:-1], "unclosed token", id="truncated"),
        pytest.param(
            f'<!DOCTYPE plist [<!ENTITY a "b">]>{ONE}', "declarations of its own", id="entity"
        ),
        pytest.param(f"<!DOCTYPE plist []>{ONE}", "declarations of its own", id="empty subset"),
        pytest.param(
            f'<!DOCTYPE plist SYSTEM "file:///dev/zero" [<!ENTITY % a SYSTEM "x"> %a;]>{ONE}',
            "declarations of its own",
            id="parameter entity",
        ),
        pytest.param(
            '<!DOCTYPE plist [<!ATTLIST plist a CDATA "b">]>' + ONE,
            "declarations of its own",
            id="attribute default",
        ),
        pytest.param("<plist><string>&a;</string></plist>", "undefined entity", id="no doctype"),
    ],
)
def test_each_document_that_is_none_is_refused(document: str, words: str) -> None:
    for whole in (ONE, DECLARATION + ONE, DECLARATION + DOCTYPE + ONE, "<?a b?><!-- c -->" + ONE):
        assert decode(whole) is True
    assert decode(ONE + "\n<!-- after -->\n") is True
    refused(document, words)


def test_entities_that_grow_are_never_expanded() -> None:
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = '<!DOCTYPE plist [<!ENTITY e0 "lol">' + "".join(lines) + "]>"

    refused(f"{bomb}<plist><string>&e9;</string></plist>", "declarations of its own")


def test_the_document_type_is_never_fetched() -> None:
    doctype = '<!DOCTYPE plist SYSTEM "file:///nowhere/at/all.dtd">'

    assert decode(doctype + ONE) is True
    refused(f"{doctype}<plist><string>&a;</string></plist>", "an entity that nothing declares")


ACCENTED = "<plist><string>é</string></plist>"


def declaring(encoding: str, text: str = ACCENTED) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'


def test_octets_that_are_not_utf_8_are_refused() -> None:
    for text in (ACCENTED, declaring("UTF-8"), declaring("utf-8")):
        assert decode(text.encode("utf-8")) == "é"
        refused(text.encode("latin-1"), "invalid token")
    refused(b"<plist><string>\xed\xa0\x80</string></plist>", "invalid token")
    refused(b"<plist><string>\xc0\xbc</string></plist>", "invalid token")


@pytest.mark.parametrize(
    "encoding",
    [
        *("ISO-8859-1", "latin-1", "windows-1252", "UTF-7", "UTF-16LE", "UTF-32", "ASCII"),
        *("UTF8", "UTF-8859", "unheard-of"),
    ],
)
def test_no_other_encoding_may_be_declared(encoding: str) -> None:
    """Also where every octet is ASCII: what another reader makes of them is not asked."""
    plain = ACCENTED.replace("é", "e")

    assert decode(declaring("UTF-8", plain).encode("ascii")) == "e"
    refused(declaring(encoding, plain).encode("ascii"), "an encoding other than UTF-8, UTF-16 and")
    refused(declaring(encoding).encode("utf-8"), "an encoding other than UTF-8, UTF-16 and US-")


def test_us_ascii_holds_ascii() -> None:
    for encoding in ("US-ASCII", "us-ascii"):
        assert decode(declaring(encoding, ACCENTED.replace("é", "e")).encode("ascii")) == "e"
        assert decode(declaring(encoding, ACCENTED.replace("é", "&#233;")).encode("ascii")) == "é"
        refused(declaring(encoding).encode("utf-8"), "invalid token")
        refused(declaring(encoding).encode("latin-1"), "invalid token")


def test_the_octets_are_in_the_encoding_that_is_declared() -> None:
    for octets in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        declared, another = ("UTF-8", "UTF-16") if octets == "utf-8" else ("UTF-16", "UTF-8")
        assert decode(declaring(declared).encode(octets)) == "é"
        refused(declaring(another).encode(octets), "encoding specified in XML declaration is inc")
    refused(declaring("US-ASCII").encode("utf-16"), "encoding specified in XML declaration is inc")
    refused(b"\xef\xbb\xbf" + declaring("UTF-16").encode("utf-8"), "is incorrect")
    assert decode(b"\xef\xbb\xbf" + declaring("UTF-8").encode("utf-8")) == "é"


def test_without_a_declaration_the_first_octets_tell() -> None:
    for octets in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        assert decode(ACCENTED.encode(octets)) == "é"
        assert decode(f'<?xml version="1.0"?>{ACCENTED}'.encode(octets)) == "é"


def test_utf_16_is_known_by_its_first_octets() -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?><plist><string>é</string></plist>'

    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        assert decode(document.encode(encoding)) == "é"
        refused(document.encode(encoding)[:-2], "Error")
    refused(document.encode("utf-32"), "Error")


@pytest.mark.parametrize("innermost", ["", "<true/>", "<string>a</string>"])
def test_sixteen_containers_deep_and_no_deeper(innermost: str) -> None:
    def arrays(depth: int) -> str:
        return of("<array>" * depth + innermost + "</array>" * depth)

    def dictionaries(depth: int) -> str:
        inner = f"<array>{innermost}</array>"
        opening, closing = "<dict><key>a</key>" * (depth - 1), "</dict>" * (depth - 1)
        return of(opening + inner + closing)

    for nested in (arrays, dictionaries):
        decode(nested(16))
        refused(nested(17), "nested deeper than is read")
    refused(arrays(1000), "nested deeper than is read")


def test_1024_keys_and_values_and_no_more() -> None:
    pairs = "".join(f"<key>{n}</key><true/>" for n in range(511))

    decode(of("<array>" + "<true/>" * 1023 + "</array>"))
    refused(of("<array>" + "<true/>" * 1024 + "</array>"), "more elements than are read")
    decode(of(f"<dict>{pairs}<key>a</key></dict>".replace("<key>a</key>", "")))
    refused(of(f"<dict>{pairs}<key>a</key><true/></dict>"), "more elements than are read")


def test_sixty_four_kibibytes_and_no_more() -> None:
    frame = len("<plist><string></string></plist>")
    largest = "x" * (LIMITS.plist_bytes - frame)

    assert decode(f"<plist><string>{largest}</string></plist>") == largest
    assert_refused(
        lambda: decode(f"<plist><string>{largest}x</string></plist>"),
        Reason.TOO_LARGE,
        "a property list of 65537 bytes; at most 65536 are read",
    )


@pytest.mark.parametrize(
    "unit",
    ["<true/>", "<array>", "<dict><key>a</key>", "<!-- -->", "<a", "&amp;", "&a;", "<?a b?>", "é"],
)
@pytest.mark.parametrize(
    "start", ["", "<plist>", "<plist><string>", "<plist><array>", "<plist a='"]
)
def test_the_largest_input_costs_little_memory(start: str, unit: str) -> None:
    size = LIMITS.plist_bytes - len(start)
    document = (start + unit * size).encode("utf-8")[: LIMITS.plist_bytes]

    assert peak_memory(lambda: decode(document)) < MOST_MEMORY


PIECES = ["<plist>", "</plist>", "<dict>", "</dict>", "<array>", "</array>", "<key>", "</key>"]
PIECES += ["<true/>", "<data>", "</data>", "<date>", "</date>", "a", "QUJD", "&amp;", " ", "1"]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_whatever_the_document_only_a_refusal_comes_out(document: str | bytes) -> None:
    accepted_or_refused(lambda: decode(document))


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(lambda inner: of("".join(inner))))
def test_what_is_read_is_what_plistlib_reads(document: str) -> None:
    value = accepted_or_refused(lambda: [decode(document)])

    if value is not None:
        assert value == [plistlib.loads(document.encode("utf-8"))]
