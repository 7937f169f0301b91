/* The page of a draw: starts the worker, shows how far it is, what it found, and answers "was I in the hat?". */
"use strict";

(() => {
  const box = document.getElementById("replay");
  if (!box || !window.Worker) return;
  const words = {};
  for (const one of document.getElementById("words").content.children) words[one.dataset.word] = one.textContent;
  const say = (key, gaps = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => (
    typeof gaps[name] === "number" ? gaps[name].toLocaleString("en") : gaps[name] ?? ""));
  const find = (selector) => box.querySelector(selector);
  const status = find(".status"), bar = find("progress"), start = find("button"), verdict = find(".verdict");
  const form = document.getElementById("ask"), hat = document.getElementById("answer");
  const { base, number, names, bytes, scripts, worker: address } = box.dataset;
  const limit = 2 * 1024 * 1024; // more than that is downloaded only when asked for
  const checks = new Map();
  let worker = null, finished = false, waiting = null;

  const add = (parent, tag, text = "", kind = "") => {
    const made = parent.appendChild(document.createElement(tag));
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  function begin() {
    if (worker) return;
    const restart = start === document.activeElement;
    start.hidden = verdict.hidden = true;
    bar.hidden = status.hidden = find(".checks").hidden = false;
    if (restart) status.focus();
    checks.clear();
    finished = false;
    worker = new Worker(address);
    worker.onmessage = ({ data }) => on[data.kind](data);
    worker.onerror = (event) => on.failed({ words: event.message });
    const order = { base, number: Number(number), names: names.split(" "), bytes: Number(bytes) };
    worker.postMessage({ kind: "start", scripts: scripts.split(" "), ...order });
  }

  const on = {
    progress({ step, done, total }) {
      const share = total ? Math.min(100, Math.floor(100 * done / total)) : 0;
      const line = say(`step.${step}`);
      if (status.dataset.step !== step) status.textContent = line; // each step is read out once
      status.dataset.step = step;
      find(".share").textContent = share ? ` ${share} %` : "";
      bar.max = 100;
      bar.value = share;
    },
    check({ name, held, code, where }) {
      checks.set(name, held ? "good" : held === null ? "unknown" : code);
      const line = find(`[data-check="${name}"]`);
      line.hidden = false;
      line.className = held ? "good" : held === null ? "unknown" : "bad";
      line.querySelector(".mark").textContent = held ? "✓" : held === null ? "–" : "✗";
      line.querySelector(".sign").textContent = say(held ? "sign.good" : held === null ? "sign.unknown" : "sign.bad");
      const why = line.querySelector(".why");
      why.textContent = held === false ? say(`why.${code}`, { where }) : "";
      why.hidden = held !== false;
    },
    done({ seconds, subjects, visits }) {
      finished = true;
      const wrong = [...checks].filter(([, state]) => state !== "good").map(([name]) => name);
      const alone = wrong.length === 1 && checks.get("chain") === "gap";
      const outcome = !wrong.length ? "right" : alone ? "gap" : "wrong";
      bar.hidden = true;
      status.hidden = true;
      find(".share").textContent = "";
      verdict.hidden = false;
      verdict.className = `verdict ${{ right: "genuine", gap: "early", wrong: "false" }[outcome]}`;
      verdict.dataset.outcome = outcome;
      const gaps = { wrong: wrong.length, before: number - 1 };
      const count = { subjects, visits, seconds: seconds.toFixed(1) };
      verdict.querySelector("h3").textContent = say(`verdict.${outcome}`);
      verdict.querySelector("p").textContent = say(`verdict.${outcome}.words`, gaps);
      find(".took").textContent = say("took", count);
      if (waiting !== null) ask(waiting);
    },
    hat({ code, answer }) {
      hat.setAttribute("aria-busy", "false");
      show(answer || { answer: "none", code, facts: [] });
    },
    failed({ words: reason }) {
      worker?.terminate();
      worker = null;
      bar.hidden = true;
      find(".share").textContent = "";
      status.textContent = say("failed", { reason });
      delete status.dataset.step;
      start.hidden = false;
      waiting = null;
      hat.setAttribute("aria-busy", "false");
    },
  };

  function ask(code) {
    waiting = finished ? null : code;
    hat.setAttribute("aria-busy", "true");
    hat.replaceChildren();
    add(hat, "p", say("hat.wait"), "quiet");
    if (finished) worker.postMessage({ kind: "hat", code });
    else begin();
  }

  /* As web/templates/_hat.html does it on the server. */
  function show({ answer, code, facts }) {
    hat.replaceChildren();
    const head = add(hat, "div", "", `verdict ${["form", "none"].includes(answer) ? "false" : answer === "drawn" ? "genuine" : "early"}`);
    head.dataset.answer = answer;
    add(head, "h3", say(`hat.${answer}`, { code }));
    add(head, "p", say(`hat.${answer}.words`, { code }));
    const list = add(hat, "dl", "", "facts");
    for (const fact of facts) {
      const line = add(list, "div");
      add(line, "dt", say(`hat.label.${fact.name}`));
      const told = add(line, "dd");
      if ("held" in fact) add(told, "strong", fact.held ? "✓ " : "✗ ", fact.held ? "right" : "alarm");
      const key = `hat.${fact.words}`;
      add(told, "span", say(key in words ? key : "hat.reason_other", fact.gaps));
      const inner = "held" in fact && fact.code.length ? add(told, "details") : told;
      if (inner !== told) add(inner, "summary", say("hat.show"));
      for (const text of fact.code || []) add(inner, "code", text, "exact");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = form.elements.code.value;
    if (code.trim()) ask(code);
  });
  start.addEventListener("click", begin);
  box.hidden = false;
  if (bytes <= limit && !navigator.connection?.saveData) begin();
  else start.hidden = false;
})();
