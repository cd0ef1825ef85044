// Asks for `status` every two seconds while the page is visible, and shows it. Whatever comes from
// the program is put in as text, never as markup. All addresses are relative: behind Home
// Assistant's ingress the page lives below a path of its own.
import { age, moment, number } from "./format.js";
import { texts } from "./texts.js";

const interval = 2000;
const patience = 5000;
const lowBattery = 15;
const badWords = new Set(["disconnected", "detached", "missing"]);

let language = navigator.language.startsWith("de") ? "de" : "en";
let t = texts[language];
let last = null; // the newest answer
let lastAt = 0;
let misses = 0; // questions in a row without an answer
let timer = 0;

const byId = (id) => document.getElementById(id);

// What is as it was stays untouched: a selection survives, and a screen reader is not disturbed.
function put(node, text, level) {
  if (node.textContent !== text) node.textContent = text;
  if (level !== undefined && node.dataset.level !== level) node.dataset.level = level;
}

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// Makes parent's children those of `items`, and keeps the nodes of those that were there.
function sync(parent, items, keyOf, create, update) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const node = known.get(key) ?? create(item);
    known.delete(key);
    node.dataset.key = key;
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
  for (const node of known.values()) node.remove();
}

function makeCard() {
  const head = make("div", "head", make("h3"), make("span", "badge"));
  return make("article", "card", head, make("p", "big"), make("p", "note"), make("table", "", make("tbody")));
}

function showCard(card, { title, badge, level, big, note, rows }) {
  put(card.querySelector("h3"), title);
  put(card.querySelector(".badge"), badge, level);
  put(card.querySelector(".big"), big ?? "");
  put(card.querySelector(".note"), note ?? "");
  sync(card.querySelector("tbody"), rows, (row) => row.key, makeRow, showRow);
}

function makeRow() {
  const name = make("th");
  name.scope = "row";
  return make("tr", "", name, make("td", "", make("span"), make("span", "age")));
}

function showRow(node, { label, text, level, note, old }) {
  put(node.querySelector("th"), label);
  put(node.querySelector("td > span"), text);
  put(node.querySelector(".age"), note ?? "");
  node.classList.toggle("old", Boolean(old));
  const cell = node.querySelector("td");
  if (level) cell.dataset.level = level;
  else delete cell.dataset.level;
}

const timeRow = (key, label, time, now) =>
  ({ key, label, text: time ? age(time, now, language) : t.never, note: time ? moment(time, language) : "" });

function linkCard(title, link, state, now) {
  const rows = [];
  if (link.since) rows.push(timeRow("since", t.since, link.since, now));
  if (link.transport && link.up) rows.push({ key: "transport", label: t.transport, text: link.transport });
  if (link.reason && !link.up) rows.push({ key: "reason", label: t.reasonLabel, text: link.reason });
  return { title, badge: state, level: link.up ? "good" : "bad", rows };
}

function showConnections(status) {
  const { api, broker, time } = status;
  const cards = [
    ["api", linkCard(t.apiName, api, t.api[api.state] ?? api.state, time)],
    ["broker", linkCard(t.brokerName, broker, broker.up ? t.connected : t.notConnected, time)],
  ];
  sync(byId("connections"), cards, ([key]) => key, makeCard, (card, [, content]) => showCard(card, content));
}

const withUnit = (value) => `${number(value.value, language)} ${value.unit}`.trim();

function showMeter(card, meter, now) {
  const power = meter.values.find((value) => value.key === "power" && value.fresh);
  const rows = [timeRow("last", t.lastReading, meter.last_reading, now)];
  for (const value of meter.values) {
    const note = value.fresh ? "" : `${t.notCurrent}, ${age(value.time, now, language)}`;
    rows.push({ key: value.key, label: value.label, text: withUnit(value), note, old: !value.fresh });
  }
  const well = meter.reason === "ok";
  const online = meter.availability === "online";
  showCard(card, {
    title: meter.name,
    badge: online ? (well ? t.online : t.partly) : t.offline,
    level: online ? (well ? "good" : "warn") : "bad",
    big: power ? withUnit(power) : "",
    note: well ? "" : t.reason[meter.reason] ?? meter.reason,
    rows,
  });
}

