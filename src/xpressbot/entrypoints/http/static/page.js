// Conveniences only: every flow works without this file.
"use strict";

const pageLanguage = document.documentElement.lang;
// The reader's own variant of the page's language: en-GB and en-US write dates differently.
const isVariant = (tag) => tag === pageLanguage || tag.startsWith(`${pageLanguage}-`);
const locale = navigator.languages.find(isVariant) ?? pageLanguage;

for (const element of document.querySelectorAll("[data-needs-js]")) element.hidden = false;

const day = { dateStyle: "medium" };
const minute = { timeStyle: "short" };

// Days are the reader's own; the server could only head events by those of UTC.
const days = document.querySelectorAll("[data-day]");
if (days.length) {
  const dates = new Intl.DateTimeFormat(locale, day);
  const made = [];
  for (const item of [...days].flatMap((one) => [...one.querySelectorAll("li")])) {
    const time = item.querySelector("time");
    const date = dates.format(new Date(time.dateTime));
    if (made.at(-1)?.querySelector("h2 time").textContent !== date) {
      const begun = days[0].cloneNode(true);
      const heading = begun.querySelector("h2 time");
      heading.dateTime = time.dateTime;
      heading.textContent = date;
      begun.querySelector("ul").replaceChildren();
      made.push(begun);
    }
    made.at(-1).querySelector("ul").append(item);
  }
  days[0].before(...made);
  for (const one of days) one.remove();
}

for (const time of document.querySelectorAll("time[data-moment], time[data-clock]")) {
  const format = time.hasAttribute("data-clock") ? minute : { ...day, ...minute };
  time.title = time.textContent;
  time.textContent = new Intl.DateTimeFormat(locale, format).format(new Date(time.dateTime));
}
for (const time of document.querySelectorAll("time[data-today]")) {
  time.textContent = new Intl.DateTimeFormat(locale, day).format(new Date());
}

async function copy(text) {
  // Browsers offer the clipboard to encrypted and loopback pages only.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser refused to copy");
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const status = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    status.textContent = "";
    try {
      await copy(button.dataset.copy);
      status.textContent = status.dataset.copied;
    } catch {
      status.textContent = status.dataset.failed;
    }
    button.focus();
  });
}

for (const button of document.querySelectorAll("[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.addEventListener("click", () => show(input.type === "password"));
  // Hidden again before it is sent: browsers keep what was typed into fields of text, and offer it later.
  input.form.addEventListener("submit", () => show(false));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// The other half of a double click would make the browser drop the answer to the first, and the session that comes with it.
const doubleClick = 2000;

for (const form of document.querySelectorAll("form")) {
  let sentAt = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sentAt < doubleClick) event.preventDefault();
    else sentAt = event.timeStamp;
  });
}

function spellOut(seconds) {
  const unit = (number, name) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long" }).format(number);
  if (seconds < 60) return unit(seconds, "second");
  const parts = [unit(Math.floor(seconds / 60), "minute")];
  if (seconds % 60) parts.push(unit(seconds % 60, "second"));
  return new Intl.ListFormat(locale, { type: "unit", style: "narrow" }).format(parts);
}

for (const countdown of document.querySelectorAll("[data-countdown]")) {
  const [seen, heard] = countdown.children;
  const button = countdown.closest("form")?.querySelector("[type=submit]");
  const end = Date.now() + Number(countdown.dataset.countdown) * 1000;
  let announced = Infinity;

  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const text = left ? countdown.dataset.waiting.replace("{time}", spellOut(left)) : countdown.dataset.over;
    seen.textContent = text;
    if (announced - left >= 30 || !left) {
      announced = left;
      heard.textContent = text;
    }
    if (button) button.disabled = left > 0;
    if (!left) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  countdown.hidden = false;
  tick();
}

for (const input of document.querySelectorAll("[data-min-length]")) {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.setAttribute("role", "status");
  (input.closest(".with-show") ?? input).after(hint);
  // One sentence for each number of missing characters: plural forms are the server's business.
  const sentences = JSON.parse(input.dataset.missing);
  input.addEventListener("input", () => {
    // Code points, as the server counts them; `length` counts some characters twice.
    const missing = Number(input.dataset.minLength) - [...input.value.normalize("NFC")].length;
    if (!input.value) hint.textContent = "";
    else if (missing <= 0) hint.textContent = input.dataset.enough;
    else hint.textContent = sentences[missing - 1];
  });
}

for (const stay of document.querySelectorAll("[data-seconds-left]")) {
  const end = Date.now() + Number(stay.dataset.secondsLeft) * 1000;
  const warning = end - Number(stay.dataset.warnedBefore) * 1000;
  const show = (part, shown) => {
    for (const element of stay.querySelectorAll(`[data-${part}]`)) element.hidden = !shown;
  };
  // Timers stand still while a device sleeps; the clock does not.
  const look = () => {
    stay.hidden = Date.now() < warning;
    if (Date.now() < end) return;
    show("before", false);
    show("after", true);
    clearInterval(timer);
  };
  const timer = setInterval(look, 1000);
  look();
}

for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
