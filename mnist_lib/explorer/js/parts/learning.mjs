// The network that learns: a sentence and a button; all the rest is loaded when it is asked for.

import { allow, buttonOf, h, loadScript } from "../dom.mjs";

const WHAT =
  "The network can also learn here, before your eyes: all of it, from random weights, on 1,000 real digits. " +
  "Nothing of this is loaded until you ask for it; it takes about 0.4 MB.";
const ELSEWHERE =
  "In the pages of the book the network can learn here, from random weights. In a notebook, train it with " +
  "mnist_lib.training.";

/** Where the files are that are loaded later: the page's own script names them; a notebook has none. */
const addressesOf = () => ({ ...document.querySelector("script[data-learning]")?.dataset });

export function learningPart(store) {
  const addresses = addressesOf();
  const status = h("p", { role: "status" });
  const button = buttonOf("Watch it learn", () => load());
  button.classList.add("explorer-start");
  const node = h("section", { class: "explorer-learning", "aria-label": "The network learns" });
  if (addresses.learning) node.append(h("p", {}, WHAT), button, status);
  else node.append(h("p", {}, ELSEWHERE));
  let [view, closed] = [null, false];
  const load = async () => {
    allow(button, false);
    status.textContent = "Loading …";
    try {
      view = await loadView(store, addresses);
      if (closed) return view.close();
      node.replaceChildren(view.node);
      view.focus();
    } catch (error) {
      allow(button, true);
      button.textContent = "Try again";
      status.textContent = error.message;
    }
  };
  const close = () => {
    closed = true;
    view?.close();
  };
  return { node, paint: (scene) => view?.paint(scene), close };
}

async function loadView(store, addresses) {
  if (!globalThis.mnistExplorer.learning) {
    const failed = new Error("The file with this part of the page is missing or damaged.");
    await loadScript(addresses.learning).catch(() => Promise.reject(failed));
    if (!globalThis.mnistExplorer.learning) throw failed;
  }
  return globalThis.mnistExplorer.learning.openLearning(store, addresses);
}
