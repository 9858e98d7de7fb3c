// Curves with axes, and the value under the pointer or under the arrow keys.

import { grouped, h } from "../dom.mjs";
import { svgElement } from "../paint.mjs";

const HEIGHT = 170;
const MOST = 1024; // places of a curve that are told apart: more than most charts have pixels across
const EDGE = { left: 50, right: 10, top: 8, bottom: 34 };

/**
 * A chart. title, key, across, up: what stands above it, below it and at its axes; read: a function
 * from a place on the horizontal axis to words. Returns { node, paint(scene) }; scene: { lines: [{ kind,
 * length, x, y, top }], from, to, latest, low, high, ticks: [{ at, text }], logarithmic, marks }; top: the
 * upper end, where a point of a line is a range that begins at y.
 */
export function chartOf({ title, key = "", across, up, read }) {
  const svg = svgElement("svg", { "aria-hidden": "true" });
  const value = h("output", { class: "explorer-read", "aria-live": "off" });
  const box = h(
    "div",
    {
      class: "explorer-chart",
      tabindex: 0,
      role: "slider",
      "aria-label": title,
      "aria-orientation": "horizontal",
    },
    svg,
  );
  const chart = { svg, box, value, across, up, read, scene: null, place: null };
  listen(chart);
  const head = h("p", { class: "explorer-chart-title" }, h("b", {}, title), value);
  const node = h("div", { class: "explorer-plot" }, head, box, h("p", {}, key));
  return {
    node,
    paint(scene) {
      chart.scene = { ...scene, width: Math.max(box.clientWidth, 200) };
      if (chart.place > scene.to) chart.place = null; // it was chosen in a longer run, which is over
      draw(chart);
    },
  };
}

