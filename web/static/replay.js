/* The draw itself, once more (docs/draw.md, Subjects and Inspectors): what rules/draw.py does, in a browser. */
"use strict";

const twoBytes = (n) => Uint8Array.of(n >>> 8, n);

function seedOf(commitment, secret, entropy) {
  const parts = [utf8.encode("suicha draw 1"), sha256.of(commitment), secret, sha256.of(utf8.encode(canonical(entropy)))];
  return sha256.of(joined(...parts));
}

/* The least of all tickets of a line, written to `best`; `made` is 32 bytes to work with. */
function leastTicket(heads, pool, line, best, made) {
  const from = pool.starts[line], weight = Number(pool.kinds[line][1]);
  let to = from;
  while (pool.bytes[to] !== 9) to++;
  for (let j = 0; j < weight; j++) {
    heads.of(j).into(pool.bytes, from, to, j ? made : best, 0);
    if (j) {
      let i = 0;
      while (i < 32 && made[i] === best[i]) i++;
      if (i < 32 && made[i] < best[i]) best.set(made);
    }
  }
}

class Heads { // seed, "S" and j, absorbed once
  constructor(seed) {
    this.seed = seed;
    this.made = [];
  }

  of(j) {
    return this.made[j] ||= new sha256.Prefix(joined(this.seed, Uint8Array.of(83), twoBytes(j)));
  }
}

/* The subjects of each stratum with the least tickets: `drawn` over all strata in order of visits, `reserves`. */
function drawSubjects(c, pool, seed, progress) {
  const heads = new Heads(seed), best = new Uint8Array(32), made = new Uint8Array(32);
  const strata = [...c.pool.strata].sort((a, b) => compareText(a.name, b.name));
  const inside = new Map(strata.map((s) => [s.name, []]));
  for (let line = 0; line < pool.size; line++) inside.get(pool.kinds[line][0]).push(line);
  const drawn = [], reserves = [], last = new Map();
  let done = 0;
  for (const { name, size, quota } of strata) {
    const lines = inside.get(name), wanted = Math.min(size, quota + c.rules.reserves), kept = [];
    let limit = (wanted + 8 * Math.floor(Math.sqrt(wanted)) + 32) / Math.max(1, size); // fewer below? then all
    for (const bound of [limit * 4294967296, Infinity]) {
      if (kept.length >= wanted) break;
      kept.length = 0;
      for (const line of lines) {
        leastTicket(heads, pool, line, best, made);
        const front = best[0] * 16777216 + (best[1] << 16 | best[2] << 8 | best[3]);
        if (front < bound) kept.push({ line, ticket: hex(best), subject: pool.key(line), stratum: name });
        if (++done % 10000 === 0) progress(Math.min(done, pool.size), pool.size);
      }
    }
    kept.sort((a, b) => (a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : a.subject < b.subject ? -1 : 1));
    drawn.push(...kept.slice(0, quota));
    reserves.push({ stratum: name, ids: kept.slice(quota, wanted).map((one) => one.subject) });
    last.set(name, quota ? kept[quota - 1].ticket : "");
  }
  drawn.sort((a, b) => (a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : compareText(a.subject, b.subject)));
  return { drawn, reserves, last };
}

/* The first 8 bytes as a number, modulo m: exact in doubles for any m below 2^26, else with BigInt. */
function modulo(bytes, m) {
  const view = new DataView(bytes.buffer), high = view.getUint32(0), low = view.getUint32(4);
  if (m >= 67108864) return Number(((BigInt(high) << 32n) + BigInt(low)) % BigInt(m));
  return ((high % m) * (4294967296 % m) + (low % m)) % m;
}

/* Two names from the hat, the one with fewer visits goes. */
class Hats {
  constructor(rules, inspectors, recusals) {
    this.rules = rules;
    this.recused = new Set(recusals.rows);
    this.near = new Map(rules.neighbours.map((one) => [one.area, new Set(one.neighbours)]));
    this.staff = new Map();
    this.loads = new Map();
    this.hats = new Map();
    for (let line = 0; line < inspectors.size; line++) {
      const [organ, area, load, tags] = inspectors.kinds[line], name = inspectors.key(line), place = `${organ}\t${area}`;
      if (!this.staff.has(place)) this.staff.set(place, []);
      this.staff.get(place).push([name, new Set(["", ...tags.split(",")])]);
      this.loads.set(name, Number(load));
    }
  }

  hat(organ, area, needs, areas, mode) {
    const key = [organ, mode, area, needs].join("\t");
    if (!this.hats.has(key)) {
      const wanted = needs.split(","), names = [];
      for (const near of areas) {
        for (const [name, held] of this.staff.get(`${organ}\t${near}`) || []) {
          if (wanted.every((tag) => held.has(tag))) names.push(name);
        }
      }
      this.hats.set(key, names.sort());
    }
    return this.hats.get(key);
  }

  fill(seed, subject, area, tags, seat, onVisit) {
    const { organ, qualified } = this.rules.slots[seat], needs = qualified ? tags : "";
    const start = joined(seed, Uint8Array.of(73), utf8.encode(subject), Uint8Array.of(0), twoBytes(seat));
    const head = new sha256.Prefix(start), word = new Uint8Array(4), out = new Uint8Array(32);
    for (const [mode, areas] of [["own", [area]], ["neighbour", this.near.get(area) || []]]) {
      const hat = this.hat(organ, area, needs, areas, mode), n = hat.length, moved = new Map(), two = [];
      for (let t = 0; t < n && two.length < 2; t++) {
        new DataView(word.buffer).setUint32(0, t);
        head.into(word, 0, 4, out, 0);
        const at = t + modulo(out, n - t), name = hat[moved.get(at) ?? at];
        moved.set(at, moved.get(t) ?? t);
        const barred = onVisit.includes(name) || this.recused.has(`${subject}\t${name}`);
        if (!barred && this.loads.get(name) < this.rules.cap) two.push(name);
      }
      if (two.length) {
        const inspector = two.length > 1 && this.loads.get(two[1]) < this.loads.get(two[0]) ? two[1] : two[0];
        this.loads.set(inspector, this.loads.get(inspector) + 1);
        return { inspector, mode };
      }
    }
    return { inspector: "", mode: "open" };
  }
}

/* The visits in order with their seats, as a certificate lists them. */
function drawInspectors(c, tables, seed, drawn, progress) {
  const hats = new Hats(c.rules, tables["inspectors.tsv"], tables["recusals.tsv"]), pool = tables["pool.tsv"];
  return drawn.map(({ line, subject, stratum, ticket }, place) => {
    if (place % 500 === 0) progress(place, drawn.length);
    const [, , area, tags] = pool.kinds[line], seats = [];
    for (let seat = 0; seat < c.rules.slots.length; seat++) {
      seats.push(hats.fill(seed, subject, area, tags, seat, seats.map((taken) => taken.inspector)));
    }
    return { subject, stratum, ticket, seats };
  });
}
