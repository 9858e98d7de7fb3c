// The entry of the script that a page with a stepper loads.

import { h } from "../dom.mjs";
import { pencilStepper } from "./pencil.mjs";
import { windowStepper } from "./window.mjs";

// For tests.
export { pencilPasses } from "./pencil.mjs";

const EXAMPLES = {
  convolution: ["A kernel that slides", windowStepper],
  backward: ["The pencil network", pencilStepper],
};

/** Fill every placeholder of a page. */
export function mountSteppers() {
  for (const place of document.querySelectorAll("div.stepper")) {
    const [label, build] = EXAMPLES[place.dataset.example];
    const live = h("div", { class: "explorer-live", role: "region", "aria-label": label });
    live.append(...build());
    place.replaceChildren(live);
  }
}
