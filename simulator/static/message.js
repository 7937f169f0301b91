// Draws one message: formatted text, picture, file, place and the buttons under it.

import { icon, make, safeLink } from "./dom.js";
import { locale, word } from "./words.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};

function wrap(entity, content, text, act) {
  if (entity.type === "bot_command") {
    return make("button", { class: "command", type: "button", onclick: () => act.say(text) }, content);
  }
  if (entity.type === "text_link" || entity.type === "url") {
    const address = entity.url ?? text;
    return make("a", { href: safeLink(address) ?? "#", target: "_blank", rel: "noopener noreferrer",
      onclick: (event) => act.follow(event, address) }, content);
  }
  const node = make(TAGS[entity.type] ?? "span", {}, content);
  if (entity.type === "spoiler") {
    node.className = "spoiler";
    node.addEventListener("click", () => node.classList.add("open"));
  }
  return node;
}

// Entities may nest; each piece between two edges is wrapped in all that cover it, the widest outermost.
export function formatted(text, entities, act) {
  const fragment = document.createDocumentFragment();
  const draw = (parent, from, to, inside) => {
    let at = from;
    while (inside.length) {
      const [entity, ...rest] = inside;
      const end = Math.min(entity.offset + entity.length, to);
      const within = rest.filter((other) => other.offset < end);
      if (entity.offset > at) parent.append(text.slice(at, entity.offset));
      const content = document.createDocumentFragment();
      draw(content, entity.offset, end, within);
      parent.append(wrap(entity, content, text.slice(entity.offset, end), act));
      at = end;
      inside = rest.filter((other) => other.offset >= end);
    }
    if (at < to) parent.append(text.slice(at, to));
  };
  draw(fragment, 0, text.length, [...entities]);
  return fragment;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function attachment(message, act) {
  if (message.photo) {
    const { photo } = message;
    return make("button", { class: "picture", type: "button", ariaLabel: word("photo"), onclick: () => act.view(photo) },
      make("img", { src: photo.url, width: photo.width, height: photo.height, alt: word("photo") }));
  }
  if (message.file) {
    const name = message.file.name || word(message.kind);
    const detail = message.file.seconds ? `0:${String(message.file.seconds).padStart(2, "0")}` : size(message.file.size);
    return make("a", { class: "file", href: message.file.url, download: name },
      make("span", { class: "badge" }, icon(message.kind === "voice" ? "voice" : "file")),
      make("span", {}, make("strong", {}, name), make("small", {}, detail)));
  }
  if (message.place) {
    const { title, address, lat, lng } = message.place;
    return make("div", { class: "file" }, make("span", { class: "badge" }, icon("place")),
      make("span", {}, make("strong", {}, title || word("place")),
        make("small", {}, address || `${lat.toFixed(5)}, ${lng.toFixed(5)}`)));
  }
  if (message.sticker) return make("div", { class: "sticker" }, message.sticker.emoji);
  if (message.contact) {
    return make("div", { class: "file" }, make("span", { class: "badge" }, message.contact.first_name.slice(0, 1)),
      make("span", {}, make("strong", {}, message.contact.first_name), make("small", {}, message.contact.phone_number)));
  }
  return null;
}

function keyboard(message, act) {
  if (!message.buttons.length) return null;
  return make("div", { class: "keyboard" }, ...message.buttons.map((row) => make("div", { class: "row" },
    ...row.map((button) => {
      const node = make("button", { type: "button", onclick: () => act.press(message, button, node) },
        make("span", {}, button.text));
      if (button.url) node.append(icon("out"));
      return node;
    }))));
}

export function drawMessage(message, act) {
  const time = new Date(message.date * 1000).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
  const bubble = make("div", { class: "bubble" });
  if (message.reply) bubble.append(make("div", { class: "quoted" }, message.reply));
  const attached = attachment(message, act);
  if (attached) bubble.append(attached);
  if (message.text) bubble.append(make("div", { class: "text" }, formatted(message.text, message.entities, act)));
  if (message.kind === "service") bubble.append(make("div", { class: "text" }, word("service")));
  bubble.append(make("time", {}, message.edits ? `${word("edited")} ${time}` : time));
  const node = make("article", { class: `message ${message.bot ? "theirs" : "mine"} ${message.kind}` }, bubble);
  const keys = keyboard(message, act);
  if (keys) node.append(keys);
  node.dataset.id = message.id;
  return node;
}

export function day(date) {
  const then = new Date(date * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return word("today");
  if (days === 1) return word("yesterday");
  return then.toLocaleDateString(locale(), { month: "long", day: "numeric", weekday: "short" });
}
