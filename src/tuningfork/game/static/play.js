// What scripts add to pages that work without them: keys, a moving zoom, the clock, copying.
"use strict";

const find = (selector) => document.querySelector(selector);
const picture = find(".eyepiece");
const zoom = find("#zoom");
const guide = find("#guide");

function press(element) {
  if (element) element.click();
  return Boolean(element);
}

function nextHeat() {
  const choices = [...document.querySelectorAll("input[name=heat]")];
  if (!choices.length) return false;
  const now = choices.findIndex((choice) => choice.checked);
  return press(choices[(now + 1) % choices.length]);
}

function showGuide() {
  if (guide && guide.togglePopover) guide.togglePopover();
  return Boolean(guide);
}

// Zoom follows the pointer, a finger, or the arrow keys.
const middle = { x: 50, y: 50 };
function look(x, y) {
  middle.x = Math.min(100, Math.max(0, x));
  middle.y = Math.min(100, Math.max(0, y));
  picture.style.setProperty("--x", `${middle.x}%`);
  picture.style.setProperty("--y", `${middle.y}%`);
  return true;
}
if (picture && zoom) {
  picture.addEventListener("pointermove", (event) => {
    const place = picture.getBoundingClientRect();
    look((100 * (event.clientX - place.left)) / place.width, (100 * (event.clientY - place.top)) / place.height);
  });
  picture.addEventListener("click", () => press(zoom));
  zoom.addEventListener("change", () => zoom.checked || look(50, 50));
}
const steps = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
function move(key) {
  if (!zoom || !zoom.checked || !steps[key]) return false;
  return look(middle.x + steps[key][0], middle.y + steps[key][1]);
}

const keys = {
  z: () => press(zoom),
  i: () => press(find("#invert")),
  g: showGuide,
  h: nextHeat,
  n: () => press(find("#onward")),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("textarea, input[type=text], input[type=file]")) return;
  const key = event.key.toLowerCase();
  const choice = /^[1-4]$/.test(key) && document.querySelectorAll(".four button")[key - 1];
  const open = guide && guide.matches(":popover-open");
  const onRadio = event.target.matches("input[type=radio]");
  if ((choice && !open && press(choice)) || (keys[key] && keys[key]()) || (!onRadio && move(event.key))) {
    event.preventDefault();
  }
});

// Against the clock.
const clock = find(".clock");
if (clock) {
  const end = performance.now() + 1000 * Number(clock.dataset.left);
  const words = clock.textContent;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = words.replace(/\d+/, left);
    if (left > 0) return;
    clearInterval(ticking);
    setTimeout(() => location.replace(clock.dataset.end), 500);
  };
  const ticking = setInterval(tick, 250);
}

const copy = find("#copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(find("#share-text").value);
    copy.textContent = copy.dataset.done;
  });
}
