"""Blind RSA signatures (RFC 9474, RSABSSA with PSS, SHA-256, no salt): the signer cannot tell what it has signed.

Somebody encodes a message, multiplies it by a secret factor and has the product signed; divided by the factor, the
signature fits the message. The signer saw a number that fits every message equally well.
"""

from __future__ import annotations

from hashlib import sha256

EXPONENT = 65537
BITS = 2048
HASH = 32  # bytes


def encode(message: bytes, bits: int = BITS) -> int:
    """The number that is signed for a message under a modulus of so many bits (EMSA-PSS, RFC 8017, 9.1.1)."""
    length = (bits - 1 + 7) // 8
    digest = sha256(bytes(8) + sha256(message).digest()).digest()
    block = bytes(length - HASH - 2) + b"\x01"
    mask = _mask(digest, len(block))
    masked = bytearray(a ^ b for a, b in zip(block, mask, strict=True))
    masked[0] &= 0xFF >> (8 * length - (bits - 1))
    return int.from_bytes(bytes(masked) + digest + b"\xbc", "big")


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-256."""
    made = b"".join(sha256(seed + number.to_bytes(4, "big")).digest() for number in range(length // HASH + 1))
    return made[:length]


def sign(modulus: int, secret: int, blinded: int) -> int:
    """Sign what was blinded. ValueError if it is no number under the modulus."""
    if not 1 < blinded < modulus - 1:
        raise ValueError("out of range")
    return pow(blinded, secret, modulus)


def verify(modulus: int, message: bytes, signature: int) -> bool:
    """Whether a signature, its factor taken out, fits a message."""
    return 0 < signature < modulus and pow(signature, EXPONENT, modulus) == encode(message, modulus.bit_length())
