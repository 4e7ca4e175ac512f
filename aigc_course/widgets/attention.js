// The attention viewer. Python sends the attention of every head and every prediction once; the page only looks.

const ORANGE = [213, 94, 0];
const FAINT = 0.07; // a place that can be looked at, but is not
const LEAST = 0.005; // what rounds to less than 1 %
const ACROSS = 8; // heads side by side at most
const LOOKS = 3; // places named in the sentence about a head

// ---- pure functions -------------------------------------------------------------------------------------------------

// The shares that `head` gives from `place` to each of n places; bytes: (heads, n, n) in 255ths.
export function shares(bytes, head, place, n) {
  const begin = (head * n + place) * n;
  return Array.from(bytes.subarray(begin, begin + n), (q) => q / 255);
}

// The places of the largest values, at most `most`, none below `least`; of equal ones the left first.
export function strongest(values, most, least) {
  return values.map((_, i) => i).filter((i) => values[i] >= least).sort((a, b) => values[b] - values[a] || a - b).slice(0, most);
}

// The place that `head` looks at most from `place`; of equal ones the left. A plain loop: it runs for every head at once.
export function favourite(bytes, head, place, n) {
  const begin = (head * n + place) * n;
  let best = 0;
  for (let to = 1; to <= place; to += 1) if (bytes[begin + to] > bytes[begin + best]) best = to;
  return best;
}

// The probabilities of the candidates at `place`; bytes: (settings, n, count) in 65535ths, little-endian; setting 0 is
// the whole model, setting 1 + h the model without head h.
export function chances(bytes, setting, place, n, count) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => view.getUint16(2 * ((setting * n + place) * count + i), true) / 65535);
}