function fieldLevel(field) {
  if (badWords.has(field.text)) return "bad";
  return field.key === "core_battery" && field.text !== null && Number(field.text) < lowBattery ? "warn" : "";
}

function showDevice(card, device, now) {
  const rows = device.fields.map((field) => ({
    key: field.key,
    label: field.label,
    text: field.text === null ? "\u2013" : `${t.word[field.text] ?? number(field.text, language)} ${field.unit}`.trim(),
    level: fieldLevel(field),
    old: device.availability !== "online",
  }));
  rows.push(timeRow("seen", t.seen, device.seen, now));
  const online = device.availability === "online";
  showCard(card, { title: device.name, badge: online ? t.known : t.unknown, level: online ? "good" : "warn", rows });
}

// What matters most, in one sentence, with what to do about it.
function verdict({ api, broker, problem, meters, devices }) {
  if (!broker.up) return ["bad", t.brokerDown, t.brokerAdvice, broker.reason];
  if (problem === "auth_failed" || problem === "upstream_down")
    return ["bad", t.problem[problem], t.problemAdvice[problem], api.reason];
  if (!api.up) return ["warn", t.connecting, t.connectingAdvice, api.reason];
  if (problem !== "ok") return ["warn", t.problem[problem] ?? problem, t.problemAdvice[problem] ?? ""];
  if (meters.length === 0) return ["warn", t.noMeterYet, t.noMeterAdvice];
  const offline = meters.filter((meter) => meter.availability !== "online").length;
  if (offline > 0) return ["warn", t.metersOffline(offline), t.metersAdvice];
  const partly = meters.filter((meter) => meter.reason !== "ok").length;
  if (partly > 0) return ["warn", t.metersPartly(partly), t.metersAdvice];
  const troubled = devices.filter((device) => device.fields.some(fieldLevel)).length;
  return troubled > 0 ? ["warn", t.devicesTroubled(troubled), t.devicesAdvice] : ["good", t.good, t.goodAdvice];
}

function showOverall([level, headline, advice, detail]) {
  byId("overall").dataset.level = level;
  put(byId("headline"), headline);
  put(byId("advice"), advice);
  put(byId("detail"), detail ?? "");
}

function speak(wanted) {
  if (texts[wanted] && wanted !== language) t = texts[(language = wanted)];
  document.documentElement.lang = language;
  for (const part of ["connections", "meters", "devices"]) put(byId(`${part}-title`), t[part]);
}

function showList(name, items, count, none, update) {
  sync(byId(name), items, (item) => item.slug, makeCard, update);
  const note = items.length === 0 ? none : count > items.length ? t.more(items.length, count) : "";
  put(byId(`more-${name}`), note);
}

function show(status) {
  speak(status.language);
  put(byId("version"), `${t.version} ${status.version}`);
  showOverall(verdict(status));
  showConnections(status);
  showList("meters", status.meters, status.meter_count, t.noMeters, (card, one) => showMeter(card, one, status.time));
  showList("devices", status.devices, status.device_count, t.noDevices, (card, one) => showDevice(card, one, status.time));
  byId("data").hidden = false;
  document.body.classList.remove("gone");
}

function showGone() {
  speak(language);
  const since = last ? t.lastAnswer(age(new Date(lastAt), new Date(), language)) : "";
  showOverall(["bad", t.gone, t.goneAdvice, since]);
  document.body.classList.add("gone");
}

async function update() {
  try {
    const response = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(patience) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    last = await response.json();
    lastAt = Date.now();
    misses = 0;
    show(last);
  } catch (error) {
    console.warn("no status:", error);
    misses += 1;
    // One answer that is late is no news.
    if (misses > 1 || !last) showGone();
  }
}

async function run() {
  clearTimeout(timer);
  timer = 0;
  if (document.visibilityState !== "visible") return;
  await update();
  clearTimeout(timer);
  timer = setTimeout(run, interval);
}

document.addEventListener("visibilitychange", run);
run();
