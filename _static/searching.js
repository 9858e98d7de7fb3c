// On the search page, behind Sphinx' own scripts: what is shown below a page that was found.

const [MOST, BEFORE, LENGTH] = [3, 80, 240]; // sections of a page; characters of a snippet

// A page opened from file:// cannot fetch others: their sections are in search-sections.js.
globalThis.fetch = async (url) => {
  const name = url.replace(/^\.\//, "").replace(/\.html$/, "");
  return { text: async () => (bookSections[name] ? { name, sections: bookSections[name] } : "") };
};

Search.makeSearchSummary = ({ name, sections }, words, anchor) => {
  const list = document.createElement("div");
  for (const [id, title, text] of best(sections, [...words], anchor.slice(1))) {
    const line = document.createElement("p");
    line.className = "context";
    if (!anchor && id !== sections[0][0]) {
      const link = document.createElement("a");
      link.href = `${name}.html#${id}`;
      link.textContent = title;
      line.append(link, ": ");
    }
    line.append(snippet(text, [...words]));
    list.append(line);
  }
  return list;
};

/** The sections with the most of the words; only the one with the anchor, where there is one. */
function best(sections, words, anchor) {
  const count = ([, title, text]) => {
    const all = `${title} ${text}`.toLowerCase();
    const times = words.map((word) => all.split(word.toLowerCase()).length - 1);
    return 1000 * times.filter(Boolean).length + times.reduce((sum, one) => sum + one, 0);
  };
  return sections
    .filter((section) => (anchor ? section[0] === anchor : count(section)))
    .sort((a, b) => count(b) - count(a))
    .slice(0, MOST);
}

function snippet(text, words) {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word.toLowerCase())).filter((at) => at >= 0);
  const start = Math.max(Math.min(...places, text.length) - BEFORE, 0);
  const from = places.length && start ? text.indexOf(" ", start) + 1 : 0;
  const piece = text.slice(from, from + LENGTH);
  return `${from ? "… " : ""}${piece}${from + LENGTH < text.length ? " …" : ""}`;
}
