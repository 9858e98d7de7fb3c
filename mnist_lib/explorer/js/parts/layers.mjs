// All layers at full width; any value can be chosen.

import { grouped, h, radios } from "../dom.mjs";
import { LAYERS, OUTPUT } from "../engine.mjs";
import { paintMaps, placeIn, sizeOf, strongest, valueText } from "../maps.mjs";
import { gridOf, pictureOf } from "../paint.mjs";

const NEAR = { rootMargin: "200px" }; // what comes into view soon is kept up to date
const CHOOSE = "Choose a channel to see its largest value, and how it comes about.";
const ALL = "Here is every number that the network computes. "; // where no layer is left out
const KEY = `Dark is 0, blue to white positive, orange negative. ${CHOOSE}`;
const ERRORS_KEY =
  "An error says how the loss would change if a number rose a little: blue, it would rise; orange, " +
  `it would fall; dark is 0. Each layer is scaled by its own largest. ${CHOOSE}`;

/** The layers that are shown, and the inspector behind the one that is open. */
export function layersPart(store, shown, inspector, withErrors) {
  const layers = shown.map((layer) => layerPart(layer, store));
  const choice = choicePart(store, withErrors);
  choice.node.hidden = !shown.some((layer) => layer.hasRelu);
  const key = h("p", { class: "explorer-key" });
  const ofActivations = shown.length === LAYERS.length ? ALL + KEY : KEY;
  const nodes = layers.map((layer) => layer.node);
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (!isIntersecting) seen.delete(target);
      else if (!seen.has(target) && seen.add(target) && store.state.drawing)
        layers.find((layer) => layer.node === target).follow(store.scene());
  }, NEAR);
  for (const node of nodes) watcher.observe(node);
  const paint = (scene) => {
    choice.check(scene.shown);
    key.textContent = scene.shown === "errors" ? ERRORS_KEY : ofActivations;
    layers.forEach((layer) => layer.paint(scene));
    const open = layers.find((layer) => layer.name === scene.selected?.name);
    if (open && open.node.nextSibling !== inspector.node) open.node.after(inspector.node);
    inspector.node.hidden = !open;
    if (open) inspector.paint(scene);
  };
  return {
    node: h("div", { class: "explorer-layers" }, choice.node, key, ...nodes, inspector.node),
    /** While the pen moves, only what can be seen is painted. */
    follow(scene) {
      if (scene.shown === "errors") return;
      for (const layer of layers) if (seen.has(layer.node)) layer.follow(scene);
    },
    paint,
    close: () => watcher.disconnect(),
    /** A button that vanishes with what it closes passes the focus to the button of its layer. */
    focus: (name) => layers.find((layer) => layer.name === name).focus(),
  };
}

/** Activations, pre-activations or errors. */
function choicePart(store, withErrors) {
  const choices = [
    ["after ReLU", "activation"],
    ["before ReLU", "preActivation"],
  ];
  if (withErrors) choices.push(["errors", "errors"]);
  const choice = radios("Show the layers", choices, (shown) =>
    store.dispatch({ type: "set", shown }),
  );
  choice.node.firstChild.className = "explorer-hidden";
  return choice;
}

function layerPart(layer, store) {
  const { name, label, shape } = layer;
  const picture = pictureOf("explorer-maps");
  const note = h("span", { class: "explorer-note" });
  const select = (selected) => store.dispatch({ type: "set", selected });
  const toggle = () => {
    const scene = store.scene();
    select(scene.selected?.name === name ? null : { name, at: strongest(layer, scene) });
  };
  const open = (event) => {
    const [scene, at] = [store.scene(), placeIn(layer, picture.hit(event))];
    if (!scene.outputs) return;
    const { channel } = at; // a number of a map is too small to be hit: the inspector enlarges it
    select({ name, at: channel === undefined ? at : strongest(layer, scene, channel) });
  };
  const title = [h("b", {}, label), ` ${shape.join(" × ")}`];
  const button = h("button", { type: "button", onclick: toggle }, ...title);
  picture.node.addEventListener("click", open);
  picture.readout((hit) => valueText(layer, placeIn(layer, hit), store.scene()));
  const follow = (scene) => paintMaps(layer, picture, scene);
  const paint = (scene) => {
    follow(scene);
    node.classList.toggle("visited", scene.visited?.layer === layer);
    button.setAttribute("aria-expanded", scene.selected?.name === name);
    note.textContent = noteOf(layer, scene);
    picture.describe(`${label}, ${shape.join(" by ")}: ${note.textContent}`);
  };
  const head = h("div", { class: "explorer-head" }, button, note);
  const node = h("div", { class: "explorer-layer" }, head, picture.node);
  return { name, node, follow, paint, focus: () => button.focus() };
}

function noteOf(layer, { outputs, back, shown }) {
  if (shown === "errors") return errorNote(layer, back?.errors[layer.name]);
  const what = layer === OUTPUT ? outputNote(shown) : layerNote(layer);
  if (!outputs || !layer.hasRelu) return what;
  const below = outputs.preActivation[layer.name].filter((value) => value <= 0).length;
  const share = `${grouped(below)} of ${grouped(sizeOf(layer))} values`;
  const before = shown === "preActivation";
  return before ? `${what}: before it, ${share} are not above 0` : `${what}: ${share} are 0`;
}

function errorNote(layer, errors) {
  const left = errors?.filter((error) => error !== 0).length ?? 0;
  return `errors: ${grouped(left)} of ${grouped(sizeOf(layer))} are not 0`;
}

function outputNote(shown) {
  if (shown === "preActivation") return "ten logits, of 0 to 9";
  return "ten probabilities, of 0 to 9, by softmax";
}

function layerNote(layer) {
  const { height, width } = gridOf(layer);
  return {
    convolution: "3×3 convolution, then ReLU",
    pooling: "the largest of each 2×2 block",
    flatten: `one row of numbers; drawn as ${height} positions × ${width} channels`,
    dense: `${width} weighted sums, then ReLU`,
  }[layer.kind];
}
