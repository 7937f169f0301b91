/* The files of a draw: canonical JSON, sorted tables, Merkle trees (docs/draw.md, Words). */
"use strict";

class Refused extends Error {
  constructor(code, where) {
    super(`${code}: ${where}`);
    this.code = code;
    this.where = where;
  }
}

function need(held, code, where) {
  if (!held) throw new Refused(code, where);
}

const utf8 = new TextEncoder();
const HEXES = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));
const hex = (bytes) => Array.from(bytes, (byte) => HEXES[byte]).join("");
const unhex = (text) => Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.substr(2 * i, 2), 16));
const hashOf = (bytes) => hex(sha256.of(bytes));

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function sameBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/* Code point order, which is that of UTF-8 bytes; plain `<` would compare halves of characters. */
function compareText(a, b) {
  const rank = (unit) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function decode(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const keys = Object.keys(value).sort(compareText);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/* The object in a file that holds canonical JSON and nothing else; whole numbers beyond 2^53 become BigInt. */
function parse(bytes, name) {
  const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f])))*"/y;
  const ATOM = /(?:true|false|null|0|-?[1-9][0-9]{0,4299})/y;
  let text, at = 0;
  const bad = () => { throw new Refused("json", name); };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) bad();
    at = pattern.lastIndex;
    return found[0];
  };
  const object = (depth) => {
    const made = Object.create(null);
    for (let last = null; text[at] !== "}" || last === null; ) {
      if (last === null && text[at] === "}") break;
      if (last !== null && text[at++] !== ",") bad();
      const key = JSON.parse(take(STRING));
      if ((last !== null && compareText(last, key) >= 0) || text[at++] !== ":") bad();
      made[last = key] = value(depth);
    }
    at++;
    return made;
  };
  const list = (depth) => {
    const made = [];
    while (text[at] !== "]") {
      if (made.length && text[at++] !== ",") bad();
      made.push(value(depth));
    }
    at++;
    return made;
  };
  const value = (depth) => {
    if (depth > 500) bad();
    const first = text[at];
    if (first === "{") return at++, object(depth + 1);
    if (first === "[") return at++, list(depth + 1);
    if (first === '"') return JSON.parse(take(STRING));
    const atom = take(ATOM);
    if (/[a-z]/.test(atom)) return JSON.parse(atom);
    return Number.isSafeInteger(Number(atom)) ? Number(atom) : BigInt(atom);
  };
  try {
    text = decode(bytes);
  } catch {
    bad();
  }
  if (text[0] !== "{") bad();
  const whole = value(0);
  if (at !== text.length) bad();
  return whole;
}

const SUBJECT = /^(?:[0-9A-HJ-NP-RTUW-Y]{18}|~[0-9a-f]{32})$/, INSPECTOR = /^I[0-9a-f]{16}$/;
const TAGS = "\\t(?:[^\\t,]+(?:,[^\\t,]+)*)?";
const WEIGHT = "\\t(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])\\t";
const FORMS = { // the id, and what follows it
  "pool.tsv": [SUBJECT, new RegExp(`^[^\\t]+${WEIGHT}[^\\t]+${TAGS}$`)],
  "inspectors.tsv": [INSPECTOR, new RegExp(`^[^\\t]+\\t[^\\t]+\\t(?:0|[1-9][0-9]{0,8})${TAGS}$`)],
  "recusals.tsv": [SUBJECT, INSPECTOR],
  "excluded.tsv": [SUBJECT, /^[^\t]+$/],
};

