// The pad: draw with mouse, pen, finger or keyboard.

import { receptiveField } from "../explain.mjs";
import { INK_SIDE, PAD_SIDE, PEN, squareCorner } from "../picture.mjs";
import { freshId, h } from "../dom.mjs";
import { paintTiles, pictureOf, plane } from "../paint.mjs";
const STEP = 1 / 28; // how far an arrow key moves the pen, in units of the pad's side

const HELP =
  "Mouse, pen or finger. With the keyboard: arrow keys move the pen, the space bar lowers and lifts it, " +
  "Backspace undoes, Delete clears.";

export function padPart(state, actions) {
  const picture = pictureOf("explorer-pad");
  const said = h("span", { class: "explorer-hidden", role: "status" });
  const help = h("span", { class: "explorer-hidden", id: freshId() }, HELP);
  const hint = h("span", { class: "explorer-hint", "aria-hidden": "true" }, "Draw a digit here");
  Object.entries({
    tabindex: 0,
    role: "application",
    "aria-label": "Pad to draw a digit on",
    "aria-describedby": help.id,
  }).forEach(([key, value]) => picture.node.setAttribute(key, value));
  picture.node.append(hint, help);
  // The pen of the keyboard; and the one pointer that draws, while which a second finger or a key
  // does nothing.
  const pen = { x: 0.5, y: 0.5, down: false, shown: false, pointer: null };
  const marks = () =>
    picture.mark(PAD_SIDE, PAD_SIDE, [...padMarks(state), ...(pen.shown ? [penMark(pen)] : [])]);
  listenToPointer(picture.node, pen, actions, marks);
  listenToKeys(picture.node, pen, actions, { marks, say: (text) => (said.textContent = text) });
  const follow = () => {
    const source = state.picked
      ? { values: state.digit, side: 28 }
      : { values: state.ink, side: PAD_SIDE };
    paintTiles(picture.canvas, plane(source.values, source.side, source.side), {
      limit: 1,
      grey: true,
    });
    hint.hidden = Boolean(state.digit);
    marks();
  };
  return { node: h("div", {}, picture.node, said), follow, paint: follow };
}

const penMark = ({ x, y, down }) => [
  "circle",
  { cx: x * PAD_SIDE, cy: y * PAD_SIDE, r: PEN / 2, class: down ? "pen down" : "pen" },
];

/** On the pad: the box that is cut out, and what the chosen activation depends on. */
function padMarks({ steps, picked, normalise, selected, digit }) {
  const marks = [];
  if (steps && normalise) {
    const { top, left, width, height } = steps.box;
    marks.push(["rect", { x: left, y: top, width, height, class: "box" }]);
  }
  if (selected && digit) {
    const scale = steps && normalise ? Math.max(steps.box.width, steps.box.height) / INK_SIDE : 10;
    const corner = steps && normalise ? squareCorner(steps) : { x: 0, y: 0, top: 0, left: 0 };
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
  return picked || digit ? marks : [];
}

function listenToPointer(node, pen, actions, marks) {
  const place = (event) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const end = (event) => {
    if (event.pointerId !== pen.pointer) return;
    pen.pointer = null;
    actions.settle();
  };
  node.addEventListener("pointerdown", (event) => {
    if (pen.pointer !== null || event.button !== 0) return;
    pen.pointer = event.pointerId;
    pen.down = pen.shown = false;
    node.setPointerCapture(event.pointerId);
    actions.begin(place(event));
    marks();
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen.pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    actions.extend((all.length ? all : [event]).map(place));
  });
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

function listenToKeys(node, pen, actions, { marks, say }) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const lift = () => {
    if (pen.down) ((pen.down = false), actions.settle());
  };
  const keys = {
    " ": () => (pen.down ? lift() : ((pen.down = true), actions.begin([pen.x, pen.y]))),
    Backspace: () => (lift(), actions.undo()),
    Delete: () => (lift(), actions.clear()),
  };
  node.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if ((!move && !keys[event.key]) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (pen.pointer !== null) return;
    pen.shown = true;
    if (move) {
      [pen.x, pen.y] = [pen.x + move[0] * STEP, pen.y + move[1] * STEP].map((v) =>
        Math.min(Math.max(v, 0), 1),
      );
      if (pen.down) actions.extend([[pen.x, pen.y]]);
    } else keys[event.key]();
    marks();
    say(
      `Pen ${pen.down ? "down" : "up"}, row ${Math.round(pen.y * 28)}, column ${Math.round(pen.x * 28)} of 28`,
    );
  });
  node.addEventListener("blur", () => (lift(), (pen.shown = false), marks()));
}
