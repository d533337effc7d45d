// The live board: asks for its changing part, and goes on by itself after a lost network.
"use strict";

const lines = document.querySelector("[data-lines]");
const trouble = document.querySelector(".trouble");
const OFTEN = 2000; // milliseconds between two looks
const SELDOM = 15000; // at most, while the server cannot be reached
const PATIENCE = 8000;
let pause = OFTEN;
let next = 0;

async function look() {
  clearTimeout(next);
  try {
    const answer = await fetch(lines.dataset.lines, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    lines.innerHTML = await answer.text();
    trouble.textContent = "";
    pause = OFTEN;
    if (lines.querySelector("[data-closed='1']")) return location.reload();
  } catch {
    trouble.textContent = trouble.dataset.lost;
    pause = Math.min(SELDOM, 2 * pause);
  }
  next = setTimeout(look, pause);
}

if (lines) {
  next = setTimeout(look, OFTEN);
  window.addEventListener("online", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
}
