/* Beside the page, so that it stays usable: downloads the files of a draw, makes every check, answers about the hat. */
"use strict";

const TABLES = ["pool.tsv", "inspectors.tsv", "recusals.tsv"];
const files = {}, tables = {};
let known = null; // what the hat needs: commitment, tables with their trees; seed and tickets if the draw was replayed
let told = 0;

function progress(step, done = 0, total = 0) {
  const now = performance.now();
  if (done && done < total && now - told < 80) return;
  told = now;
  postMessage({ kind: "progress", step, done, total });
}

/* Make one check and say how it went: right, wrong and why, or not possible after what failed before. */
function check(name, possible, body) {
  if (!possible) {
    postMessage({ kind: "check", name, held: null });
    return null;
  }
  try {
    const made = body() ?? true;
    postMessage({ kind: "check", name, held: true });
    return made;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const where = String(error.where).replaceAll("\t", " · ").slice(0, 200);
    postMessage({ kind: "check", name, held: false, code: error.code, where });
    return null;
  }
}

async function download(address, count) {
  const response = await fetch(address);
  if (response.status === 404) return null;
  if (!response.ok) throw new TypeError(`${response.status}`);
  const parts = [];
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return joined(...parts);
    parts.push(value);
    count(value.length);
  }
}

async function downloadAll({ base, names, bytes, number }) {
  let done = 0;
  const count = (more) => progress("download", done += more, Math.max(bytes, done));
  progress("download", 0, bytes);
  for (const name of names) {
    const body = await download(`${base}/${number}/${name}`, count);
    if (body) files[name] = body;
  }
  return number > 1 ? download(`${base}/${number - 1}/commitment.json`, () => {}) : null;
}

function checkFiles() {
  for (const name of ["commitment.json", "certificate.json", ...TABLES]) need(files[name], "missing", name);
  const c = readCommitment(parse(files["commitment.json"], "commitment.json"));
  need(!("excluded" in c) || files["excluded.tsv"], "missing", "excluded.tsv");
  need("excluded" in c || !files["excluded.tsv"], "unknown", "excluded.tsv");
  return { c, given: parse(files["certificate.json"], "certificate.json") };
}

function checkTables() {
  for (const table of Object.values(tables)) {
    table.check();
    table.read((done, total) => progress("tables", done, total));
  }
  const pool = tables["pool.tsv"], excluded = tables["excluded.tsv"];
  for (let line = 0; excluded && line < excluded.size; line++) {
    need(pool.position(excluded.key(line)) < 0, "excluded", excluded.key(line));
  }
}

function checkRoots(c) {
  for (const [name, table] of Object.entries(tables)) {
    if (name === "recusals.tsv") continue;
    table.found = table.root((done, total) => progress("roots", done, total));
  }
  for (const [name, table] of Object.entries(tables)) {
    const promised = c[name.slice(0, -4)];
    if (name === "recusals.tsv") {
      need(promised === hashOf(table.bytes), "root", name);
      continue;
    }
    need(promised, "unknown", name);
    need(promised.size === table.size, "size", name);
    need(promised.root === table.found, "root", name);
  }
}

function firstDifference(given, made, code, picked) {
  need(Array.isArray(given), code, "certificate.json");
  for (let place = 0; place < Math.max(given.length, made.length); place++) {
    const same = place < given.length && place < made.length && picked(given[place]) === picked(made[place]);
    need(same, code, String(place + 1));
  }
}

async function run(order) {
  const previous = await downloadAll(order);
  const started = performance.now();
  for (const name of [...TABLES, "excluded.tsv"]) if (files[name]) tables[name] = new Table(name, files[name]);
  const read = check("files", true, checkFiles), c = read?.c, given = read?.given;
  progress("tables", 0, 1);
  const sorted = check("tables", TABLES.every((name) => tables[name]), checkTables);
  progress("roots", 0, 1);
  check("roots", c, () => checkRoots(c));
  if (c && sorted) known = { c, tables };
  const strata = check("strata", c && sorted, () => checkStrata(c, tables["pool.tsv"]));
  const secret = check("secret", c, () => {
    need(is.hash(given.secret) && hashOf(unhex(given.secret)) === c.secret_hash, "secret", "certificate.json");
    return unhex(given.secret);
  });
  const entropy = check(c?.entropy.kind === "drand" ? "drand" : "witnesses", c, () => checkEntropy(c, given.entropy));
  const possible = strata && secret && entropy;
  progress("tickets", 0, 1);
  let seed, made, visits;
  check("subjects", possible, () => {
    seed = seedOf(files["commitment.json"], secret, entropy);
    made = drawSubjects(c, tables["pool.tsv"], seed, (done, total) => progress("tickets", done, total));
    known = { c, tables, seed, ...made };
    const subject = (one) => canonical([one?.subject ?? null, one?.stratum ?? null, one?.ticket ?? null]);
    firstDifference(given.visits, made.drawn, "visit", subject);
    need(canonical(given.reserves ?? null) === canonical(made.reserves), "reserves", "certificate.json");
  });
  progress("inspectors", 0, 1);
  check("inspectors", made, () => {
    visits = drawInspectors(c, tables, seed, made.drawn, (done, total) => progress("inspectors", done, total));
    firstDifference(given.visits, visits, "seat", (one) => canonical(one?.seats ?? null));
  });
  progress("comparing", 0, 1);
  check("certificate", visits, () => {
    const commitment = hashOf(files["commitment.json"]), { reserves } = made;
    const whole = { version: 1, commitment, secret: given.secret, entropy, seed: hex(seed), visits, reserves };
    need(sameBytes(utf8.encode(canonical(whole)), files["certificate.json"]), "replay", "certificate.json");
  });
  check("sealed", given && files["sealed.json"], () => {
    const outcome = hashOf(files["certificate.json"]), commitment = hashOf(files["commitment.json"]);
    const seal = canonical({ commitment, entropy: given.entropy ?? null, outcome });
    need(sameBytes(utf8.encode(seal), files["sealed.json"]), "sealed", "sealed.json");
  });
  check("chain", c, () => checkChain(c, order.number, previous));
  const seconds = (performance.now() - started) / 1000;
  postMessage({ kind: "done", seconds, subjects: tables["pool.tsv"]?.size ?? 0, visits: visits?.length ?? 0 });
}

onmessage = async ({ data }) => {
  try {
    if (data.kind === "start") {
      importScripts(...data.scripts);
      await run(data);
    } else if (data.kind === "hat") {
      postMessage({ kind: "hat", code: data.code, answer: known ? askHat(known, data.code) : null });
    }
  } catch (error) {
    postMessage({ kind: "failed", words: String(error) });
  }
};
