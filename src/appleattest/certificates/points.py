"""Is a public key a point on its curve? Asked without loading the key, which costs ten times that.

An uncompressed point is one where both coordinates are below the field's prime and satisfy
y^2 = x^3 - 3x + b (SEC 1, section 3.2.2.1). The curves have cofactor 1, so no more is to be asked.
The parameters are those of FIPS 186-4, appendix D.1.2.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Curve(NamedTuple):
    """A prime curve whose coefficient a is -3."""

    prime: int
    b: int

    def has(self, coordinates: bytes) -> bool:
        """Whether the two coordinates, big-endian and of one length, are a point on the curve."""
        half = len(coordinates) // 2
        x = int.from_bytes(coordinates[:half], "big")
        y = int.from_bytes(coordinates[half:], "big")
        if x >= self.prime or y >= self.prime:
            return False
        return (y * y - (x * x - 3) * x - self.b) % self.prime == 0


P256: Final = Curve(
    0xFFFFFFFF_00000001_00000000_00000000_00000000_FFFFFFFF_FFFFFFFF_FFFFFFFF,
    0x5AC635D8_AA3A93E7_B3EBBD55_769886BC_651D06B0_CC53B0F6_3BCE3C3E_27D2604B,
)
P384: Final = Curve(
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7_E23EE7E4_988E056B_E3F82D19_181D9C6E_FE814112_0314088F_5013875A_C656398D_8A2ED19D_2A85C8ED_D3EC2AEF,
)