// The attention of `head` as pixels [r, g, b, a, …] (n, n): a row for each place that looks, nothing right of it.
export function heatMap(bytes, head, n) {
  const pixels = new Uint8ClampedArray(4 * n * n);
  for (let from = 0; from < n; from += 1) {
    for (let to = 0; to <= from; to += 1) {
      const share = bytes[(head * n + from) * n + to] / 255;
      pixels.set([...ORANGE, 255 * (FAINT + (1 - FAINT) * Math.sqrt(share))], 4 * (from * n + to));
    }
  }
  return pixels;
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("注意力观察器", "The attention viewer");
  const root = frame(model, host, "viewer", title);
  const texts = model.get("texts").map(unpack);
  const [layers, heads] = model.get("size");
  const state = { text: 0, places: texts.map((text) => text.focus), over: null, head: model.get("chosen"), off: false };

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const chooser = el("select", { onchange: () => { state.text = Number(chooser.value); lay(); } },
    ...texts.map(({ text }, i) => el("option", { value: i }, text)));
  const strip = el("div", { class: "strip", role: "group", onpointerleave: () => look(null),
    "aria-label": t("这段文字的 token；移到一个上面，看各个头从它那里看哪里", "The tokens of the text; point at one to see where the heads look from there") });
  const says = el("p", { class: "says", "aria-live": "polite" });
  const cells = Array.from({ length: layers * heads }, (_, i) => cell(i));
  const grid = el("div", { class: "grid", role: "group", "aria-label": t("所有的头；选一个", "All heads; choose one") },
    ...Array.from({ length: layers }, (_, layer) => el("div", { class: "layer", role: "group", "aria-label": t(`第 ${layer} 层`, `Layer ${layer}`) },
      el("b", { class: "name" }, t(`第 ${layer} 层`, `Layer ${layer}`)),
      el("div", { class: "among" }, ...cells.slice(layer * heads, (layer + 1) * heads).map(({ button }) => button)))));
  grid.style.setProperty("--across", Math.min(heads, ACROSS));
  grid.style.setProperty("--lines", Math.ceil(heads / ACROSS));
  const toggle = el("button", { class: "toggle", onclick: () => { state.off = !state.off; paint(); } });
  const asks = el("p", { class: "asks" });
  const rows = Array.from({ length: Math.max(...texts.map(({ candidates }) => candidates[0].length)) + 1 }, row);
  const moved = el("p", { class: "moved", "aria-live": "polite" });
  const tidy = [roving(strip), roving(grid)];
  let chips = [];
  root.append(
    el("header", {}, el("p", { class: "heading" }, title),
      el("label", { class: "choose", hidden: texts.length < 2 }, t("文字", "Text"), chooser)),
    strip, says,
    el("div", { class: heads > 5 ? "work many" : "work" },
      el("div", { class: "next" }, el("div", {}, toggle, moved), el("div", {}, asks, el("div", { class: "bars" }, ...rows.map(({ line }) => line)))),
      grid),
    el("p", { class: "hint" }, t(
      "token 下面的数字：选中的头从框出的 token 分给它多少注意力；虚线框的 token 在后面，看不到。每个方块是一个头：一行是一个在看的 token，一列是一个被看的 token，橙色越浓看得越多；方块下面是它看得最多的 token。“关掉”和蓝条：没有这个头，预测里有多少概率转到别的 token 上。方块总是整个模型的；一次只关一个头。",
      "The number under a token: how much of its attention the chosen head gives it from the framed token; dashed tokens come later and cannot be seen. Each square is a head: a row for each token that looks, a column for each token looked at, denser orange for more; below it the token it looks at most. “off” and the blue bar: how much of the prediction's probability goes to other tokens without this head. The squares are always those of the whole model; one head is off at a time.")));

  function unpack(text) {
    const bytes = (key) => new Uint8Array(text[key].buffer, text[key].byteOffset, text[key].byteLength);
    return { ...text, n: text.labels.length, attention: bytes("attention"), shares: bytes("shares"), effects: bytes("effects") };
  }

  function cell(i) {
    const map = el("img", { alt: "" });
    const [best, effect] = ["best", "effect"].map((name) => el("span", { class: name }));
    const button = el("button", { class: "head", onclick: () => choose(i), onfocus: () => choose(i) },
      el("span", { class: "map" }, map, el("span", { class: "marker" }), el("b", {}, t(`头 ${i % heads}`, `head ${i % heads}`))), best, effect);
    return { button, map, best, effect };
  }

  function row() {
    const [name, tag, value] = ["name", "tag", "value"].map((one) => el("span", { class: one }));
    tag.textContent = t("原文", "text");
    tag.title = t("原文接下来就是它", "the text goes on with this one");
    const [bar, ghost] = ["bar", "bar ghost"].map((one) => el("span", { class: one }));
    return { line: el("div", { class: "candidate" }, el("span", { class: "who" }, name, tag), el("span", { class: "lane" }, bar, ghost), value), name, tag, bar, ghost, value };
  }

  const here = () => texts[state.text];
  const at = () => state.over ?? state.places[state.text];
  const headName = (i) => t(`头 (${Math.floor(i / heads)}, ${i % heads})`, `head (${Math.floor(i / heads)}, ${i % heads})`); // (layer, head)
  const said = (label) => label.replace(/^␣(?=.)/, "");
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const quoted = (label) => t(`“${said(label)}”`, `“${said(label)}”`);

  // -- moves: each ends with the page painted
  function look(place) {
    if (state.over === place) return;
    state.over = place;
    paint();
  }

  function pin(place) {
    state.over = null;
    state.places[state.text] = place;
    paint();
  }

  function choose(head) {
    if (state.head === head) return;
    state.head = head;
    paint();
  }

  // -- painting
  // A token's characters; the sign for its space is paler.
  function written(label) {
    return label.length > 1 && label.startsWith("␣") ? [el("span", { class: "pale" }, "␣"), label.slice(1)] : [label];
  }

  function chip(i, part) {
    const share = el("span", { class: "share" });
    const label = here().labels[i];
    const button = el("button", { class: "token", onclick: () => pin(i), onfocus: () => pin(i), onpointerenter: () => look(i) },
      el("span", { class: part ? "hex" : "word" }, ...(part ? [label.replace(/[⟨⟩]/g, "")] : written(label))), share);
    return { button, share };
  }

  // Once per text: its tokens, the pieces of one character joined under it, and the maps.
  function lay() {
    const { n, labels, shared, attention } = here();
    const whole = labels.map((_, i) => shared.find(([, first, end]) => first <= i && i < end));
    state.over = null;
    chips = labels.map((_, i) => chip(i, whole[i]));
    strip.replaceChildren(...chips.map(({ button }, i) => {
      if (!whole[i]) return button;
      const [word, first, end] = whole[i];
      if (i > first) return null;
      return el("span", { class: "shared" }, el("span", { class: "word" }, word), el("span", { class: "parts" }, ...chips.slice(first, end).map((one) => one.button)));
    }).filter((node) => node));
    // as images: each canvas would be a layer of its own, which the browser puts together anew at each move
    const canvas = el("canvas", { width: n, height: n });
    cells.forEach(({ map }, i) => {
      canvas.getContext("2d").putImageData(new ImageData(heatMap(attention, i, n), n, n), 0, 0);
      map.src = canvas.toDataURL();
    });
    paint();
    for (const settle of tidy) settle();
  }

  function paint() {
    const text = here();
    const place = at();
    paintTokens(text, place);
    paintHeads(text, place);
    paintNext(text, place);
  }

  function paintTokens({ n, labels, attention }, place) {
    const seen = shares(attention, state.head, place, n);
    chips.forEach(({ button, share }, i) => {
      const later = i > place;
      button.classList.toggle("here", i === place);
      button.classList.toggle("later", later);
      button.style.setProperty("--share", later ? 0 : Math.sqrt(seen[i]).toFixed(3));
      write(share, later || seen[i] < LEAST ? "" : wholePercent(seen[i]));
      button.setAttribute("aria-current", String(i === state.places[state.text]));
      button.setAttribute("aria-label", later ? said(labels[i]) : `${said(labels[i])} ${wholePercent(seen[i])}`);
    });
    const top = strongest(seen, LOOKS, 0.01).map((i) => `${i === place ? t("自己", "itself") : quoted(labels[i])} ${wholePercent(seen[i])}`);
    says.replaceChildren(t(`从${quoted(labels[place])}，`, `From ${quoted(labels[place])}, `), el("b", {}, headName(state.head)), t(` 看：${top.join("，")}。`, ` looks at ${top.join(", ")}.`));
  }

  // With hundreds of heads nothing may be written that has not changed; the frames' place is one rule for all.
  function paintHeads({ n, labels, attention, effects }, place) {
    grid.style.setProperty("--place", place / n);
    grid.style.setProperty("--seen", (place + 1) / n);
    cells.forEach(({ button, best, effect }, i) => {
      const to = favourite(attention, i, place, n);
      const change = effects[place * cells.length + i] / 255;
      // the share first: where there is little room, the word is cut and not the number
      write(best, `${wholePercent(attention[(i * n + place) * n + to] / 255)} ${to === place ? t("自己", "itself") : said(labels[to])}`);
      write(effect, t(`关掉 ${wholePercent(change)}`, `off ${wholePercent(change)}`));
      effect.style.setProperty("--change", `${Math.round(100 * change)}%`);
      button.setAttribute("aria-pressed", String(i === state.head));
      button.classList.toggle("off", i === state.head && state.off);
    });
  }

  function paintNext({ n, labels, candidates, shares: bytes, effects, true: truth }, place) {
    const names = candidates[place];
    const before = chances(bytes, 0, place, n, names.length);
    const after = state.off ? chances(bytes, 1 + state.head, place, n, names.length) : before;
    const rest = (values) => Math.max(0, 1 - values.reduce((sum, x) => sum + x, 0));
    write(toggle, state.off ? t(`重新打开${headName(state.head)}`, `Switch ${headName(state.head)} on again`) : t(`关掉${headName(state.head)}`, `Switch ${headName(state.head)} off`));
    toggle.setAttribute("aria-pressed", String(state.off));
    asks.textContent = t(`${quoted(labels[place])}之后，模型预测`, `After ${quoted(labels[place])} the model expects`) + (state.off ? t("（空框：关掉之前）", " (outline: before)") : "");
    rows.forEach(({ line, name, tag, bar, ghost, value }, i) => {
      const isRest = i === rows.length - 1;
      const [was, is] = [before, after].map((values) => (isRest ? rest(values) : values[i]));
      // what is hardly likely either way is left out, unless the text goes on with it
      line.hidden = was === undefined || (!isRest && i !== truth[place] && Math.max(was, is) < LEAST);
      if (line.hidden) return;
      line.classList.toggle("rest", isRest);
      name.replaceChildren(...(isRest ? [t("其他", "others")] : written(names[i])));
      tag.hidden = isRest || i !== truth[place];
      bar.style.width = `${100 * is}%`;
      ghost.style.width = `${100 * was}%`;
      ghost.hidden = !state.off || was < 0.01; // thinner than its own outline
      value.textContent = state.off ? `${wholePercent(was)} → ${wholePercent(is)}` : wholePercent(is);
    });
    const change = wholePercent(effects[place * cells.length + state.head] / 255);
    write(moved, state.off
      ? t(`关掉的头不再读这段文字，只说它平时说的平均（在${model.get("reference").zh}上取的）。${change} 的概率转到了别的 token 上。`, `The head that is off no longer reads this text: it says what it says on average (over ${model.get("reference").en}). ${change} of the probability has gone to other tokens.`)
      : t("这是整个模型，每个头都开着。关掉选中的头，看预测怎么变。", "This is the whole model, every head on. Switch the chosen one off and see how the prediction changes."));
  }

  lay();
  // many heads scroll: the chosen one is in sight once the page has been laid out
  requestAnimationFrame(() => { grid.scrollTop = cells[state.head].button.offsetTop - grid.offsetTop - 40; });
}

export default { render };
