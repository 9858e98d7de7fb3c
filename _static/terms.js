// A term of the glossary explains itself: under the mouse, at a tap, or when the tab key reaches it.

const GAP = 6; // pixels between a term and its definition
const WAIT = 150; // milliseconds that a passing mouse stays unanswered, and a leaving one may return

/** Show the definitions that the page carries, one at a time, in a box of its own. */
function explainTerms() {
  const box = document.createElement("div");
  Object.assign(box, { className: "definition", popover: "manual", role: "tooltip" });
  document.body.append(box);
  let shown = null; // the term whose definition is open
  let timer = 0;

  const place = () => {
    if (!shown) return;
    const { x, y } = placeBeside(shown.getClientRects()[0], box.getBoundingClientRect());
    Object.assign(box.style, { left: `${x}px`, top: `${y}px` });
  };
  const show = (term) => {
    box.replaceChildren(...definitionOf(term).cloneNode(true).childNodes);
    box.showPopover();
    shown = term;
    place();
  };
  const hide = () => {
    clearTimeout(timer);
    if (shown) box.hidePopover();
    shown = null;
  };
  const soon = (action) => {
    clearTimeout(timer);
    timer = setTimeout(action, WAIT);
  };

  for (const term of document.querySelectorAll("a.term")) {
    term.setAttribute("aria-describedby", definitionOf(term).id);
    term.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType === "mouse") soon(() => show(term));
    });
    term.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse") soon(hide);
    });
    term.addEventListener("focus", () => {
      if (term.matches(":focus-visible")) show(term);
    });
    term.addEventListener("blur", hide);
    term.addEventListener("click", (event) => {
      if (event.pointerType === "mouse" || shown === term || event.detail === 0) return;
      event.preventDefault(); // the first tap explains, the second follows the link
      show(term);
    });
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => soon(hide));
  document.addEventListener("pointerdown", ({ target }) => {
    if (shown && !shown.contains(target) && !box.contains(target)) hide();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
  addEventListener("scroll", place, { passive: true });
  addEventListener("resize", hide);
}

/** The hidden definition that a term links to. */
function definitionOf(term) {
  return document.getElementById(`defined-${term.hash.slice(1)}`);
}

/** Below the term if there is room, else above it, and within the window. */
function placeBeside(term, box) {
  const { clientWidth, clientHeight } = document.documentElement;
  const below = term.bottom + GAP;
  const y = below + box.height <= clientHeight ? below : term.top - GAP - box.height;
  const x = Math.min(term.left, clientWidth - box.width - GAP);
  return { x: Math.max(x, GAP), y };
}

addEventListener("DOMContentLoaded", explainTerms);
