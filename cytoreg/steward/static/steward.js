// Keys for lists, and nothing that the pages need: without it every page works by links and forms.
"use strict";

const typing = (element) =>
  element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);

const rows = () => [...document.querySelectorAll("[data-keys] tbody tr")];

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement?.closest("tr"));
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step;
  const row = all[Math.max(0, Math.min(all.length - 1, next))];
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function follow(what) {
  const row = document.activeElement?.closest("[data-keys] tbody tr");
  row?.querySelector(`[data-key="${what}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const search = document.querySelector('[data-key="search"]');
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "r") follow("record");
  else if (event.key === "Enter" && event.target.tagName === "TR") follow("open");
  else if (event.key === "x") document.activeElement?.closest("tr")?.querySelector("[name=finding]")?.click();
  else if (event.key === "a") document.querySelector('[data-key="decide"]')?.focus();
  else if (event.key === "/" && search) {
    search.focus();
    search.select();
  } else if (event.key === "?") document.querySelector(".keys")?.scrollIntoView();
  else return;
  event.preventDefault();
});

// On a wide screen filters are open; a phone shows the list first.
if (matchMedia("(min-width: 62rem)").matches)
  for (const one of document.querySelectorAll("[data-open-wide]")) one.open = true;
