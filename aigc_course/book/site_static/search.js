// Under each result of Sphinx's search: the section that has the words, and the sentence around them. Sphinx itself
// would fetch the page for that, which a browser refuses for files on a disk or a USB stick.
// Sphinx's own script starts at the same event and comes later in the page, so that this one is ready.
document.addEventListener("DOMContentLoaded", () => {
  const query = (new URLSearchParams(location.search).get("q") || "").toLowerCase().trim();
  const words = query.split(/\s+/).filter(Boolean);
  const AROUND = 60;

  // each word as it was typed or by its stem, as Sphinx looks it up: “sampling” finds “samples”
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const forms = words.map((word) => `${escaped(word)}|${escaped(new Stemmer().stemWord(word))}[a-z]*`);
  const patterns = forms.map((form) => new RegExp(form, "i"));

  function place(page, anchor) {
    const inside = (text) => patterns.filter((pattern) => pattern.test(text)).length;
    const worth = ([id, heading, text]) =>
      id === anchor ? Infinity : 2 * inside(`${heading} ${text}`) + inside(heading);
    const best = (siteTexts[page] || []).reduce((a, b) => (a && worth(a) >= worth(b) ? a : b), undefined);
    return best && worth(best) ? best : undefined;
  }

  function snippet(text) {
    const found = patterns.map((pattern) => text.search(pattern)).filter((at) => at >= 0);
    const from = found.length ? Math.max(0, Math.min(...found) - AROUND) : 0;
    const to = Math.min(text.length, from + 3 * AROUND);
    return (from ? "…" : "") + text.slice(from, to) + (to < text.length ? "…" : "");
  }

  function marked(text) {
    const line = document.createElement("p");
    line.className = "context";
    // a split by a pattern in brackets has what matched at every second place
    text.split(new RegExp(`(${forms.join("|")})`, "gi")).forEach((part, number) => {
      const node = document.createElement(number % 2 ? "mark" : "span");
      node.textContent = part;
      line.append(node);
    });
    return line;
  }

  function explain(item) {
    const link = item.querySelector("a");
    const [address, anchor] = link.getAttribute("href").split("#");
    const found = place(address.replace(/\.html$/, ""), anchor);
    if (!found) return;
    const [id, heading, text] = found;
    link.setAttribute("href", `${address}#${id}`);
    if (document.querySelectorAll(`#search-results a[href="${CSS.escape(address)}#${CSS.escape(id)}"]`).length > 1) {
      item.remove(); // Sphinx found the same place by its title, too
      return;
    }
    if (!link.textContent.endsWith(heading)) link.textContent += ` › ${heading}`;
    item.append(marked(snippet(text)));
  }

  // which words Sphinx marks on the page that opens: those of the query, not the pairs of characters that it looked up
  const remember = () => localStorage.setItem("sphinx_highlight_terms", words.join(" "));

  const results = document.getElementById("search-results");
  new MutationObserver((changes) => {
    for (const change of changes)
      for (const node of change.addedNodes) if (node.nodeName === "LI") explain(node);
    remember();
    const said = results.querySelector(".search-summary");
    const counted = said?.textContent.replace(/\d+/, results.querySelectorAll("li").length);
    if (said && counted !== said.textContent) said.textContent = counted;
  }).observe(results, {childList: true, subtree: true});
});
