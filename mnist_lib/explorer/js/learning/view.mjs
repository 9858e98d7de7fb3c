// The part of the page in which the network learns: controls, curves, pictures, and what comes of it.

import { h } from "../dom.mjs";
import { bytesOf } from "../engine.mjs";
import { buttonsPart, recipePart } from "./controls.mjs";
import { arrangeDigits, loadDigits } from "./digits.mjs";
import { kernelsPart, wrongPart } from "./pictures.mjs";
import { heldPlot, lossPlot, pathPlot, short } from "./plots.mjs";
import { resultPart } from "./result.mjs";
import { createSession } from "./session.mjs";
import { TOO_LARGE } from "./trainer.mjs";

// Also for tests and measurements.
export { multiplyPlain, createMemory } from "./matmul.mjs";
export { createNetwork } from "./network.mjs";
export { countRight, createRun, work } from "./trainer.mjs";
export { createOptimizer } from "./optimizers.mjs";
export { weightsFile } from "./npz.mjs";
export { arrangeDigits, loadDigits } from "./digits.mjs";
export { FOLLOWED_AT } from "./session.mjs";
export { heldPlot, lossPlot, pathPlot } from "./plots.mjs";

const FEW = 1000; // how many of the first file are to learn from

/**
 * Open it beside an explorer. store: of the explorer; addresses: of the files that can be loaded, by
 * name. Returns { node, focus, paint, close }. Rejects with an Error whose message is for the reader.
 */
export async function openLearning(store, addresses) {
  const first = await loadDigits("first", addresses);
  const { kernel, worker } = globalThis.mnistExplorer.learning;
  const frame = {};
  const session = createSession({
    worker,
    kernel: bytesOf(kernel),
    digits: arrangeDigits(first, null, { learn: FEW }),
    changed: (what) => frame.changed?.(what),
  });
  return assemble(session, { first, store, addresses, frame });
}

function assemble(session, { first, store, addresses, frame }) {
  const status = h("p", { class: "explorer-said", role: "status" });
  const tell = (text) => {
    status.textContent = text;
  };
  const again = () => frame.changed("own");
  const change = (settings) => changeRecipe(session, { first, addresses, tell, again }, settings);
  const buttons = buttonsPart(session);
  const recipe = recipePart(session, change);
  const result = resultPart(session, store, addresses, (text) => (tell(text), again()));
  const plots = [lossPlot, heldPlot, kernelsPart, pathPlot, wrongPart].map((part) => part(session));
  const node = h(
    "div",
    { class: "explorer-learner" },
    buttons.node,
    status,
    recipe.node,
    h("div", { class: "explorer-plots" }, ...plots.map((plot) => plot.node)),
    result.node,
  );
  const paint = () => {
    buttons.paint(recipe.valid());
    for (const part of [recipe, ...plots, result]) part.paint();
  };
  const painter = whenSeen(node, paint);
  frame.changed = (what) => {
    announce(session, what, tell);
    painter.ask();
  };
  painter.ask();
  return {
    node,
    focus: buttons.focus,
    paint: painter.ask,
    close() {
      painter.close();
      session.close();
    },
  };
}

/** Of some settings those that are not as they were: a seed that is typed again changes nothing. */
const differing = (wanted, current) =>
  Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== current[name]));

/** The learning rate takes effect at once; everything else begins a new run, and says so. */
async function changeRecipe(session, { first, addresses, tell, again }, wanted) {
  const settings = differing(wanted, session.settings);
  const names = Object.keys(settings);
  if (names.length === 1 && names[0] === "rate") return session.setRate(settings.rate);
  const wish = (session.wish = settings);
  if (!names.length) return again();
  const more = (settings.count ?? session.settings.count) > FEW;
  if (more && session.digits.train.length === FEW) {
    tell("Loading more digits …");
    try {
      const rest = await loadDigits("more", addresses);
      if (session.wish !== wish) return undefined; // the reader has chosen anew since
      session.digits = arrangeDigits(first, rest, { learn: FEW });
    } catch (error) {
      tell(`${error.message} The network goes on with ${session.settings.count} digits.`);
      return again();
    }
  }
  if (session.run.running) return again(); // it has been started since, and goes on as it is
  const started = session.run.step > 0;
  session.reset(settings);
  tell(started ? "Begun again, from new random weights, with this recipe." : "");
}

const BEYOND = "the numbers have left the range of 32-bit floats";

/** What a screen reader hears of a run: how it starts, rests and ends, not every step. */
function announce(session, what, tell) {
  const { run } = session;
  if (what === "go") tell("Learning.");
  if (what === "reset") tell("Begun again, from new random weights.");
  if (what === "pause") tell("Pausing …");
  if (what === "counted" && run.ended === null && run.failed === null) tell("");
  if (what === "failed") tell(failureOf(session));
  if (run.running) run.asked = "many";
  else if (run.busy) run.asked ??= "one";
  if (what !== "report" || run.running || run.busy) return;
  if (run.ended) tell(endOf(session));
  else if (run.asked === "many") tell(restOf(session));
  else if (run.step > 0 && run.asked) tell(stepOf(run));
  run.asked = null;
}

const stepOf = ({ step, loss }) => `Step ${step}: the loss of its batch was ${short(loss)}.`;

function restOf({ run, digits }) {
  const { right } = run.looks.at(-1);
  return `Paused after step ${run.step}: ${right} of ${digits.held.length} held-out digits were right at the last count.`;
}

function endOf({ run, settings }) {
  const { step, loss } = run;
  if (run.ended === "silent")
    return (
      `Lost after step ${step}: every digit now gets the same ten logits. Steps that were too long have ` +
      `driven all ReLUs of a layer to 0, so no error comes through any more. Reset, and try a ` +
      `learning rate below ${settings.rate}.`
    );
  const found =
    Number.isFinite(loss) && loss >= TOO_LARGE
      ? `a loss of ${short(loss)}, where a guess costs 2.303`
      : BEYOND;
  return (
    `Diverged at step ${step}: ${found}. With a learning rate of ${settings.rate} the steps are so long that ` +
    `each overshoots by more than the one before. Reset, and try a smaller rate.`
  );
}

function failureOf({ run }) {
  const kept = run.weights
    ? ` The weights after step ${run.weightsStep} are kept: you can still use them.`
    : "";
  return `The worker in which the network learned has stopped at step ${run.step}.${kept} Reset begins anew.`;
}

/** Paint at most once a frame, and only while the node can be seen. */
function whenSeen(node, paint) {
  let [seen, asked] = [true, false];
  const later = () => {
    asked = false;
    if (seen) paint();
  };
  const ask = () => {
    if (!asked) requestAnimationFrame(later);
    asked = true;
  };
  const watcher = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen) ask();
  });
  watcher.observe(node);
  const sizes = new ResizeObserver(ask);
  sizes.observe(node);
  return {
    ask,
    close() {
      watcher.disconnect();
      sizes.disconnect();
    },
  };
}
