// The page: listens to the server and keeps a phone for each person up to date.

import { make } from "./dom.js";
import { Phone } from "./phone.js";
import { switchLanguage, word } from "./words.js";

const phones = new Map();
const board = document.querySelector("#phones");
const tabs = document.querySelector("#tabs");
let frame = { phones: [], links: [], places: [], heading: "" };

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) choose(entry.target);
}, { root: board, threshold: 0.6 });

function choose(section) {
  for (const phone of phones.values()) {
    const chosen = phone.node === section;
    phone.tab.setAttribute("aria-selected", String(chosen));
    phone.front = chosen;
    if (chosen) phone.tab.classList.remove("news");
  }
}

function pictures() {
  return [...phones.values()].flatMap((phone) => phone.pictures());
}

function arrange(data) {
  frame = data;
  document.querySelector("#heading").textContent = frame.heading || word("title");
  document.querySelector("#links").replaceChildren(...frame.links.map(([label, address]) =>
    make("a", { href: address, target: "_blank", rel: "noopener" }, label)));
  const wanted = new Set(frame.phones.map((phone) => phone.id));
  for (const [id, phone] of phones) {
    if (wanted.has(id)) continue;
    phone.node.remove();
    phone.tab.remove();
    phones.delete(id);
  }
  for (const data of frame.phones) {
    if (!phones.has(data.id)) {
      const phone = new Phone(data, pictures);
      phones.set(data.id, phone);
      board.append(phone.node);
      tabs.append(phone.tab);
      phone.tab.addEventListener("click", () => phone.node.scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" }));
      watcher.observe(phone.node);
    }
    phones.get(data.id).update(data, frame);
  }
  tabs.hidden = phones.size < 2;
  board.classList.toggle("nobody", phones.size === 0);
  if (!phones.size) board.dataset.empty = word("nothing");
}

function receive(event) {
  const data = JSON.parse(event.data);
  document.querySelector("#offline").hidden = true;
  if (data.frame) arrange(data.frame);
  if (data.fresh) for (const phone of phones.values()) phone.clear();
  for (const phone of phones.values()) {
    phone.receive(data.messages.filter((message) => message.chat === phone.data.chat), Boolean(data.fresh));
    for (const toast of data.toasts) if (toast.user === phone.data.id) phone.answer(toast);
  }
}

function label() {
  document.title = frame.heading || word("title");
  document.documentElement.lang = word("other") === "English" ? "zh-CN" : "en";
  const button = document.querySelector("#language");
  button.textContent = word("other");
  button.setAttribute("aria-label", word("otherLabel"));
  document.querySelector("#offline").textContent = word("offline");
  arrange(frame);
  for (const phone of phones.values()) phone.label();
}

document.querySelector("#language").addEventListener("click", () => { switchLanguage(); label(); });
label();
const events = new EventSource("/phones/events");
events.addEventListener("message", receive);
events.addEventListener("error", () => { document.querySelector("#offline").hidden = false; });
