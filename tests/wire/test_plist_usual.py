"""Two readers of XML: what the quick one reads, the general one reads alike."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import Limits, MalformedInput, Reason
from appleattest.testing import AttestationAuthority, carriers
from appleattest.wire import plist, plist_usual, plist_xml

CHAIN: Final = AttestationAuthority("tests of usual property lists").attest()
RESPONSE: Final = carriers.response_plist(CHAIN)
SHORT: Final = carriers.response_plist([b"some octets"])
BEGINNING, END = RESPONSE[: RESPONSE.index(b"<dict>")], b"</plist>\n"


def agree(document: bytes, limits: Limits = Limits()) -> bool:  # noqa: B008 - it is immutable
    """Whether the quick reader reads it. Then the general one must, with the same value."""
    value = plist_usual.read(document, limits)
    if value is None:
        return False
    assert repr(value) == repr(plist_xml.read(document, limits))
    return True


def of(content: bytes) -> bytes:
    return BEGINNING + content + END


def test_a_response_is_usual() -> None:
    assert agree(RESPONSE)
    value = plist_usual.read(RESPONSE, Limits())
    assert value == plistlib.loads(RESPONSE) == plist.decode(RESPONSE, Limits())


def test_every_bit() -> None:
    read = 0
    for place in range(len(SHORT)):
        for bit in range(8):
            octet = bytes([SHORT[place] ^ 1 << bit])
            read += agree(SHORT[:place] + octet + SHORT[place + 1 :])
    assert 0 < read < len(SHORT) * 8


def test_every_cut_and_every_doubled_octet() -> None:
    for place in range(len(SHORT)):
        agree(SHORT[:place])
        agree(SHORT[:place] + SHORT[place + 1 :])
        agree(SHORT[: place + 1] + SHORT[place:])


TEXTS: Final = st.text(
    st.characters(min_codepoint=9, max_codepoint=0x17F, exclude_categories=["Cc"])
)
VALUES: Final = st.recursive(
    TEXTS | st.binary() | st.booleans() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300)
@given(value=VALUES)
def test_what_plistlib_writes(value: Any) -> None:
    agree(plistlib.dumps(value))


TOKENS: Final = [
    b"<dict>",
    b"</dict>",
    b"<array>",
    b"</array>",
    b"<dict/>",
    b"<key>a</key>",
    b"<key>b</key>",
    b"<key></key>",
    b"<string>a</string>",
    b"<string> ]]&gt; </string>",
    b"<data>QUJD\n\tRA==</data>",
    b"<data>QUJDRB==</data>",
    b"<data>QUJD=</data>",
    b"<data></data>",
    b"<true/>",
    b"\n\t ",
    b"a",
    b"\r",
]


@settings(max_examples=2000)
@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=9))
def test_any_row_of_tokens(tokens: list[bytes]) -> None:
    agree(of(b"".join(tokens)))


USUAL: Final = [
    b"<string>a</string>",
    b"<array></array>",
    b"\n<dict>\n\t<key>a</key>\n\t<data>\n\tQUJD\n\t</data>\n</dict>\n",
    b"<array><dict><key>a</key><array><string>b</string></array><key>c</key><dict></dict></dict></array>",
]


@pytest.mark.parametrize("content", USUAL)
def test_what_is_usual(content: bytes) -> None:
    assert agree(of(content))


UNUSUALLY: Final = [
    b"",
    b"</dict>",
    b"<array>",
    b"<array></dict>",
    b"<string>a</string><string>b</string>",
    b"<key>a</key>",
    b"<dict><key>a</key></dict>",
    b"<dict><key>a</key><key>b</key><string>c</string></dict>",
    b"<dict><string>c</string></dict>",
    b"<dict><key>a</key><string>b</string><key>a</key><string>b</string></dict>",
    b"<array><key>a</key></array>",
    b"<string>a&amp;b</string>",
    b"<string>a</string>b",
    b"a<string>a</string>",
    b"<data>QUJDRB==</data>",
    b"<data>QUJD=</data>",
    b"<data>QUI</data>",
]


@pytest.mark.parametrize("content", UNUSUALLY)
def test_what_is_not_usual(content: bytes) -> None:
    assert plist_usual.read(of(content), Limits()) is None


@pytest.mark.parametrize("document", [SHORT[1:], SHORT[:-1], SHORT.replace(b"UTF-8", b"utf-8")])
def test_what_stands_around_the_value_is_usual_too(document: bytes) -> None:
    assert plist_usual.read(document, Limits()) is None


def _nested(depth: int) -> Iterator[bytes]:
    yield from [b"<array>"] * depth
    yield from [b"</array>"] * depth


def test_the_limits_are_those_of_the_general_reader() -> None:
    limits = Limits(plist_depth=3, plist_elements=8)
    assert agree(of(b"".join(_nested(3))), limits)
    assert plist_usual.read(of(b"".join(_nested(4))), limits) is None
    tokens = b"<array>%b</array>" % (b"<string>a</string>" * 6)
    assert agree(of(tokens), limits)
    more = b"<array>%b</array>" % (b"<string>a</string>" * 7)
    assert plist_usual.read(of(more), limits) is None


def test_a_limit_beyond_what_the_machine_counts() -> None:
    limits = Limits(plist_elements=2**63, plist_depth=2**63)
    assert agree(RESPONSE, limits)
    assert plist.decode(RESPONSE, limits) == plist.decode(RESPONSE, Limits())


def test_whatever_the_quick_reader_raises_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_document: bytes, _limits: Limits) -> object:
        raise OverflowError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(plist_usual, "read", fail)
        with pytest.raises(MalformedInput) as caught:
            plist.decode(RESPONSE, Limits())
    assert caught.value.reason is Reason.MALFORMED_PLIST
    assert plist.decode(RESPONSE, Limits())
