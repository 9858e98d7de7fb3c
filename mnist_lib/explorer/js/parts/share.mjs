// A link that opens with the drawing on the pad.

import { isLinked, linkTo, linkedDrawing } from "../carried.mjs";
import { allow, buttonOf, h } from "../dom.mjs";

export function sharePart(store) {
  const status = h("span", { class: "explorer-note", role: "status" });
  const button = buttonOf("Copy link", async () => {
    status.textContent = (await copied(linkTo(store.state.strokes)))
      ? "Copied: the link opens with your drawing."
      : "The address of this page now carries your drawing.";
  });
  if (isLinked() && !linkedDrawing())
    status.textContent = "This link carries no drawing that can be read.";
  const paint = ({ strokes }) => allow(button, strokes.length > 0);
  return { nodes: [button, status], paint };
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
