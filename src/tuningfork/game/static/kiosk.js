// A touch screen in public: an idle game starts again, and nothing leads out of the page.
"use strict";

const question = document.querySelector(".idle");
const atStart = location.pathname === "/";
const OFTEN = 5000; // milliseconds between two tries while the server cannot be reached
let waiting = 0;

async function again() {
  try {
    const answer = await fetch(question.dataset.health, { cache: "no-store" });
    if (answer.ok) return location.replace(question.dataset.again);
  } catch {
    // The page stays until the server is back: a browser's own error page has no way on.
  }
  waiting = setTimeout(again, OFTEN);
}

function ask() {
  if (!question.open) question.showModal();
  waiting = setTimeout(again, 1000 * question.dataset.warning);
}

function rest() {
  clearTimeout(waiting);
  if (question.open) question.close();
  // The first page has nothing to forget; it is fetched anew now and then, so that it is current.
  waiting = atStart ? setTimeout(again, 600000) : setTimeout(ask, 1000 * question.dataset.idle);
}

for (const kind of ["pointerdown", "keydown", "wheel"]) {
  document.addEventListener(kind, rest, { passive: true });
}
for (const kind of ["contextmenu", "dragstart", "drop", "dragover"]) {
  document.addEventListener(kind, (event) => event.preventDefault());
}
document.addEventListener("keydown", (event) => {
  const leads = event.ctrlKey || event.metaKey || event.altKey || /^F\d+$/.test(event.key);
  if (leads) event.preventDefault();
}, { capture: true });
// Back leads into an earlier visitor's round.
history.pushState(null, "");
window.addEventListener("popstate", () => history.pushState(null, ""));
// A page out of the browser's store belongs to whoever played before.
window.addEventListener("pageshow", (event) => event.persisted && location.replace("/"));
rest();
