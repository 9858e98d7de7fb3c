// What a page brings along: the drawing in its address, and the last one of the tab.

import { drawingFrom, drawingText } from "./link.mjs";

const [HASH, SLOT] = ["#drawing=", "mnist-drawing"];

/** Whether the page's address claims to carry a drawing. */
export const isLinked = () => location.hash.startsWith(HASH);

/** The strokes in the page's address, or null. */
export const linkedDrawing = () =>
  isLinked() ? drawingFrom(location.hash.slice(HASH.length)) : null;

/** Put the strokes into the page's address, and return it. */
export function linkTo(strokes) {
  const address = new URL(location.href);
  address.hash = HASH + drawingText(strokes);
  history.replaceState(null, "", address);
  return address.href;
}

/** What a page opens with: the drawing in its address, if there is one; and the last one of the tab. */
export function broughtAlong() {
  const strokes = linkedDrawing();
  return strokes ? { strokes, picked: null, kept: strokes } : { kept: keptDrawing() };
}

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
