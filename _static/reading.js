// Whatever scrolls sideways can be reached, and so scrolled, with the keyboard; nothing else is a stop.

const WIDE = ["div.math", ".cell_output", "pre", ".pst-scrollable-table-container"]
  .map((kind) => `.bd-article ${kind}`)
  .join(", ");

function markScrollable() {
  for (const node of document.querySelectorAll(WIDE)) {
    if (node.scrollWidth > node.clientWidth) node.tabIndex = 0;
    else node.removeAttribute("tabindex");
  }
}

addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  markScrollable();
});
addEventListener("resize", markScrollable);
