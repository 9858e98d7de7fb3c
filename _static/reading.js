// What a page does while it is read: the keyboard reaches what scrolls, the contents list follows.

const WIDE = ["mjx-container", ".cell_output", "pre", ".pst-scrollable-table-container"]
  .map((kind) => `.bd-article ${kind}`)
  .join(", ");

/** Whatever scrolls sideways is a stop of the tab key; nothing else is. */
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

const EDGE = 140; // pixels: a heading above this line has been reached

/** Mark the section in sight in the contents list; at the end of a page the last one. */
function followContents() {
  const links = [...document.querySelectorAll("#pst-page-toc-nav a.nav-link")];
  const places = links.map(({ hash }) => document.getElementById(decodeURIComponent(hash.slice(1))));
  const mark = () => {
    const { scrollTop, scrollHeight, clientHeight } = document.documentElement;
    const ended = scrollTop + clientHeight >= scrollHeight - 2;
    const reached = places.filter((place) => place.getBoundingClientRect().top < EDGE).length;
    const current = ended ? links.length - 1 : reached - 1; // none above the first
    links.forEach((link, i) => {
      link.classList.toggle("active", i === current);
      if (i === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  // The theme marks sections too, as they come into sight, and so at times a wrong one: come after it.
  addEventListener("scroll", () => setTimeout(mark, 50), { passive: true });
  addEventListener("scrollend", mark);
  mark();
}

addEventListener("load", followContents);
