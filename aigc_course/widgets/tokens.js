// The tokenizer explorer. Python cuts the text; the page draws the tokens and replays the merges.

// ---- pure functions -------------------------------------------------------------------------------------------------

// The smallest groups of whole characters and whole pieces. sizes: bytes of each character; ends: where each piece ends.
// Gives [{chars: [from, to), pieces: [from, to)}]; a character cut into several pieces is one group with them.
export function groups(sizes, ends) {
  const found = [];
  let [c, p, at, first] = [0, 0, 0, [0, 0]]; // at: the byte where the characters so far end
  while (c < sizes.length || p < ends.length) {
    const reached = p ? ends[p - 1] : 0;
    if (p < ends.length && ends[p] === reached && at === reached) p += 1; // a token without bytes stands alone
    else if (at <= reached && c < sizes.length) at += sizes[c++];
    else p += 1;
    if (p && ends[p - 1] === at) {
      found.push({ chars: [first[0], c], pieces: [first[1], p] });
      first = [c, p];
    }
  }
  return found;
}

// The ends of the pieces after the first `step` merges, and the end of each piece that the last of them made.
export function replayed({ ends, joined }, step) {
  const gone = new Set(joined.slice(0, step).flat());
  const now = ends.filter((end) => !gone.has(end));
  const last = step ? joined[step - 1] : [];
  return { ends: now, fresh: new Set(last.map((hole) => now.find((end) => end > hole))) };
}

// What the last merge joined: {left, right: [from, to) in bytes, places: how many}; null before the first.
export function lastMerge({ ends, joined }, step) {
  if (!step) return null;
  const before = [0, ...replayed({ ends, joined }, step - 1).ends];
  const hole = joined[step - 1][0];
  const at = before.indexOf(hole);
  return { left: [before[at - 1], hole], right: [hole, before[at + 1]], places: joined[step - 1].length };
}

