// A link that opens with the drawing on the pad; and the last drawing, for the other pages of the tab.

import { allow, buttonOf, h } from "../dom.mjs";
import { drawingFrom, drawingText } from "../link.mjs";

const [HASH, SLOT] = ["#drawing=", "mnist-drawing"];

/** What a page opens with: the drawing in its address, if there is one; and the last one of the tab. */
export function broughtAlong() {
  const strokes = linkedDrawing();
  return strokes ? { strokes, picked: null, kept: strokes } : { kept: keptDrawing() };
}

/** The strokes in the page's address, or null. */
export const linkedDrawing = () =>
  location.hash.startsWith(HASH) ? drawingFrom(location.hash.slice(HASH.length)) : null;

function keptDrawing() {
  try {
    return drawingFrom(sessionStorage.getItem(SLOT) ?? "");
  } catch {
    return null; // a browser may forbid all storage
  }
}

/** Keep it until the tab is closed. */
export function keepDrawing(strokes) {
  try {
    sessionStorage.setItem(SLOT, drawingText(strokes));
  } catch {
    // Then it is not kept.
  }
}

export function sharePart(store) {
  const status = h("span", { class: "explorer-note", role: "status" });
  const button = buttonOf("Copy link", async () => {
    const address = new URL(location.href);
    address.hash = HASH + drawingText(store.state.strokes);
    history.replaceState(null, "", address);
    status.textContent = (await copied(address.href))
      ? "Copied: the link opens with your drawing."
      : "The address of this page now carries your drawing.";
  });
  if (location.hash.startsWith(HASH) && !linkedDrawing())
    status.textContent = "This link carries no drawing that can be read.";
  return { nodes: [button, status], paint: ({ strokes }) => allow(button, strokes.length > 0) };
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
