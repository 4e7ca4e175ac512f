// The map of terms. Python sends every term with its neighbours once; the page only moves the choice.

// ---- pure functions -------------------------------------------------------------------------------------------------

// [relation, key] pairs as {relation: [key, …]}, in the order of `relations`; relations without a term are left out.
export function grouped(near, relations) {
  const found = relations.map((relation) => [relation, near.filter(([r]) => r === relation).map(([, key]) => key)]);
  return Object.fromEntries(found.filter(([, keys]) => keys.length));
}

// kind, part or confused: the family of a relation, which decides its colour.
export function family(relation) {
  return relation.split("_").find((word) => ["kind", "part", "confused"].includes(word));
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("词的地图", "A map of terms");
  const root = frame(model, host, "terms", title);
  const terms = model.get("terms");
  const words = model.get("relations");
  const byKey = Object.fromEntries(terms.map((term) => [term.key, term]));

  const rows = Object.fromEntries(terms.map((term) => [term.key,
    el("button", { class: "term", style: `--depth:${term.depth}`, onclick: () => choose(term.key) }, term.part ? `◦ ${term.name}` : term.name, el("span", { class: "sr-only" }))]));
  const tree = el("div", { class: "tree", role: "group", "aria-label": t("所有的词；上下箭头移动，回车打开", "All terms; arrows move, Enter opens") }, ...Object.values(rows));
  const card = el("div", { class: "card", "aria-live": "polite" });
  const settle = roving(tree);
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), legend()),
    el("div", { class: "both" }, tree, card),
    el("p", { class: "hint" }, t("缩进：下面的词是上面那个词的一种；带 ◦ 的是它的一部分。点一个词，它的邻居就着色。", "Indented: a kind of the term above; with ◦, a part of it. Press a term and its neighbours are coloured.")));

  function legend() {
    const keys = { kind: t("一种", "a kind"), part: t("一部分", "a part"), confused: t("常弄混", "often confused") };
    return el("p", { class: "legend" }, ...Object.entries(keys).map(([name, text]) => el("span", { class: `near ${name}` }, text)));
  }

  function choose(key, move = false) {
    const term = byKey[key];
    const near = grouped(term.near, Object.keys(words));
    for (const row of Object.values(rows)) {
      row.className = "term";
      row.setAttribute("aria-pressed", "false");
      row.lastChild.textContent = "";
    }
    for (const [relation, keys] of Object.entries(near).reverse()) {
      for (const other of keys) {
        rows[other].classList.add("near", family(relation));
        rows[other].lastChild.textContent = ` (${term.name}: ${words[relation]})`;
      }
    }
    rows[key].setAttribute("aria-pressed", "true");
    card.replaceChildren(
      el("p", { class: "name" }, el("b", {}, term.name), term.other === term.name ? null : ` · ${term.other}`),
      el("p", {}, term.definition),
      ...Object.entries(near).map(([relation, keys]) => el("div", { class: "relation" },
        el("p", { class: `near ${family(relation)}` }, words[relation]),
        el("p", { class: "chips" }, ...keys.map((other) => el("button", { class: "chip", onclick: () => choose(other, true) }, byKey[other].name))))),
      el("div", { class: "relation" }, el("p", { class: "label" }, t("例子", "Example")), el("p", { class: "example" }, term.example.replaceAll("`", ""))),
      term.lesson ? el("div", { class: "relation" }, el("p", { class: "label" }, t("在这一课里动手", "Hands on in lesson")), el("p", { class: "lesson" }, term.lesson)) : null);
    if (move) rows[key].focus();
  }

  choose(model.get("start"));
  settle();
}

export default { render };