/** The pointer and the arrow keys choose a place; Escape, or leaving, goes back to the latest value. */
function listen(chart) {
  const { box } = chart;
  const choose = (place) => {
    if (!chart.scene) return;
    const { from, to } = chart.scene;
    chart.place = place === null ? null : Math.min(Math.max(Math.round(place), from), to);
    draw(chart);
    tellValue(chart);
  };
  box.addEventListener("pointermove", (event) => {
    if (!chart.scene) return;
    const { from, to, width } = chart.scene;
    const x = event.clientX - box.getBoundingClientRect().left;
    const share = (x - EDGE.left) / (width - EDGE.left - EDGE.right);
    choose(from + share * (to - from));
  });
  box.addEventListener("pointerleave", () => choose(null));
  box.addEventListener("blur", () => choose(null));
  box.addEventListener("keydown", (event) => {
    if (!chart.scene) return;
    const { from, to, latest } = chart.scene;
    const here = chart.place ?? latest;
    const jump = Math.max(1, Math.round((to - from) / 10));
    const moves = {
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageDown: here - jump,
      PageUp: here + jump,
      Home: from,
      End: to,
      Escape: null,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    choose(moves[event.key]);
  });
}

function draw(chart) {
  const { svg, box, value, scene, read } = chart;
  const place = scaleOf(scene);
  svg.setAttribute("viewBox", `0 0 ${scene.width} ${HEIGHT}`);
  svg.replaceChildren(
    ...axes(chart, place),
    ...scene.lines.flatMap((line) => curve(line, scene, place)),
    ...(chart.place === null ? [] : [guide(chart.place, place)]),
  );
  value.textContent = read(chart.place ?? scene.latest);
  // A screen reader says each change of what has the focus: there only the reader changes it.
  if (!box.matches(":focus")) tellValue(chart);
}

/** What a screen reader is told of the value. */
function tellValue({ box, value, scene, place }) {
  const { from, to, latest } = scene;
  box.setAttribute("aria-valuemin", from);
  box.setAttribute("aria-valuemax", to);
  box.setAttribute("aria-valuenow", Math.max(place ?? latest, from)); // before the first, there is none
  box.setAttribute("aria-valuetext", value.textContent);
}

/** From values to places: { x, y }. */
function scaleOf({ from, to, low, high, logarithmic, width }) {
  const [right, bottom] = [width - EDGE.right, HEIGHT - EDGE.bottom];
  const bend = logarithmic ? (value) => Math.log(Math.max(value, low)) : (value) => value;
  const share = (value) => (bend(value) - bend(low)) / (bend(high) - bend(low));
  const clip = (part) => Math.min(Math.max(part, 0), 1);
  return {
    x: (value) => EDGE.left + ((value - from) / Math.max(to - from, 1)) * (right - EDGE.left),
    y: (value) => bottom - clip(share(value)) * (bottom - EDGE.top),
  };
}

function axes({ scene, across, up }, { x, y }) {
  const { from, to, ticks, marks = [], width } = scene;
  const label = (text, attributes) => {
    const node = svgElement("text", attributes);
    node.append(text);
    return node;
  };
  const right = width - EDGE.right;
  const line = (at, kind) =>
    svgElement("path", { d: `M${EDGE.left} ${y(at).toFixed(1)}H${right}`, class: kind });
  const places = to - from > 1 ? [from, Math.round((from + to) / 2), to] : [from, to];
  const foot = HEIGHT - EDGE.bottom;
  return [
    ...ticks.map(({ at }) => line(at, "grid")),
    ...marks.map(({ at }) => line(at, "mark")),
    ...ticks.map(({ at, text }) =>
      label(text, { x: EDGE.left - 6, y: (y(at) + 4).toFixed(1), "text-anchor": "end" }),
    ),
    ...marks.map(({ at, text }) =>
      label(text, { x: right, y: (y(at) - 4).toFixed(1), "text-anchor": "end" }),
    ),
    ...places.map((at) => {
      const anchor = { [from]: "start", [to]: "end" }[at] ?? "middle";
      return label(grouped(at), { x: x(at), y: foot + 14, "text-anchor": anchor });
    }),
    label(across, { x: (EDGE.left + right) / 2, y: HEIGHT - 4, "text-anchor": "middle" }),
    label(up, {
      transform: `translate(11 ${(EDGE.top + foot) / 2}) rotate(-90)`,
      "text-anchor": "middle",
    }),
  ];
}

/**
 * The lowest and the highest of every few values of a series that grows: never more than MOST pairs, so
 * that a curve costs the same however long it is. `follow` looks only at what is new.
 */
export function outlineOf(series) {
  const outline = { lows: [], highs: [], stride: 1, seen: 0, low: Infinity, high: -Infinity };
  return Object.assign(outline, {
    follow() {
      for (; outline.seen < series.length; outline.seen += 1) add(outline, series.at(outline.seen));
    },
    /** As a line of a chart on which the first value is at 1. */
    line: (kind) => ({
      kind,
      length: outline.lows.length,
      x: (i) => i * outline.stride + 1,
      y: (i) => outline.lows[i],
      top: (i) => outline.highs[i],
    }),
  });
}

function add(outline, value) {
  if (outline.seen === outline.stride * MOST) halve(outline);
  const { lows, highs, stride, seen } = outline;
  const place = Math.floor(seen / stride);
  lows[place] = Math.min(lows[place] ?? Infinity, value);
  highs[place] = Math.max(highs[place] ?? -Infinity, value);
  outline.low = Math.min(outline.low, value);
  outline.high = Math.max(outline.high, value);
}

/** Two neighbours become one. */
function halve(outline) {
  const pairs = (values, choose) =>
    Array.from({ length: MOST / 2 }, (_, i) => choose(values[2 * i], values[2 * i + 1]));
  outline.lows = pairs(outline.lows, Math.min);
  outline.highs = pairs(outline.highs, Math.max);
  outline.stride *= 2;
}

/** A line through its points; where more than one falls on a pixel, from the lowest to the highest. */
function curve({ kind, length, x: xOf, y: yOf, top = yOf }, { width }, { x, y }) {
  const parts = [];
  const stride = Math.max(1, Math.floor(length / width));
  for (let start = 0; start < length; start += stride) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = start; i < Math.min(start + stride, length); i++) {
      low = Math.min(low, yOf(i));
      high = Math.max(high, top(i));
    }
    const at = x(xOf(start)).toFixed(1);
    parts.push(`${at} ${y(low).toFixed(1)}`);
    if (high > low) parts.push(`${at} ${y(high).toFixed(1)}`);
  }
  if (!parts.length) return [];
  const path = svgElement("path", { d: `M${parts.join("L")}`, class: kind });
  if (length > 60 || kind !== "dotted") return [path];
  const dots = Array.from({ length }, (_, i) =>
    svgElement("circle", { cx: x(xOf(i)), cy: y(yOf(i)), r: 2.5, class: kind }),
  );
  return [path, ...dots];
}

function guide(at, { x }) {
  const place = x(at).toFixed(1);
  return svgElement("path", { d: `M${place} ${EDGE.top}V${HEIGHT - EDGE.bottom}`, class: "guide" });
}

/** Round numbers from low to high on a logarithmic axis, with their texts: 1, 2, 5, 10, … or 1, 10, … */
export function decades(low, high) {
  const span = Math.log10(high / low);
  const [steps, stride] = [span < 2.5 ? [1, 2, 5] : [1], span > 5 ? 2 : 1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low) + 1e-9); 10 ** power <= high; power += stride)
    for (const step of steps) {
      const at = Number(`${step}e${power}`);
      const text = power < -3 || power > 4 ? `${step}e${power}`.replace("-", "−") : String(at);
      if (at >= low * 0.999 && at <= high * 1.001) ticks.push({ at, text });
    }
  return ticks;
}
