/* What a commitment must say, apart from any other file (rules/draw.py, read_commitment), check by check. */
"use strict";

const QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
const FIRST = "0".repeat(64), HEX64 = /^[0-9a-f]{64}$/, GENESIS = 1692803367, PERIOD = 3;
const is = {
  hash: (v) => typeof v === "string" && HEX64.test(v),
  text: (v) => typeof v === "string" && v !== "",
  count: (v) => Number.isSafeInteger(v) && v >= 0,
  positive: (v) => Number.isSafeInteger(v) && v > 0,
  flag: (v) => typeof v === "boolean",
  list: (v, each) => Array.isArray(v) && v.every(each),
  object: (v) => v !== null && typeof v === "object" && !Array.isArray(v),
  tree: (v) => is.object(v) && is.hash(v.root) && is.count(v.size),
  stratum: (v) => is.object(v) && is.text(v.name) && is.count(v.size) && is.count(v.quota),
  slot: (v) => is.object(v) && is.text(v.organ) && is.flag(v.qualified),
  near: (v) => is.object(v) && is.text(v.area) && is.list(v.neighbours, is.text),
  rules: (v) => is.object(v) && is.list(v.slots, is.slot) && v.slots.length < 65536 && is.list(v.neighbours, is.near)
    && is.positive(v.cap) && is.count(v.reserves),
};
const distinct = (names) => names.length === new Set(names).size;

/* Unix seconds of `committed_at`, NaN if it is no moment. */
function secondsOf(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(text)) return NaN;
  const whole = Date.parse(`${text.slice(0, 19)}Z`);
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== text.slice(0, 19)) return NaN;
  return whole / 1000 + (Number(text.slice(19, -1)) || 0);
}

/* Refuses `field` unless everything is there in its form; further fields are allowed. */
function readCommitment(c) {
  const wanted = {
    version: c.version === 1,
    authority: is.text(c.authority),
    task: is.text(c.task),
    sequence: is.positive(c.sequence),
    previous: is.hash(c.previous),
    secret_hash: is.hash(c.secret_hash),
    recusals: is.hash(c.recusals),
    inspectors: is.tree(c.inspectors),
    pool: is.tree(c.pool) && is.list(c.pool.strata, is.stratum) && distinct(c.pool.strata.map((s) => s.name)),
    excluded: !("excluded" in c) || is.tree(c.excluded),
    rules: is.rules(c.rules) && distinct(c.rules.neighbours.map((n) => n.area)),
    entropy: is.object(c.entropy) && (c.entropy.kind === "drand"
      ? c.entropy.chain === QUICKNET && is.positive(c.entropy.round)
      : c.entropy.kind === "witness" && is.list(c.entropy.witnesses, is.text)
        && c.entropy.witnesses.length > 1 && distinct(c.entropy.witnesses)),
    committed_at: is.text(c.committed_at) && !Number.isNaN(secondsOf(c.committed_at)),
  };
  for (const [name, held] of Object.entries(wanted)) need(held, "field", `commitment.json: ${name}`);
  return c;
}

/* Refuses `quota`, `strata`: the strata of the pool must be those of the commitment, in their sizes. */
function checkStrata(c, pool) {
  for (const s of c.pool.strata) need(Math.min(1, s.size) <= s.quota && s.quota <= s.size, "quota", s.name);
  const sizes = new Map();
  for (const [name] of pool.kinds) sizes.set(name, (sizes.get(name) || 0) + 1);
  for (const s of c.pool.strata) {
    need((sizes.get(s.name) || 0) === s.size, "strata", s.name);
    sizes.delete(s.name);
  }
  need(!sizes.size, "strata", [...sizes.keys()].join(", "));
}

/* The randomness as the commitment demands it; refuses `entropy` unless that is what was given, `early`. */
function checkEntropy(c, given) {
  const source = c.entropy;
  let right;
  if (source.kind === "drand") {
    need(GENESIS + PERIOD * (source.round - 1) > secondsOf(c.committed_at), "early", String(source.round));
    const signature = is.object(given) ? given.signature : null;
    need(typeof signature === "string" && /^[0-9a-f]{96}$/.test(signature), "entropy", "signature");
    const { kind, chain, round } = source;
    right = { kind, chain, round, signature, randomness: hashOf(unhex(signature)) };
  } else {
    const said = is.object(given) && Array.isArray(given.contributions) ? given.contributions : [];
    need(said.every((one) => is.object(one) && typeof one.text === "string"), "entropy", "text");
    const words = new Map(said.map((one) => [one.witness, one.text]));
    for (const witness of source.witnesses) need(words.has(witness), "entropy", witness);
    const contributions = source.witnesses.map((witness) => ({ witness, text: words.get(witness) }));
    right = { kind: "witness", contributions };
  }
  need(canonical(given) === canonical(right), "entropy", "certificate.json");
  return right;
}

/* Refuses `number`, `gap`, `chain`, `clock`: this commitment must go on from the one before it. */
function checkChain(c, number, previous) {
  need(c.sequence === number, "number", String(c.sequence));
  if (number === 1) {
    need(c.previous === FIRST, "chain", c.previous);
    return;
  }
  need(previous, "gap", String(number - 1));
  need(c.previous === hashOf(previous), "chain", String(number - 1));
  const past = readCommitment(parse(previous, "commitment.json"));
  need(past.sequence === number - 1 && past.authority === c.authority, "chain", String(number - 1));
  need(compareText(past.committed_at, c.committed_at) <= 0, "clock", past.committed_at);
}
