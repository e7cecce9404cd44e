// Conveniences only: the chat works without this file.
"use strict";

const pageLanguage = document.documentElement.lang;
// The reader's own variant of the page's language: en-GB and en-US write dates differently.
const isVariant = (tag) => tag === pageLanguage || tag.startsWith(`${pageLanguage}-`);
const locale = navigator.languages.find(isVariant) ?? pageLanguage;

for (const time of document.querySelectorAll("time[data-moment], time[data-clock]")) {
  const at = new Date(time.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  const format = { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) };
  time.title = time.textContent;
  time.textContent = new Intl.DateTimeFormat(locale, format).format(at);
}

// Enter sends and Shift+Enter begins a line, where there is a keyboard to press both; a phone's Enter begins a line.
const text = document.getElementById("text");
const hasKeyboard = matchMedia("(hover: hover) and (pointer: fine)").matches;
if (text && hasKeyboard) {
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (text.value.trim()) text.form.requestSubmit();
  });
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
