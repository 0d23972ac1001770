/* Keeps the page live: sections come by server-sent events and are merged, so that focus, scroll and what is open stay. Without this the page works too. */
"use strict";

const $ = (id) => document.getElementById(id);
const offset = Date.parse(document.body.dataset.now) - Date.now();
const pill = $("live");
const filter = $("filter");
let source = null;
let lost = null;
let order = { by: "rank", down: true };

/* Merging: children are matched by id or data-key, else by their place. */
const keyOf = (node) => (node.nodeType === 1 ? node.id || node.dataset.key || "" : "");

function merge(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(to.cloneNode(true));
    return;
  }
  if (from.nodeType !== 1) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.hasAttribute("data-keep")) return;
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "open" && name !== "hidden") from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value && name !== "hidden" && name !== "aria-sort") from.setAttribute(name, value);
  }
  children(from, to);
}

function children(from, to) {
  const known = new Map();
  for (const child of from.childNodes) if (keyOf(child)) known.set(keyOf(child), child);
  let here = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = keyOf(wanted);
    const match = key ? known.get(key) : null;
    if (match && match.nodeName === wanted.nodeName) {
      if (match === here) here = here.nextSibling;
      else from.insertBefore(match, here);
      merge(match, wanted);
    } else if (!key && here && !keyOf(here) && here.nodeName === wanted.nodeName) {
      const next = here.nextSibling;
      merge(here, wanted);
      here = next;
    } else {
      from.insertBefore(wanted.cloneNode(true), here);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function place(id, html) {
  const section = $(id);
  if (!section) return;
  const active = document.activeElement;
  const fresh = document.createElement(section.nodeName);
  fresh.innerHTML = html;
  children(section, fresh);
  if (active && active !== document.activeElement && active.isConnected) active.focus({ preventScroll: true });
  dress(id);
}

/* What scripts add to a section after it was merged. */
function dress(id) {
  if (id === "events") announce();
  if (id === "sites") { headings(); sort(); sift(); }
  if (id === "devices") for (const one of document.querySelectorAll("[data-copy]")) one.hidden = false;
  if (id === "headline") document.title = document.querySelector("[data-title]").dataset.title;
  ages();
}

let newest = null;
function announce() {
  const rows = [...document.querySelectorAll("[data-event]")];
  const last = rows.reduce((most, row) => Math.max(most, Number(row.dataset.event)), 0);
  if (newest !== null && last > newest) {
    const came = rows.filter((row) => Number(row.dataset.event) > newest);
    for (const row of came) row.classList.add("came");
    $("announce").textContent = came.map((row) => row.querySelector(".kind").textContent + ": " + row.querySelector(".sentence").textContent).join(" ");
  }
  newest = Math.max(newest || 0, last);
}

function ages() {
  for (const one of document.querySelectorAll(".age")) {
    const s = Math.max(0, Math.round((Date.now() + offset - Date.parse(one.dataset.at)) / 1000));
    one.textContent = s < 90 ? s + " s ago" : s < 5400 ? Math.round(s / 60) + " min ago" : Math.round(s / 3600) + " h ago";
  }
}

/* Live */
const clock = (date) => date.toISOString().slice(11, 16) + " UTC";

function say(text, look) {
  if (pill.textContent !== text) pill.textContent = text;
  pill.className = "pill " + look;
}

function listen() {
  if (source) source.close();
  source = new EventSource("/live" + location.search);
  source.onopen = () => { lost = null; say("live", "on"); };
  source.addEventListener("section", (event) => {
    const { id, html } = JSON.parse(event.data);
    place(id, html);
  });
  source.onerror = () => {
    lost = lost || new Date(Date.now() + offset);
    say("connection lost, trying again since " + clock(lost), "off");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-choose]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    listen();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
});
addEventListener("popstate", listen);

async function copyText(button) {
  const area = $(button.dataset.copy);
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected: press Ctrl+C";
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.action.includes("/demo/")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const said = $("stage-said");
  button.disabled = true;
  said.textContent = "Asked; just after the start this waits until the agents have seen every way clean twice.";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } });
    said.textContent = (await answer.json()).sentence;
  } catch {
    said.textContent = "The centre does not answer; is it still running?";
  }
  button.disabled = false;
});

/* Sorting and filtering */
function headings() {
  for (const head of document.querySelectorAll("th[data-sort]")) {
    if (!head.querySelector("button")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const by = head.dataset.sort;
        order = { by, down: order.by === by ? !order.down : !["site", "egress", "job"].includes(by) };
        sort();
      });
    }
    if (head.dataset.sort === order.by) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

function sort() {
  const body = document.querySelector("#sites tbody");
  if (!body) return;
  headings();
  const text = ["site", "egress", "job"].includes(order.by);
  const rows = [...body.rows];
  const worst = order.by === "rank" && order.down;
  const compared = (a, b) => {
    if (worst) return a.dataset.order - b.dataset.order;
    const one = a.dataset[order.by], two = b.dataset[order.by];
    return (text ? one.localeCompare(two) : one - two) * (order.down ? -1 : 1);
  };
  const sorted = rows.slice().sort(compared);
  if (sorted.some((row, index) => row !== rows[index])) body.append(...sorted);
}

function sift() {
  const wanted = filter.value.trim().toLowerCase();
  const rows = [...document.querySelectorAll("#sites tbody tr")];
  for (const row of rows) row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
  const left = rows.filter((row) => !row.hidden).length;
  const said = $("filtered");
  if (said) said.textContent = wanted ? `The filter shows ${left} of ${rows.length}.` : "";
}

/* Keys */
function step(by) {
  const links = [...document.querySelectorAll("#sites tbody tr:not([hidden]) th a")];
  const now = links.indexOf(document.activeElement);
  const next = now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + by));
  if (links[next]) links[next].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.nodeName);
  if (event.key === "Escape" && event.target === filter) { filter.value = ""; sift(); filter.blur(); }
  if (event.key === "Enter" && event.target === filter) { event.preventDefault(); step(1); }
  if (typing || $("help").open) return;
  if (event.key === "/") { event.preventDefault(); filter.focus(); filter.select(); }
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
  if (event.key === "?") $("help").showModal();
});
filter.addEventListener("input", sift);
filter.closest("label").hidden = false;
$("help-open").hidden = false;
$("help-open").addEventListener("click", () => $("help").showModal());

for (const section of document.querySelectorAll("[data-live]")) dress(section.id);
setInterval(ages, 1000);
listen();
