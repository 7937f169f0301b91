/* SHA-256 of many small inputs: synchronous, nothing allocated per hash, the state after a common prefix kept. */
"use strict";

const sha256 = (() => {
  const K = new Int32Array(64), START = new Int32Array(8), W = new Int32Array(64);
  const state = new Int32Array(8), block = new Uint8Array(64);

  // FIPS 180-4: the fractions of the roots of the first primes
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = (Math.sqrt(n) % 1) * 4294967296 | 0;
    K[found++] = (Math.cbrt(n) % 1) * 4294967296 | 0;
  }

  function compress(bytes, at) {
    for (let i = 0; i < 16; i++, at += 4) {
      W[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ (x >>> 3);
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ (y >>> 10);
      W[i] = W[i - 16] + s0 + W[i - 7] + s1 | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const one = h + s1 + (g ^ e & (f ^ g)) + K[i] + W[i] | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const two = s0 + (a & b | c & (a | b)) | 0;
      h = g; g = f; f = e; e = d + one | 0;
      d = c; c = b; b = a; a = one + two | 0;
    }
    state[0] = state[0] + a | 0; state[1] = state[1] + b | 0;
    state[2] = state[2] + c | 0; state[3] = state[3] + d | 0;
    state[4] = state[4] + e | 0; state[5] = state[5] + f | 0;
    state[6] = state[6] + g | 0; state[7] = state[7] + h | 0;
  }

  /* Hashes of inputs that begin alike: the whole blocks of the prefix are compressed once. */
  class Prefix {
    constructor(prefix) {
      const whole = prefix.length - prefix.length % 64;
      state.set(START);
      for (let at = 0; at < whole; at += 64) compress(prefix, at);
      this.middle = state.slice();
      this.tail = prefix.slice(whole);
      this.length = prefix.length;
    }

    /* Write H(prefix + bytes[from … to]) to out, from `at` on. */
    into(bytes, from, to, out, at) {
      const tail = this.tail, length = this.length + to - from;
      state.set(this.middle);
      let fill = tail.length;
      for (let i = 0; i < fill; i++) block[i] = tail[i];
      while (fill + to - from >= 64) {
        if (fill === 0) {
          compress(bytes, from);
          from += 64;
        } else {
          while (fill < 64) block[fill++] = bytes[from++];
          compress(block, 0);
          fill = 0;
        }
      }
      while (from < to) block[fill++] = bytes[from++];
      block[fill++] = 0x80;
      if (fill > 56) {
        while (fill < 64) block[fill++] = 0;
        compress(block, 0);
        fill = 0;
      }
      while (fill < 56) block[fill++] = 0;
      const high = Math.floor(length / 536870912), low = length << 3;
      for (let i = 0; i < 4; i++) {
        block[56 + i] = high >>> 24 - 8 * i;
        block[60 + i] = low >>> 24 - 8 * i;
      }
      compress(block, 0);
      for (let i = 0; i < 8; i++, at += 4) {
        const word = state[i];
        out[at] = word >>> 24; out[at + 1] = word >>> 16; out[at + 2] = word >>> 8; out[at + 3] = word;
      }
    }

    /* H(prefix + bytes) as new bytes. */
    of(bytes) {
      const out = new Uint8Array(32);
      this.into(bytes, 0, bytes.length, out, 0);
      return out;
    }
  }

  const plain = new Prefix(new Uint8Array(0));
  return { Prefix, of: (bytes) => plain.of(bytes) };
})();
