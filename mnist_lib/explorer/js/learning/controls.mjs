// Start, pause, one step, reset; the recipe and the experiments.

import { allow, buttonOf, checkbox, freshId, grouped, h } from "../dom.mjs";
import { OPTIMIZERS } from "./optimizers.mjs";

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const BATCHES = [1, 8, 16, 32, 64, 128, 256];
const COUNTS = [100, 300, 1000, 2000, 3500];
const LARGEST_SEED = 2 ** 32 - 1;

const EXPERIMENTS = {
  relu: { text: "without ReLU", value: (on) => !on },
  equal: { text: "all weights of a layer equal at the start", value: (on) => on },
  shuffled: { text: "labels shuffled", value: (on) => on },
};

/** The buttons, and where the run is. */
export function buttonsPart(session) {
  const go = buttonOf("Start", () => (session.run.running ? session.pause() : session.go()));
  go.classList.add("explorer-start");
  const one = buttonOf("One step", () => session.one());
  const reset = buttonOf("Reset", () => session.reset());
  const where = h("span", { class: "explorer-progress" });
  const paint = (valid) => {
    const { running, ended, failed, busy, step, epoch, speed } = session.run;
    const over = ended !== null || failed !== null || !valid;
    go.textContent = running ? "Pause" : "Start";
    allow(go, !over);
    allow(one, !over && !running && !busy);
    allow(reset, valid && (step > 0 || running || failed !== null));
    const pace = speed ? ` · ${grouped(Math.round(speed))} digits a second` : "";
    where.textContent = `Step ${grouped(step)} · epoch ${epoch}${pace}`;
  };
  const node = h("div", { class: "explorer-controls" }, go, one, reset, where);
  return { node, paint, focus: () => go.focus() };
}

/** The recipe. change: called with the settings that a reader has changed, and with what it is about. */
export function recipePart(session, change) {
  const { settings } = session;
  const fields = {
    optimizer: select(
      "Optimizer",
      Object.entries(OPTIMIZERS).map(([k, o]) => [k, o.label]),
    ),
    rate: select(
      "Learning rate",
      RATES.map((rate) => [String(rate), String(rate)]),
    ),
    batch: select(
      "Batch",
      BATCHES.map((size) => [String(size), digitsText(size)]),
    ),
    count: select(
      "Learn from",
      COUNTS.map((size) => [String(size), digitsText(size)]),
    ),
  };
  for (const [name, { input }] of Object.entries(fields))
    input.addEventListener("change", () => {
      const value = name === "optimizer" ? input.value : Number(input.value);
      const rate = name === "optimizer" ? { rate: OPTIMIZERS[value].rate } : {};
      change({ [name]: value, ...rate });
    });
  const seed = seedField(settings.seed, change);
  const trials = Object.entries(EXPERIMENTS).map(([name, { text, value }]) => {
    const box = checkbox(text, (on) => change({ [name]: value(on) }));
    return { ...box, name, value };
  });
  const paint = () => {
    for (const [name, { input }] of Object.entries(fields)) {
      input.value = String(session.settings[name]);
      input.disabled = session.run.running && name !== "rate";
    }
    seed.input.disabled = session.run.running;
    for (const { input, name, value } of trials) {
      input.checked = value(true) === session.settings[name];
      input.disabled = session.run.running;
    }
  };
  const legend = (text) => h("legend", { class: "explorer-hidden" }, text);
  const all = Object.values(fields).map((field) => field.node);
  const node = h(
    "div",
    { class: "explorer-recipe" },
    h("fieldset", {}, legend("Recipe"), ...all, seed.node),
    seed.complaint,
    h("fieldset", {}, legend("Experiments"), ...trials.map((trial) => trial.node)),
  );
  return { node, paint, valid: () => seed.input.getAttribute("aria-invalid") !== "true" };
}

const digitsText = (size) => (size === 1 ? "1 digit" : `${grouped(size)} digits`);

const field = (text, input) => h("label", { class: "explorer-field" }, h("span", {}, text), input);

function select(text, choices) {
  const options = choices.map(([value, shown]) => h("option", { value }, shown));
  const input = h("select", {}, ...options);
  return { input, node: field(text, input) };
}

/** A whole number; anything else is refused with a word, and the run keeps its last seed. */
function seedField(value, change) {
  const complaint = h("p", { class: "explorer-complaint", id: freshId(), role: "status" });
  const input = h("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    value: String(value),
    "aria-describedby": complaint.id,
  });
  input.addEventListener("input", () => {
    const text = input.value.trim();
    const good = /^\d{1,10}$/.test(text) && Number(text) <= LARGEST_SEED;
    input.setAttribute("aria-invalid", !good);
    complaint.textContent = good ? "" : "The seed is a whole number from 0 to 4,294,967,295.";
    change(good ? { seed: Number(text) } : {});
  });
  return { input, complaint, node: field("Seed", input) };
}
