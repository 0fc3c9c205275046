"""A case: a small function that mints an input, and what a verifier must make of it.

    @invalid("chain_path", Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER)
    def leaf_issues_a_leaf(authority: AttestationAuthority) -> ChainInput:
        \"\"\"root -> intermediate -> leaf -> [leaf']: …why it must fail…\"\"\"
        return ChainInput(chains.by_leaf(authority).attest())

The function's name, its docstring and the decorator are all there is to a case; the JSON is
generated from them, so the vectors cannot drift from their reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from appleattest.acme import Answering, CSRBinding
from appleattest.testing import FRESHNESS_CODE, ISSUED_AT

if TYPE_CHECKING:
    from cryptography import x509

    from appleattest import Reason
    from appleattest.mdm import KnownDevice
    from appleattest.testing import AttestationAuthority
    from appleattest.testing.vectors.names import Name
    from vectors.flags import Flag

Answerers: TypeAlias = Answering | Sequence[str]
"""The ordered device, any at all, or these: each by a serial number or UDID."""

TOKEN: Final = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"  # noqa: S105 - no secret
"""The challenge token of a case that names none."""

SERIAL: Final = "TESTSERIAL01"
ORDERED: Final = {"type": "permanent-identifier", "value": SERIAL}
"""The order's identifier of a case that names none: a serial number."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a chain is judged by: the time, and the anchors in DER (None: the authority's root)."""

    at: datetime = ISSUED_AT
    anchors: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class ChainInput(Setting):
    """DER certificates, leaf first, and the octets expected as freshness code (None: no check)."""

    chain: Sequence[bytes]
    exactly: bytes | None = FRESHNESS_CODE
    sha256_of: bytes | None = None


@dataclass(frozen=True)
class MdmInput(Setting):
    """A response property list, and the nonces sent: this one, and earlier ones with times."""

    response: bytes
    nonce: bytes | None = FRESHNESS_CODE
    previous_nonces: Mapping[bytes, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class AcmeInput(Setting):
    """An attestation object, CBOR as bytes or base64url as text, and the challenge's token."""

    attestation_object: bytes | str
    token: str = TOKEN


@dataclass(frozen=True)
class ChallengeInput(Setting):
    """A client's response to a challenge, octets or text, and whose challenge it is.

    `may_answer` is who may: the ordered device, these devices, or any.
    """

    payload: bytes | str
    token: str = TOKEN
    identifier: Mapping[str, str] = field(default_factory=lambda: ORDERED)
    may_answer: Answerers = Answering.ORDERED


@dataclass(frozen=True)
class DeviceInput(MdmInput):
    """A response, and what is known of the device that must have sent it; None: nothing is."""

    known: KnownDevice | None = field(kw_only=True)


@dataclass(frozen=True, kw_only=True)
class CsrInput:
    """A certificate request, DER as bytes or base64url as text, and what it must be for.

    `attested_key` is a SubjectPublicKeyInfo in DER; None: that of the authority's attested key.
    """

    csr: bytes | str
    identifier: Mapping[str, str] = field(default_factory=lambda: ORDERED)
    binding: CSRBinding = CSRBinding.CN_OR_SAN
    allowed_names: Sequence[Name] = ()
    attested_key: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class IdentifierInput:
    """The identifier of a newOrder, an otherName, or both: then they must be the same."""

    identifier: Mapping[str, str] | None = None
    other_name: x509.OtherName | None = None


Input = ChainInput | MdmInput | AcmeInput | ChallengeInput | CsrInput | IdentifierInput
Minting = Callable[..., Input]


@dataclass(frozen=True)
class Case:
    """`mint` makes the input; `reason` is why this library refuses, None where it accepts.

    `element` is the part at fault, where one is and the test says it. `because` says why the
    result is another than that of most tests of a flag. `also_read` has further values that are
    right for a property, by its name in the JSON; None there stands for absent.
    """

    file: str
    name: str
    comment: str
    result: str
    reason: Reason | None
    element: str | None
    flags: tuple[Flag, ...]
    mint: Callable[[AttestationAuthority], Input]
    because: str | None = None
    also_read: AlsoRead = field(default_factory=dict)


AlsoRead = Mapping[str, Sequence[str | None]]

CASES: Final[list[Case]] = []
"""Every case, in the order of definition."""


def valid(
    file: str, *flags: Flag, each: Mapping[str, Any] | None = None, because: str | None = None
) -> Callable[[Minting], Minting]:
    """Every verifier must accept it, and decode the same device: refusing harms an honest client.

    Decorators can be stacked, so that one function has cases of several results: each makes the
    cases of its own `each`.
    """
    return _collect(_Expected(file, "valid", flags, because=because), each)


def acceptable(
    file: str,
    *flags: Flag,
    reason: Reason | None = None,
    element: str | None = None,
    each: Mapping[str, Any] | None = None,
    because: str | None = None,
    also_read: Callable[[Any], AlsoRead] | None = None,
) -> Callable[[Minting], Minting]:
    """A verifier may accept it or refuse it. This library accepts it, or refuses for `reason`.

    `also_read` gets the value of `each` and returns the readings that are right beside this
    library's.
    """
    return _collect(_Expected(file, "acceptable", flags, reason, element, because, also_read), each)


def invalid(
    file: str,
    reason: Reason,
    *flags: Flag,
    element: str | None = None,
    each: Mapping[str, Any] | None = None,
    because: str | None = None,
) -> Callable[[Minting], Minting]:
    """Every verifier must refuse it; the reason and the element are this library's."""
    return _collect(_Expected(file, "invalid", flags, reason, element, because), each)


@dataclass(frozen=True)
class _Expected:
    """What a decorator says of its cases."""

    file: str
    result: str
    flags: tuple[Flag, ...]
    reason: Reason | None = None
    element: str | None = None
    because: str | None = None
    also_read: Callable[[Any], AlsoRead] | None = None

    def __post_init__(self) -> None:
        if not self.flags:
            raise ValueError("a case has at least one flag")

    def case(self, name: str, comment: str, mint: Minting, given: Any = None) -> Case:
        return Case(
            file=self.file,
            name=name,
            comment=comment,
            result=self.result,
            reason=self.reason,
            element=self.element,
            flags=self.flags,
            mint=mint,
            because=self.because,
            also_read=self.also_read(given) if self.also_read else {},
        )


def _collect(expected: _Expected, each: Mapping[str, Any] | None) -> Callable[[Minting], Minting]:
    def collect(mint: Minting) -> Minting:
        name = mint.__name__.replace("_", "-")
        comment = cleandoc(mint.__doc__ or "")
        if not comment:
            raise ValueError(f"case {name} does not say why")
        if each is None:
            CASES.append(expected.case(name, comment, mint))
            return mint
        for label, value in each.items():
            about = f"{comment}\n\nHere: {label}."
            CASES.append(expected.case(f"{name}-{label}", about, _given(mint, value), value))
        return mint

    return collect


def _given(mint: Minting, value: Any) -> Callable[[AttestationAuthority], Input]:
    return lambda authority: mint(authority, value)


Value = TypeVar("Value")


def only(each: Mapping[str, Value], *labels: str) -> dict[str, Value]:
    """The entries with these labels; `KeyError` for a label that is none."""
    return {label: each[label] for label in labels}


def but(each: Mapping[str, Value], *labels: str) -> dict[str, Value]:
    """All entries except those with these labels; `KeyError` for a label that is none."""
    left_out = only(each, *labels)
    return {label: value for label, value in each.items() if label not in left_out}