// "E4BBC8" from byte 1 to 3 → "BB C8"
export function hexOf(hex, from, to) {
  return hex.slice(2 * from, 2 * to).replace(/..(?=.)/g, "$& ");
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("分词器：文字怎样变成 token", "The tokenizer: how text becomes tokens");
  const root = frame(model, host, "explorer", title);
  const trouble = notice();
  const state = { under: "id", side: model.get("lang"), step: null };

  const chooser = el("select", { onchange: () => send() }, ...model.get("names").map((name) => el("option", {}, name)));
  const under = el("div", { class: "switch", role: "group", "aria-label": t("token 下面写什么", "What to write under a token") },
    ...[["id", t("编号", "ids")], ["bytes", t("字节", "bytes")]].map(([key, words]) =>
      el("button", { "data-key": key, "aria-pressed": String(key === state.under), onclick: () => press(key) }, words)));
  const sides = { zh: side("zh", t("中文", "Chinese")), en: side("en", t("英文", "English")) };
  const replay = replayer();
  root.append(
    el("header", {}, el("p", { class: "heading" }, title),
      el("div", { class: "bench" }, el("label", {}, t("分词器", "Tokenizer"), chooser), under)),
    el("div", { class: "pair" }, sides.zh.box, sides.en.box),
    trouble.line, replay.box);

  function press(key) {
    state.under = key;
    for (const button of under.children) button.setAttribute("aria-pressed", String(button.dataset.key === key));
    show();
  }

  function side(key, name) {
    const text = el("textarea", { rows: 2, lang: key === "zh" ? "zh-CN" : "en", spellcheck: "false", oninput: debounce(() => send(), 120) });
    const figures = el("div", { class: "figures" });
    const chips = el("div", { class: "strip", role: "group", "aria-label": t(`${name}的 token`, `Tokens of the ${name} text`) });
    const detail = el("p", { class: "detail", "aria-live": "polite" });
    return { key, text, figures, chips, detail, tidy: roving(chips),
      box: el("div", { class: "side" }, el("label", {}, el("b", {}, name), text), figures, chips, detail) };
  }

  async function send() {
    const question = { tokenizer: chooser.value, zh: sides.zh.text.value, en: sides.en.text.value };
    trouble.say("");
    try {
      await ask(model, question, (late) => trouble.say(late ? silence(model) : ""));
    } catch (error) {
      trouble.say(error.message);
    }
  }

  // The tokens; buttons where there is something to tell about them. Pieces of one character stand joined under it, as bytes.
  function strip(shown, ends, { ids, fresh = new Set(), tell }) {
    const piece = (p, word) => {
      const [from, to] = [p ? ends[p - 1] : 0, ends[p]];
      const bytes = hexOf(shown.hex, from, to);
      const about = tell && (() => tell(p, word, bytes));
      const below = ids && (state.under === "id" ? String(shown.ids[p]) : word === null ? null : bytes);
      const looks = `token${ids ? ` tint${p % 4}` : ""}${fresh.has(to) ? " fresh" : ""}${word === null ? " part" : ""}`;
      return el(tell ? "button" : "span", { class: looks, onclick: about, onfocus: about, onmouseenter: about },
        el("span", { class: word === null ? "hex" : "word" }, word ?? bytes), below ? el("span", { class: "below" }, below) : null);
    };
    return groups(shown.chars.map(([, size]) => size), ends).map(({ chars, pieces: [first, end] }) => {
      const word = shown.chars.slice(...chars).map(([label]) => label).join("") || "∅";
      if (end - first === 1) return piece(first, word);
      const parts = Array.from({ length: end - first }, (_, i) => piece(first + i, null));
      return el("span", { class: "shared", title: t(`“${word}”被切成 ${end - first} 段字节`, `“${word}” is cut into ${end - first} runs of bytes`) },
        el("span", { class: "word" }, word), el("span", { class: "parts" }, ...parts));
    });
  }

  // A run of bytes in words: its characters, and ⟨bytes⟩ of those that it holds only in part.
  function name(shown, [from, to]) {
    let end = 0;
    const words = shown.chars.map(([label, size]) => {
      const start = end;
      end += size;
      if (end <= from || start >= to) return "";
      return start >= from && end <= to ? label : `⟨${hexOf(shown.hex, Math.max(start, from), Math.min(end, to))}⟩`;
    });
    return words.join("");
  }

  function figure(value, name, hint) {
    return el("div", { title: hint }, el("b", {}, value), el("span", {}, name));
  }

  function drawSide({ key, figures, chips, detail, tidy }) {
    const shown = model.get("shown")[key];
    const { tokens, characters, bytes, words } = shown.counts;
    figures.replaceChildren(
      figure(tokens, t("token", "tokens")),
      figure(characters, t("字符", "characters"), t("Unicode 码位，空格也算", "Unicode code points, spaces included")),
      figure(bytes, t("字节", "bytes"), "UTF-8"),
      figure(words ?? "—", t("单词", "words"), t("中文不标出词的边界，所以不数", "Chinese does not mark where words end, so they are not counted")),
      figure(characters ? (tokens / characters).toFixed(2) : "—", t("token / 字符", "tokens / character")));
    const hint = tokens ? t("指一个 token，看它的细节；用方向键逐个走。", "Point at a token for details; arrow keys go along.") : t("写点什么。", "Write something.");
    const tell = (p, word, hex) => {
      const what = word === null ? t("只是一个字符的一部分", "only part of a character") : `“${word}”`;
      detail.textContent = t(`第 ${p + 1} 个 token：${what}，编号 ${shown.ids[p]}，字节 ${hex}`, `Token ${p + 1}: ${what}, id ${shown.ids[p]}, bytes ${hex}`);
    };
    detail.textContent = hint;
    chips.replaceChildren(...strip(shown, shown.ends, { ids: true, tell }));
    tidy();
  }

  function replayer() {
    const pieces = el("div", { class: "strip", role: "group", "aria-label": t("这一步的片段", "The pieces at this step") });
    const says = el("p", { class: "says", "aria-live": "polite" });
    const slider = el("input", { type: "range", min: 0, step: 1, "aria-label": t("第几步合并", "Merge step"), oninput: () => to(Number(slider.value)) });
    const steps = () => model.get("shown")[state.side].replay.joined.length;
    const to = (step) => {
      state.step = Math.max(0, Math.min(steps(), step));
      draw();
    };
    const move = (sign, words, by) => el("button", { "aria-label": words, title: words, onclick: () => to(by()) }, sign);
    const which = el("div", { class: "switch", role: "group", "aria-label": t("重放哪段文字", "Which text to replay") },
      ...[["zh", t("中文", "Chinese")], ["en", t("英文", "English")]].map(([key, words]) =>
        el("button", { "data-key": key, onclick: () => { state.side = key; state.step = 0; draw(); } }, words)));
    const box = el("div", { class: "replay" },
      el("div", { class: "bench" }, el("b", {}, t("一步步合并", "Merge by merge")), which,
        el("div", { class: "steps" }, move("«", t("从字节开始", "Back to the bytes"), () => 0), move("‹", t("退一步", "One step back"), () => state.step - 1),
        slider,
        move("›", t("进一步", "One step on"), () => state.step + 1), move("»", t("到最后", "To the end"), () => steps()))),
      says, pieces);

    function draw() {
      const shown = model.get("shown")[state.side];
      box.hidden = !shown.replay;
      if (box.hidden) return;
      state.step = Math.min(state.step ?? 0, steps());
      slider.max = steps();
      slider.value = state.step;
      slider.setAttribute("aria-valuetext", `${state.step} / ${steps()}`);
      for (const button of which.children) button.setAttribute("aria-pressed", String(button.dataset.key === state.side));
      const { ends, fresh } = replayed(shown.replay, state.step);
      const merged = lastMerge(shown.replay, state.step);
      says.textContent = merged === null
        ? t(`开始：${ends.length} 个字节，各是一段。共 ${steps()} 步合并。`, `At first: ${ends.length} bytes, each a piece. ${steps()} merges follow.`)
        : t(
            `第 ${state.step} / ${steps()} 步：${name(shown, merged.left)} + ${name(shown, merged.right)}，合并 ${merged.places} 处（描边的），剩 ${ends.length} 段。`,
            `Step ${state.step} of ${steps()}: ${name(shown, merged.left)} + ${name(shown, merged.right)}, joined in ${merged.places} ${merged.places === 1 ? "place" : "places"} (outlined); ${ends.length} pieces are left.`,
          );
      pieces.replaceChildren(...strip(shown, ends, { ids: false, fresh }));
    }
    return { box, draw };
  }

  function show() {
    drawSide(sides.zh);
    drawSide(sides.en);
    replay.draw();
  }

  const update = () => show();
  model.on("change:shown", update);
  const first = model.get("shown");
  chooser.value = first.tokenizer;
  for (const { key, text } of Object.values(sides)) text.value = first[key].text;
  show();
  return () => model.off("change:shown", update);
}

export default { render };
