// The pad: draw with mouse, pen, finger or keyboard.

import { freshId, h } from "../dom.mjs";
import { receptiveField } from "../explain.mjs";
import { pictureOf, plane } from "../paint.mjs";
import { INK_SIDE, PAD_SIDE, PEN, squareCorner } from "../picture.mjs";

const STEP = 1 / 28; // how far an arrow key moves the pen, in units of the pad's side
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HELP =
  "Mouse, pen or finger. With the keyboard: arrow keys move the pen, the space bar lowers and lifts it, " +
  "Backspace undoes, Delete clears.";

export function padPart(store) {
  const picture = pictureOf("explorer-pad");
  const status = h("span", { class: "explorer-hidden", role: "status" });
  const help = h("span", { class: "explorer-hidden", id: freshId() }, HELP);
  const hint = h("span", { class: "explorer-hint", "aria-hidden": "true" }, "Draw a digit here");
  Object.entries({
    tabindex: 0,
    role: "application",
    "aria-label": "Pad to draw a digit on",
    "aria-describedby": help.id,
  }).forEach(([key, value]) => picture.node.setAttribute(key, value));
  picture.node.append(hint, help);
  // The keyboard's pen, and the one pointer that draws: until it is lifted, a second finger or a key
  // does nothing.
  const pen = { x: 0.5, y: 0.5, down: false, shown: false, pointer: null };
  const mark = () =>
    picture.mark(PAD_SIDE, PAD_SIDE, [
      ...padMarks(store.scene()),
      ...(pen.shown ? [penMark(pen)] : []),
    ]);
  listenToPointer(picture.node, pen, store.dispatch, mark);
  listenToKeys(picture.node, pen, store.dispatch, (text) => {
    mark();
    if (text) status.textContent = text;
  });
  const paint = ({ picked, digit, ink }) => {
    const [values, side] = picked === null ? [ink, PAD_SIDE] : [digit, 28];
    picture.paint(plane(values, side, side), { limit: 1, grey: true });
    hint.hidden = Boolean(digit) && picked === null;
    hint.textContent = digit ? "Draw your own digit here" : "Draw a digit here";
    hint.classList.toggle("over", Boolean(digit));
    mark();
  };
  const node = h("div", { class: "explorer-place" }, picture.node, status);
  return { node, follow: paint, paint };
}

const penMark = ({ x, y, down }) => [
  "circle",
  { cx: x * PAD_SIDE, cy: y * PAD_SIDE, r: PEN / 2, class: down ? "pen down" : "pen" },
];

/** On the pad: the box that is cut out, and what the chosen activation depends on. */
function padMarks({ steps, normalise, selected, digit }) {
  const marks = [];
  const box = steps && normalise ? steps.box : null;
  if (box)
    marks.push([
      "rect",
      { x: box.left, y: box.top, width: box.width, height: box.height, class: "box" },
    ]);
  if (selected && digit) {
    const scale = box ? Math.max(box.width, box.height) / INK_SIDE : PAD_SIDE / 28;
    const corner = box ? squareCorner(steps) : { x: 0, y: 0, top: 0, left: 0 };
    const { top, left, bottom, right } = receptiveField(selected.name, selected.at);
    marks.push([
      "rect",
      {
        x: corner.x + (left - corner.left) * scale,
        y: corner.y + (top - corner.top) * scale,
        width: (right - left + 1) * scale,
        height: (bottom - top + 1) * scale,
        class: "field",
      },
    ]);
  }
  return marks;
}

function listenToPointer(node, pen, dispatch, mark) {
  const place = (event) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const end = (event) => {
    if (event.pointerId !== pen.pointer) return;
    pen.pointer = null;
    dispatch({ type: "end" });
  };
  node.addEventListener("pointerdown", (event) => {
    if (pen.pointer !== null || event.button !== 0) return;
    pen.pointer = event.pointerId;
    pen.down = pen.shown = false;
    node.setPointerCapture(event.pointerId);
    dispatch({ type: "begin", point: place(event) });
    mark();
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen.pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    dispatch({ type: "extend", points: (all.length ? all : [event]).map(place) });
  });
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

function listenToKeys(node, pen, dispatch, report) {
  const lift = () => {
    if (!pen.down) return;
    pen.down = false;
    dispatch({ type: "end" });
  };
  const lower = () => {
    pen.down = true;
    dispatch({ type: "begin", point: [pen.x, pen.y] });
  };
  const lifted = (type) => {
    lift();
    dispatch({ type });
  };
  const keys = {
    " ": () => (pen.down ? lift() : lower()),
    Backspace: () => lifted("undo"),
    Delete: () => lifted("clear"),
  };
  node.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if ((!move && !keys[event.key]) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (pen.pointer !== null) return;
    pen.shown = true;
    if (move) movePen(pen, move, dispatch);
    else keys[event.key]();
    const [row, column] = [pen.y, pen.x].map((part) => Math.round(part * 28));
    report(`Pen ${pen.down ? "down" : "up"}, row ${row}, column ${column} of 28`);
  });
  node.addEventListener("blur", () => {
    lift();
    pen.shown = false;
    report();
  });
}

function movePen(pen, [across, down], dispatch) {
  const inside = (value) => Math.min(Math.max(value, 0), 1);
  [pen.x, pen.y] = [inside(pen.x + across * STEP), inside(pen.y + down * STEP)];
  if (pen.down) dispatch({ type: "extend", points: [[pen.x, pen.y]] });
}