/* The lines of a table, as bytes for hashing and as text; `check` says what is wrong with them. */
class Table {
  constructor(name, bytes) {
    this.name = name;
    this.bytes = bytes;
    let count = bytes.length ? 1 : 0;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) count++;
    this.size = count;
    this.starts = new Uint32Array(count + 1);
    for (let i = 0, line = 1; i < bytes.length; i++) if (bytes[i] === 10) this.starts[line++] = i + 1;
    this.starts[count] = bytes.length + 1;
    this.rows = count ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n") : [];
  }

  check() {
    const { name, bytes, starts, rows } = this;
    need(!bytes.includes(13) && bytes[bytes.length - 1] !== 10, "text", name);
    try {
      decode(bytes);
    } catch {
      throw new Refused("text", name);
    }
    for (let line = 1; line < this.size; line++) {
      let a = starts[line - 1], b = starts[line];
      const endA = b - 1, endB = starts[line + 1] - 1;
      while (a < endA && b < endB && bytes[a] === bytes[b]) a++, b++;
      need(a < endA ? b < endB && bytes[a] < bytes[b] : b < endB, "order", `${name}: ${rows[line]}`);
    }
  }

  /* Check the form of every line; the fields after the id, once for all lines that share them. */
  read(progress = () => {}) {
    const [id, form] = FORMS[this.name], known = new Map();
    let last = "\n";
    this.kinds = this.rows.map((row, line) => {
      if (line % 20000 === 0) progress(line, this.size);
      const tab = row.indexOf("\t"), key = tab < 0 ? row : row.slice(0, tab), rest = tab < 0 ? "" : row.slice(tab + 1);
      need(key !== last || this.name === "recusals.tsv", "repeated", `${this.name}: ${row}`);
      last = key;
      let fields = known.get(rest);
      if (!fields) {
        fields = rest.split("\t");
        const tags = fields[fields.length - 1].split(",");
        const sorted = tags.every((tag, i) => i === 0 || compareText(tags[i - 1], tag) < 0);
        need(form.test(rest) && sorted, "row", `${this.name}: ${row}`);
        known.set(rest, fields);
      }
      need(id.test(key), "row", `${this.name}: ${row}`);
      return fields;
    });
  }

  key(line) {
    return this.rows[line].split("\t", 1)[0];
  }

  /* The line of an id, or -1 - n if it would be line n; ids are ASCII. */
  position(key) {
    const wanted = `${key}\t`;
    let low = 0, high = this.size;
    while (low < high) {
      const middle = low + high >>> 1;
      if (this.rows[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low < this.size && this.rows[low].startsWith(wanted) ? low : -1 - low;
  }

  /* The Merkle tree of RFC 6962 from the leaves up, its root in hex. */
  root(progress = () => {}) {
    const leaf = new sha256.Prefix(Uint8Array.of(0)), node = new sha256.Prefix(Uint8Array.of(1));
    let size = this.size, level = new Uint8Array(32 * size), done = 0;
    for (let line = 0; line < size; line++) {
      leaf.into(this.bytes, this.starts[line], this.starts[line + 1] - 1, level, 32 * line);
      if (++done % 20000 === 0) progress(done, 2 * this.size);
    }
    this.levels = [level];
    while (size > 1) {
      const above = new Uint8Array(32 * (size + 1 >> 1));
      for (let i = 0; i + 1 < size; i += 2) {
        node.into(level, 32 * i, 32 * i + 64, above, 16 * i);
        if (++done % 20000 === 0) progress(done, 2 * this.size);
      }
      if (size % 2) above.set(level.subarray(32 * (size - 1)), above.length - 32); // carried up as it is
      this.levels.push(level = above);
      size = size + 1 >> 1;
    }
    return this.size ? hex(level) : hashOf(new Uint8Array(0));
  }

  /* The audit path of a line, its sibling first, as hex. */
  proof(line) {
    const path = [];
    for (const level of this.levels) {
      const other = line ^ 1;
      if (32 * other < level.length) path.push(hex(level.subarray(32 * other, 32 * other + 32)));
      line >>>= 1;
    }
    return path;
  }
}

/* Whether a row is line `index` of the table with this root and size (RFC 9162, section 2.1.3.2). */
function checkInclusion(root, size, index, row, path) {
  let node = sha256.of(joined(Uint8Array.of(0), utf8.encode(row)));
  const rest = path.map(unhex);
  for (; size > 1; index >>>= 1, size = size + 1 >> 1) {
    if ((index ^ 1) >= size) continue;
    if (!rest.length) return false;
    const other = rest.shift();
    node = sha256.of(index & 1 ? joined(Uint8Array.of(1), other, node) : joined(Uint8Array.of(1), node, other));
  }
  return !rest.length && hex(node) === root;
}
