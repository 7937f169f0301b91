/* Takes a slip for a rating: hidden from whoever signs it by a factor that only this page knows (rules/blind.py). */
"use strict";

(() => {
  class Refused extends Error {} // in words that the server chose for people

  const EXPONENT = 65537n, HASH = 32, MESSAGE = 16;
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const number = (bytes) => BigInt("0x" + hex(bytes));

  function power(base, exponent, modulus) {
    let result = 1n;
    for (base %= modulus; exponent; exponent >>= 1n, base = base * base % modulus) {
      if (exponent & 1n) result = result * base % modulus;
    }
    return result;
  }

  function inverse(value, modulus) {
    let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
    while (b) {
      const quotient = a / b;
      [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
    }
    return a === 1n ? (x % modulus + modulus) % modulus : 0n;
  }

  function digest(...parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return sha256.of(whole);
  }

  function encode(message, bits) { // EMSA-PSS, no salt, SHA-256
    const length = Math.ceil((bits - 1) / 8), hash = digest(new Uint8Array(8), digest(message));
    const block = new Uint8Array(length - HASH - 1);
    block[block.length - 1] = 1;
    for (let start = 0, count = 0; start < block.length; start += HASH, count++) {
      const mask = digest(hash, Uint8Array.of(count >>> 24, count >>> 16 & 255, count >>> 8 & 255, count & 255));
      for (let i = 0; i < HASH && start + i < block.length; i++) block[start + i] ^= mask[i];
    }
    block[0] &= 255 >> 8 * length - (bits - 1);
    return number(block) << BigInt(8 * (HASH + 1)) | number(hash) << 8n | 0xbcn;
  }

  async function take(box) {
    const modulus = BigInt("0x" + box.dataset.modulus), bits = modulus.toString(2).length;
    const message = crypto.getRandomValues(new Uint8Array(MESSAGE));
    let factor, undo = 0n;
    while (undo === 0n) {
      factor = number(crypto.getRandomValues(new Uint8Array(bits / 8))) % modulus;
      undo = inverse(factor, modulus);
    }
    const blinded = encode(message, bits) * power(factor, EXPONENT, modulus) % modulus;
    const answer = await fetch(box.dataset.address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key: Number(box.dataset.key), blinded: blinded.toString(16) }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Refused(told.error);
    const signature = BigInt("0x" + told.signature) * undo % modulus;
    if (power(signature, EXPONENT, modulus) !== encode(message, bits)) throw new Error("");
    return `${box.dataset.key}.${hex(message)}.${signature.toString(16)}`;
  }

  const box = document.getElementById("slip");
  if (box) {
    const button = box.querySelector("button"), said = box.querySelector("[role=status]");
    box.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      said.hidden = false;
      said.textContent = said.dataset.wait;
      try {
        const slip = await take(box), code = document.getElementById("code");
        code.value = slip;
        box.querySelector("a.button").href = `/ratings#${slip}`;
        box.querySelector(".got").hidden = false;
        button.hidden = said.hidden = true;
        code.focus();
        code.select();
      } catch (error) {
        said.textContent = error instanceof Refused ? error.message : said.dataset.failed;
        button.disabled = false;
      }
    });
  }

  const field = document.getElementById("slip-code");
  if (field && /^#[0-9]+\.[0-9a-f]+\.[0-9a-f]+$/.test(location.hash)) {
    field.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname); // not to be left in the history
  }
})();
