"""A blind signature fits its message by another program's judgement, and tells the signer nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.ratings import new_key
from rules import blind

Key = tuple[int, int]


@pytest.fixture(scope="module")
def key() -> Key:
    modulus, secret = new_key()
    return int(modulus, 16), int(secret, 16)


def unblinded(key: Key, message: bytes, factor: int) -> tuple[int, int]:
    """What is shown to the signer, and the signature that comes of it."""
    modulus, secret = key
    shown = blind.encode(message) * pow(factor, blind.EXPONENT, modulus) % modulus
    return shown, blind.sign(modulus, secret, shown) * pow(factor, -1, modulus) % modulus


@given(message=st.binary(max_size=40), factor=st.integers(2, 2**2000))
def test_a_signature_without_its_factor_fits_its_message_alone(key: Key, message: bytes, factor: int) -> None:
    _, signature = unblinded(key, message, factor)
    assert blind.verify(key[0], message, signature)
    assert not blind.verify(key[0], message + b"x", signature)
    assert not blind.verify(key[0], message, signature + 1)
    assert not blind.verify(key[0], message, signature + key[0])


def test_what_the_signer_saw_fits_every_message(key: Key) -> None:
    modulus, secret = key
    shown, _ = unblinded(key, b"mine", 123456789)
    for other in (b"yours", b"theirs"):  # for each there is a factor that gives the same number
        factor = pow(shown * pow(blind.encode(other), -1, modulus) % modulus, secret, modulus)
        assert unblinded(key, other, factor)[0] == shown


def test_what_is_no_number_under_the_modulus_is_not_signed(key: Key) -> None:
    for blinded in (-1, 0, 1, key[0] - 1, key[0], key[0] + 5):
        with pytest.raises(ValueError, match="out of range"):
            blind.sign(*key, blinded)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(key: Key, tmp_path: Path) -> None:
    modulus, _ = key
    told = tmp_path / "key.cnf"
    told.write_text(
        "asn1=SEQUENCE:spki\n[spki]\nalg=SEQUENCE:alg\nkey=BITWRAP,SEQUENCE:rsa\n"
        f"[alg]\noid=OID:rsaEncryption\nnone=NULL\n[rsa]\nn=INTEGER:0x{modulus:x}\ne=INTEGER:{blind.EXPONENT}\n"
    )
    (tmp_path / "message").write_bytes(b"a slip")
    (tmp_path / "signature").write_bytes(unblinded(key, b"a slip", 987654321)[1].to_bytes(256, "big"))

    def run(*words: str) -> str:
        return subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    run("asn1parse", "-genconf", "key.cnf", "-noout", "-out", "key.der")
    run("rsa", "-pubin", "-inform", "der", "-in", "key.der", "-pubout", "-out", "key.pem")
    options = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:0")
    assert "OK" in run("dgst", "-sha256", *options, "-verify", "key.pem", "-signature", "signature", "message")
