// One phone: its messages in order, and everything a person can do on it.

import { icon, make, openLink, post } from "./dom.js";
import { day, drawMessage } from "./message.js";
import { fileSheet, message as tell, placeSheet, scanSheet, view } from "./sheets.js";
import { word } from "./words.js";

export class Phone {
  constructor(data, pictures) {
    this.data = data;
    this.allPictures = pictures;
    this.messages = new Map();
    this.waiting = new Map();
    this.front = false;
    this.node = document.querySelector("#phone").content.firstElementChild.cloneNode(true);
    this.tab = make("button", { type: "button", role: "tab" });
    this.list = this.find(".messages");
    this.text = this.find("textarea");
    this.sheet = this.find(".sheet");
    this.act = {
      say: (text) => this.do("say", { text }),
      view: (photo) => view(photo, this.data),
      press: (message, button, node) => this.press(message, button, node),
      follow: (event, address) => this.follow(event, address),
    };
    this.listen();
    this.label();
  }

  find(selector) {
    return this.node.querySelector(selector);
  }

  listen() {
    this.find("form").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.grow());
    this.find(".attach").addEventListener("click", () => this.open(this.attachments()));
    this.find(".commands").addEventListener("click", () => this.open(this.commands()));
    this.find(".scan").addEventListener("click", () => scanSheet(this.data, this.allPictures()));
    this.find(".latest").addEventListener("click", () => this.bottom(true));
    this.list.addEventListener("scroll", () => {
      this.stuck = this.atBottom();
      this.find(".latest").hidden = this.stuck;
    });
    this.list.addEventListener("load", () => { if (this.stuck) this.bottom(false); }, true);
    new ResizeObserver(() => { if (this.stuck) this.bottom(false); }).observe(this.list);
    document.addEventListener("click", (event) => {
      if (!this.sheet.hidden && !this.sheet.contains(event.target) && !event.target.closest(".commands, .attach")) this.sheet.hidden = true;
    });
    const pick = this.find(".pick");
    pick.addEventListener("change", () => {
      if (pick.files[0]) fileSheet(this.data, pick.dataset.kind, pick.files[0]);
      pick.value = "";
    });
  }

  label() {
    this.text.placeholder = word("type");
    for (const name of ["scan", "latest", "commands", "attach", "send"]) {
      this.find(`.${name}`).setAttribute("aria-label", word(name));
      this.find(`.${name}`).title = word(name);
    }
    this.redraw();
  }

  update(data, frame) {
    this.data = data;
    this.places = frame.places;
    this.find(".who strong").textContent = data.title || data.name;
    this.find(".who small").textContent = data.blocked ? word("blocked") : data.title ? data.name : frame.bot?.first_name ?? "";
    this.find(".avatar").textContent = data.name.slice(0, 1);
    this.node.style.setProperty("--hue", String((data.id * 67) % 360));
    this.node.setAttribute("aria-label", `${data.title} ${data.name}`);
    this.tab.replaceChildren(make("span", {}, data.title || data.name));
    const replies = this.find(".replies");
    replies.hidden = !data.keyboard.length;
    replies.replaceChildren(...data.keyboard.map((row) => make("div", { class: "row" }, ...row.map((button) =>
      make("button", { type: "button", onclick: () => {
        if (button.request_location) placeSheet(this.data, this.knownPlaces());
        else this.do("say", { text: button.text });
      } }, button.text)))));
  }

  clear() {
    this.messages.clear();
  }

  receive(messages, fresh) {
    if (!messages.length && !fresh) return;
    const follow = fresh || this.atBottom();
    for (const message of messages) {
      if (message.deleted) this.messages.delete(message.id);
      else this.messages.set(message.id, message);
    }
    this.redraw(fresh ? [] : messages.map((message) => message.id));
    const mine = messages.some((message) => message.bot === false);
    if (follow || mine) this.bottom(!fresh);
    if (!fresh && !this.front && messages.some((message) => message.bot)) this.tab.classList.add("news");
  }

  // Messages that did not change keep their place and their node, so nothing jumps under the finger.
  redraw(changed = null) {
    const old = new Map([...this.list.querySelectorAll("article")].map((node) => [Number(node.dataset.id), node]));
    const nodes = [];
    let last = "";
    for (const message of [...this.messages.values()].sort((a, b) => a.id - b.id)) {
      const date = day(message.date);
      if (date !== last) nodes.push(make("div", { class: "day" }, date));
      last = date;
      const known = old.get(message.id);
      if (known && changed && !changed.includes(message.id)) {
        nodes.push(known);
        continue;
      }
      const node = drawMessage(message, this.act);
      if (changed?.includes(message.id)) node.classList.add(known ? "changed" : "new");
      nodes.push(node);
    }
    if (!nodes.length) nodes.push(this.welcome());
    this.list.replaceChildren(...nodes);
  }

  welcome() {
    return make("div", { class: "welcome" }, make("p", {}, word("empty")),
      make("button", { type: "button", class: "strong", onclick: () => this.do("say", { text: "/start" }) }, word("start")));
  }

  atBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
  }

  bottom(smooth) {
    this.stuck = true;
    requestAnimationFrame(() => this.list.scrollTo({ top: this.list.scrollHeight, behavior: smooth ? "smooth" : "instant" }));
  }

  pictures() {
    return [...this.messages.values()].reverse().flatMap((message) => {
      const picture = message.photo ?? (message.file?.mime.startsWith("image/") ? message.file : null);
      return picture ? [{ ...picture, owner: this.data.title || this.data.name }] : [];
    });
  }

  knownPlaces() {
    const shared = [...this.messages.values()].reverse().filter((message) => message.place?.title)
      .map((message) => ({ label: message.place.title, ...message.place }));
    const given = (this.places ?? []).map(([label, lat, lng]) => ({ label, lat, lng }));
    const seen = new Set();
    return [...shared, ...given].filter((place) => !seen.has(place.label) && seen.add(place.label)).slice(0, 6);
  }

  async do(action, values) {
    this.sheet.hidden = true;
    try {
      return await post(this.data.id, action, values);
    } catch (error) {
      this.toast(`${word("failed")}: ${error.message}`);
      return {};
    }
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.grow();
    await this.do("say", { text });
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 120)}px`;
    this.node.classList.toggle("typing", this.text.value.trim() !== "");
  }

  async press(message, button, node) {
    if (button.copy_text) {
      await navigator.clipboard?.writeText(button.copy_text.text).catch(() => {});
      return this.toast(word("copied"));
    }
    if (button.url || button.web_app) return this.follow(null, button.url ?? button.web_app.url);
    node.classList.add("waiting");
    setTimeout(() => node.classList.remove("waiting"), 8000);
    const { query } = await this.do("press", { message: message.id, label: button.text, data: button.callback_data });
    if (query) this.waiting.set(query, node);
    else node.classList.remove("waiting");
    return undefined;
  }

  async follow(event, address) {
    if (event && !/^(https?:\/\/(t|telegram)\.me\/|tg:)/.test(address)) return;
    event?.preventDefault();
    const { url } = await this.do("open", { url: address });
    if (url) openLink(url);
  }

  answer(toast) {
    this.waiting.get(toast.query)?.classList.remove("waiting");
    this.waiting.delete(toast.query);
    if (toast.url) openLink(toast.url);
    if (!toast.text) return;
    if (toast.alert) tell(word("bot"), toast.text);
    else this.toast(toast.text);
  }

  toast(text) {
    const box = this.find(".toast");
    box.textContent = text;
    box.classList.add("shown");
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => box.classList.remove("shown"), 3500);
  }

  open(content) {
    const again = !this.sheet.hidden && this.sheet.dataset.kind === content.kind;
    this.sheet.hidden = again;
    this.sheet.dataset.kind = content.kind;
    this.sheet.replaceChildren(...content.nodes);
  }

  choose(kind, accept) {
    const pick = this.find(".pick");
    pick.dataset.kind = kind;
    pick.accept = accept;
    pick.click();
  }

  attachments() {
    const entry = (name, run) => make("button", { type: "button", onclick: () => { this.sheet.hidden = true; run(); } },
      make("span", { class: `badge ${name}` }, icon(name)), word(name));
    return { kind: "attach", nodes: [make("div", { class: "tiles" },
      entry("photo", () => this.choose("photo", "image/*")),
      entry("file", () => this.choose("file", "")),
      entry("place", () => placeSheet(this.data, this.knownPlaces())),
      entry("voice", () => this.do("voice")),
      entry("scan", () => scanSheet(this.data, this.allPictures())))] };
  }

  commands() {
    const entries = this.data.commands.map(({ command, description }) =>
      make("button", { type: "button", class: "entry", onclick: () => this.do("say", { text: `/${command}` }) },
        make("span", {}, description), make("small", {}, `/${command}`)));
    return { kind: "commands", nodes: entries.length ? entries : [make("p", {}, word("noCommands"))] };
  }
}
