// What opens over a phone: attachments, commands, scanning, a position, a picture in full size.

import { icon, make, openLink, post } from "./dom.js";
import { word } from "./words.js";

const dialog = document.querySelector("#dialog");
const viewer = document.querySelector("#viewer");

for (const box of [dialog, viewer]) {
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
}

function show(title, ...content) {
  const close = make("button", { type: "button", class: "plain", onclick: () => dialog.close() }, word("close"));
  dialog.replaceChildren(make("header", {}, make("h2", {}, title), close), ...content.filter(Boolean));
  dialog.showModal();
}

export function message(title, text, link) {
  const open = link && make("button", { type: "button", class: "strong", onclick: () => { openLink(link); dialog.close(); } }, word("open"));
  show(title, make("p", { class: "said" }, text), open);
}

function opened(result) {
  if (!result.url) return dialog.close();
  openLink(result.url);
  message(word("opens"), result.url, result.url);
}

export function view(photo, phone) {
  const scan = make("button", { type: "button", onclick: async () => {
    viewer.close();
    await scanPicture(phone, { picture: photo.unique });
  } }, icon("scan"), word("scanThis"));
  const close = make("button", { type: "button", onclick: () => viewer.close() }, word("close"));
  viewer.replaceChildren(make("img", { src: photo.full, alt: word("photo"), onclick: () => viewer.close() }),
    make("footer", {}, scan, close));
  viewer.showModal();
}

async function scanPicture(phone, values) {
  try {
    opened(await post(phone.id, "scan", values));
  } catch {
    message(word("scan"), word("noCode"));
  }
}

export function scanSheet(phone, pictures) {
  const grid = make("div", { class: "grid" }, ...pictures.map((picture) =>
    make("button", { type: "button", onclick: () => scanPicture(phone, { picture: picture.unique }) },
      make("img", { src: picture.url, alt: word("photo") }), make("small", {}, picture.owner))));
  const input = make("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
    const form = new FormData();
    form.append("file", input.files[0]);
    scanPicture(phone, form);
  } });
  const link = make("input", { type: "url", placeholder: "https://…", ariaLabel: word("link") });
  const open = make("button", { type: "submit" }, word("open"));
  const form = make("form", { class: "inline", onsubmit: async (event) => {
    event.preventDefault();
    if (link.value.trim()) opened(await post(phone.id, "open", { url: link.value.trim() }));
  } }, link, open);
  show(word("scan"), make("p", {}, pictures.length ? word("scanWhat") : word("scanNone")), grid,
    make("button", { type: "button", onclick: () => input.click() }, word("fromDisk")), input, form);
}

export function placeSheet(phone, places) {
  const lat = make("input", { type: "number", step: "any", required: true, min: -90, max: 90, value: places[0]?.lat ?? 29.3068 });
  const lng = make("input", { type: "number", step: "any", required: true, min: -180, max: 180, value: places[0]?.lng ?? 120.0751 });
  const choices = places.map((place) => make("button", { type: "button", onclick: () => {
    lat.value = place.lat;
    lng.value = place.lng;
  } }, icon("place"), place.label));
  const here = make("button", { type: "button", onclick: () => navigator.geolocation?.getCurrentPosition((found) => {
    lat.value = found.coords.latitude.toFixed(6);
    lng.value = found.coords.longitude.toFixed(6);
  }, () => { here.textContent = word("hereFailed"); }) }, icon("place"), word("here"));
  const form = make("form", { class: "fields", onsubmit: async (event) => {
    event.preventDefault();
    await post(phone.id, "position", { lat: Number(lat.value), lng: Number(lng.value) });
    dialog.close();
  } }, make("label", {}, word("latitude"), lat), make("label", {}, word("longitude"), lng),
  make("button", { type: "submit", class: "strong" }, word("sendAs")));
  show(word("share"), make("div", { class: "choices" }, ...choices, here), form);
}

export function fileSheet(phone, kind, file) {
  const picture = kind === "photo" ? make("img", { class: "preview", src: URL.createObjectURL(file), alt: file.name })
    : make("p", { class: "said" }, file.name);
  const caption = make("input", { type: "text", placeholder: word("caption"), ariaLabel: word("caption"), maxLength: 1024 });
  const problem = make("p", { class: "problem", hidden: true });
  const form = make("form", { class: "fields", onsubmit: async (event) => {
    event.preventDefault();
    const values = new FormData();
    values.append("file", file, file.name);
    values.append("caption", caption.value);
    try {
      await post(phone.id, kind, values);
      dialog.close();
    } catch (error) {
      problem.textContent = `${word("failed")}: ${error.message}`;
      problem.hidden = false;
    }
  } }, picture, caption, problem, make("button", { type: "submit", class: "strong" }, word("sendAs")));
  show(word(kind), form);
  caption.focus();
}
