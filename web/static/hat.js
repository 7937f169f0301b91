/* "Was I in the hat?": the line of a subject and its proof, its ticket and its chance; or why not (web/hat.py). */
"use strict";

function percent(part, whole) {
  const share = 100 * part / whole;
  return share.toFixed(share >= 10 ? 1 : share >= 1 ? 2 : 4);
}

function lineFact(name, table, line, promised) {
  const row = table.rows[line], path = table.proof(line);
  const held = checkInclusion(promised.root, promised.size, line, row, path);
  const gaps = { place: line + 1, size: table.size, file: table.name };
  return [
    { name, words: "line_of", gaps, code: [row.split("\t").filter((field) => field).join(" · ")] },
    { name: "proof", words: held ? "proof_holds" : "proof_fails", gaps: { steps: path.length }, code: path, held },
  ];
}

function ticketFacts({ c, tables, seed, last }, line) {
  const pool = tables["pool.tsv"], [name, weight] = pool.kinds[line], best = new Uint8Array(32);
  const stratum = c.pool.strata.find((s) => s.name === name);
  const inside = pool.kinds.filter(([other]) => other === name), total = inside.reduce((sum, [, w]) => sum + Number(w), 0);
  leastTicket(new Heads(seed), pool, line, best, new Uint8Array(32));
  const drawn = hex(best) <= last.get(name);
  const chance = { quota: stratum.quota, size: inside.length, stratum: name, weight: Number(weight), total };
  const equal = total === Number(weight) * inside.length && inside.every(([, w]) => w === weight);
  const words = stratum.quota === inside.length ? "chance_all" : equal ? "chance_equal" : "chance_weighted";
  return {
    drawn,
    facts: [
      { name: "ticket", words: Number(weight) > 1 ? "ticket_best" : "ticket_one", gaps: { weight }, code: [hex(best)] },
      { name: "last", words: drawn ? "ticket_smaller" : "ticket_greater", gaps: { stratum: name }, code: [last.get(name)] },
      { name: "chance", words, gaps: { ...chance, percent: percent(stratum.quota, inside.length) } },
    ],
  };
}

/* {answer, code, facts}: each fact a label, words with gaps, exact texts, and whether a proof held. */
function askHat(known, typed) {
  const { c, tables, seed, reserves } = known, plain = typed.normalize("NFKC").trim();
  const code = plain.startsWith("~") ? plain.toLowerCase() : plain.toUpperCase();
  if (!SUBJECT.test(code)) return { answer: "form", code, facts: [] };
  const pool = tables["pool.tsv"], excluded = tables["excluded.tsv"], place = pool.position(code);
  if (place >= 0) {
    const facts = lineFact("line", pool, place, c.pool);
    if (!seed) return { answer: "inside", code, facts };
    const tickets = ticketFacts(known, place);
    const next = reserves.some((one) => one.ids.includes(code));
    return { answer: tickets.drawn ? "drawn" : next ? "reserve" : "missed", code, facts: [...tickets.facts, ...facts] };
  }
  const out = excluded && c.excluded ? excluded.position(code) : -1;
  if (out >= 0) {
    const reason = excluded.rows[out].split("\t")[1];
    const facts = [{ name: "reason", words: `reason_${reason.replaceAll("-", "_")}`, gaps: { reason } }];
    return { answer: "excluded", code, facts: [...facts, ...lineFact("line", excluded, out, c.excluded)] };
  }
  const after = -1 - place, facts = [];
  if (after > 0) facts.push(...lineFact("before", pool, after - 1, c.pool));
  if (after < pool.size) facts.push(...lineFact("after", pool, after, c.pool));
  return { answer: "absent", code, facts };
}
