// What a reader does with the network that has learned: draw on it, keep it, count once.

import { allow, buttonOf, grouped, h } from "../dom.mjs";
import { decodeWeights } from "../engine.mjs";
import { loadDigits } from "./digits.mjs";
import { weightsFile } from "./npz.mjs";
import { OPTIMIZERS } from "./optimizers.mjs";

const WHY =
  "The test digits are opened once, at the end: whoever chooses a recipe by them has learned from them too, and " +
  "the count flatters.";
const STRAIGHT =
  "This network has learned without ReLU, and the explorer below, like every program that would open the file, " +
  "computes with ReLU: there its weights would mean nothing.";

/** In words, where the weights of a run come from. */
function originOf({ settings, run }) {
  const { optimizer, rate, batch, count, seed, equal, shuffled } = settings;
  const name = OPTIMIZERS[optimizer].label;
  const rates = run.rateChanged ? `, its learning rate ${rate} at the end` : ` ${rate}`;
  const odd = `${equal ? ", all equal at the start" : ""}${shuffled ? ", on shuffled labels" : ""}`;
  const recipe = `${name}${rates}, batches of ${batch}, ${grouped(count)} digits, seed ${seed}${odd}`;
  return `your own, after ${stepsText(run.weightsStep)} on this page (${recipe})`;
}

export function resultPart(session, store, addresses, tell) {
  const draw = buttonOf("Draw on your own network", () => {
    const weights = decodeWeights(new Uint8Array(session.run.weights.buffer));
    store.dispatch({ type: "adopt", weights, origin: originOf(session) });
    tell("The explorer below now computes with your own network: draw a digit.");
  });
  const back = buttonOf("Back to the book’s network", () => {
    store.dispatch({ type: "restore" });
    tell("The explorer below computes with the book’s network again.");
  });
  const keep = buttonOf("Download", () => download(session));
  const count = buttonOf("Final count on the 1,000 test digits", () =>
    countOnce(session, addresses, tell),
  );
  const counted = h("p", { class: "explorer-counted" });
  const note = h("p", { class: "explorer-key" });
  const paint = () => {
    const { run, settings } = session;
    const usable = run.weights !== null && settings.relu && run.ended !== "diverged";
    for (const one of [draw, keep]) allow(one, usable && run.weightsStep > 0);
    allow(back, store.state.origin !== null);
    const started = run.step > 0 && run.ended !== "diverged" && run.failed === null;
    const rests = !run.running && !run.busy;
    allow(count, started && rests && run.counted === null && !run.counting);
    counted.textContent = run.counted ? countedText(run.counted, run.step) : "";
    counted.hidden = !run.counted;
    note.textContent = settings.relu ? WHY : `${WHY} ${STRAIGHT}`;
  };
  const buttons = h("div", { class: "explorer-controls" }, draw, back, keep, count);
  return { node: h("div", { class: "explorer-result" }, buttons, counted, note), paint };
}

const stepsText = (count) => (count === 1 ? "1 step" : `${grouped(count)} steps`);

function countedText({ right, total, step }, now) {
  const text = `${grouped(right)} of ${grouped(total)} test digits right, after ${stepsText(step)}.`;
  return now > step ? `${text} The network has learned on since; it is not counted again.` : text;
}

async function countOnce(session, addresses, tell) {
  const { run } = session;
  run.counting = true;
  tell("Loading the test digits …");
  try {
    const test = await loadDigits("test", addresses);
    run.counting = session.run === run && run.ended === null && run.failed === null;
    if (!run.counting) return; // what has been said of its end stays
    tell("Counting …");
    session.count(test);
  } catch (error) {
    run.counting = false;
    tell(`${error.message} The button tries again.`);
  }
}

/** The ten arrays, named as in the book's own file. */
function download(session) {
  const { weights, weightsStep } = session.run;
  const { seed } = session.settings;
  const file = new Blob([weightsFile(weights)], { type: "application/octet-stream" });
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: `mnist-seed-${seed}-step-${weightsStep}.npz` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
