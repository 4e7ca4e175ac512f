// Under each result of Sphinx's search: the section that has the words, and the sentence around them. Sphinx itself
// would fetch the page for that, which a browser refuses for files on a disk or a USB stick.
(() => {
  const query = (new URLSearchParams(location.search).get("q") || "").toLowerCase().trim();
  const words = query.split(/\s+/).filter(Boolean);
  const AROUND = 60;

  function place(page, anchor) {
    const inside = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
    const worth = ([id, heading, text]) =>
      id === anchor ? Infinity : 2 * inside(`${heading} ${text}`) + inside(heading);
    const best = (siteTexts[page] || []).reduce((a, b) => (a && worth(a) >= worth(b) ? a : b), undefined);
    return best && worth(best) ? best : undefined;
  }

  function snippet(text) {
    const lower = text.toLowerCase();
    const found = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
    if (!found.length) return text.slice(0, 2 * AROUND);
    const from = Math.max(0, Math.min(...found) - AROUND);
    const to = Math.min(text.length, from + 3 * AROUND);
    return (from ? "…" : "") + text.slice(from, to) + (to < text.length ? "…" : "");
  }

  function marked(text) {
    const safe = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const line = document.createElement("p");
    line.className = "context";
    for (const part of text.split(new RegExp(`(${safe.join("|")})`, "gi"))) {
      const node = words.includes(part.toLowerCase()) ? document.createElement("mark") : document.createElement("span");
      node.textContent = part;
      line.append(node);
    }
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

  document.addEventListener("DOMContentLoaded", () => {
    const results = document.getElementById("search-results");
    new MutationObserver((changes) => {
      for (const change of changes)
        for (const node of change.addedNodes) if (node.nodeName === "LI") explain(node);
      remember();
    }).observe(results, {childList: true, subtree: true});
  });
})();
