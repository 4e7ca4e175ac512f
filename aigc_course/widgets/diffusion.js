// The denoising desk. Python sends every painting once; choosing one and moving over its steps happens here.

const PACE = 350; // ms between two steps while playing
const HEAT = [213, 94, 0];
const MOST = 0.85; // the densest colour still lets the picture through

// ---- pure functions -------------------------------------------------------------------------------------------------

// The place of a painting among all: by prompt, then seed, then guidance.
export function place({ prompt, seed, guidance }, seeds, guidances) {
  return (prompt * seeds + seed) * guidances + guidance;
}

// The text cut at its words: [[piece, number of the word, or null for what lies between], …].
export function pieces(text, words) {
  const found = [];
  let end = 0;
  words.forEach((word, i) => {
    const begin = text.indexOf(word, end);
    if (begin < 0) return;
    if (begin > end) found.push([text.slice(end, begin), null]);
    found.push([word, i]);
    end = begin + word.length;
  });
  if (end < text.length) found.push([text.slice(end), null]);
  return found;
}

// For each list of words the set of places where the lists differ; empty sets where they do not have the same length.
export function differing(lists) {
  const [first] = lists;
  const alike = lists.every((words) => words.length === first.length);
  const places = alike ? first.map((_, i) => i).filter((i) => lists.some((words) => words[i] !== first[i])) : [];
  return new Set(places);
}

// The shares of attention of one word at one step; `bytes` holds square roots in 255ths, (steps, words, places).
export function shares(bytes, step, word, words, places) {
  const begin = (step * words + word) * places;
  return Array.from(bytes.subarray(begin, begin + places), (q) => (q / 255) ** 2);
}

// How dense the colour is at each place, 0 to 1: as a share of `top`, or, without it, from the least to the most.
export function heat(values, top = null) {
  if (top !== null) return values.map((x) => (top > 0 ? Math.min(1, x / top) : 0));
  const least = Math.min(...values);
  const span = Math.max(...values) - least;
  return values.map((x) => (span > 0 ? (x - least) / span : 0));
}

// A share and the rest of it in words; rounded once, so that they add up to 100 %.
export function parts(x) {
  const whole = Math.round(100 * x);
  return whole > 0 && whole < 100 ? [`${whole}%`, `${100 - whole}%`] : [wholePercent(x), wholePercent(1 - x)];
}

// Pixels [r, g, b, a, …] (height, width) in pale grey, with heat (rows, columns) over them, as new pixels.
export function heated(pixels, height, width, dense, rows, columns) {
  const made = new Uint8ClampedArray(pixels.length);
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x += 1) {
      const i = 4 * (y * width + x);
      const light = 0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2];
      const grey = 90 + 0.62 * light;
      const a = MOST * dense[row + Math.floor((x * columns) / width)];
      for (let c = 0; c < 3; c += 1) made[i + c] = grey * (1 - a) + HEAT[c] * a;
      made[i + 3] = 255;
    }
  }
  return made;
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("去噪台", "The denoising desk");
  const root = frame(model, host, "desk", title);
  const trouble = notice();
  const [prompts, seeds, guidances, levels, runs] = ["prompts", "seeds", "guidances", "levels", "runs"].map((key) => model.get(key));
  const { picture: [height, width], latents: [rows, columns], maps: [mapRows, mapColumns] } = model.get("sizes");
  const last = levels.length - 1;
  const state = { prompt: 0, seed: 0, guidance: model.get("chosen"), step: 0, pinned: null, over: null };
  const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let sheets = [];

  const changed = differing(prompts.map((one) => one.words));
  const choices = [
    choice("prompt", t("提示词", "Prompt"), prompts.map(({ text, words }) => pieces(text || t("（空）", "(empty)"), words).map(([piece, i]) => (changed.has(i) ? el("b", {}, piece) : piece)))),
    choice("seed", t("种子", "Seed"), seeds.map((seed) => [String(seed)]), t("开头的噪声", "the noise it begins with")),
    choice("guidance", t("引导强度", "Guidance"), guidances.map((guidance) => [String(guidance)]), t("0 不看提示词，大于 1 就夸张", "0: no prompt; above 1: exaggerated")),
  ];
  const { button: play, stop, playing } = player(model, PACE, () => [state.step, last], go);
  const slider = el("input", { type: "range", min: 1, max: last + 1, step: 1, "aria-label": t("第几步", "Which step"), oninput: () => { stop(); go(Number(slider.value) - 1); } });
  const number = el("output", { class: "number" });
  const level = el("span", { class: "level" });
  const seen = panel(columns, rows, t("模型看到的：潜变量", "What the model sees: latents"), t(`${rows}×${columns} 个位置，每个位置的数混成一种颜色`, `${rows}×${columns} places; the numbers of each, mixed to one colour`));
  const decoded = panel(width, height, t("同样的潜变量，解码成图片", "The same latents, decoded"), t("解码器把它们变成像素", "the decoder turns them into pixels"));
  const guess = panel(width, height, t("它猜的最终图片", "Its guess at the final picture"), t("把它认为是噪声的全部去掉，再解码", "without all that it takes for noise, decoded"));
  const words = el("div", { class: "words", role: "group", "aria-label": t("提示词里的词；移到一个词上就放大它的图，按下就留住", "The words of the prompt; point at one to enlarge its map, press to keep it") });
  const own = el("input", { type: "checkbox", onchange: () => paint() });
  const spoken = el("p", { class: "sr-only", "aria-live": "polite" });
  const attention = el("div", { class: "attention" },
    el("p", { class: "about" }, el("b", {}, t("每个词管哪里：交叉注意力", "Where each word acts: cross-attention")),
      el("label", { class: "own" }, own, t("每个词用自己的色阶", "each word on a scale of its own"))),
    words,
    el("p", { class: "hint" }, t("橙色越浓，这个位置越注意这个词；数字是最大的份额。移到一个词上（或用方向键），上面右边的图就显示它，按下就留住。", "The denser the orange, the more attention that place gives to the word; the number is the largest share. Point at a word, or reach it with the arrow keys, and the picture at the upper right shows it; press to keep it there.")));
  const tidy = [...choices.map(({ group }) => roving(group)), roving(words)];
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), level),
    el("div", { class: "choices" }, ...choices.map(({ box }) => box)),
    el("div", { class: "scrub" }, play, slider, number),
    el("div", { class: "panels" }, ...[seen, decoded, guess].map(({ box }) => box)),
    attention, trouble.line, spoken);

  function canvas(w, h, attributes = {}) {
    return el("canvas", { width: w, height: h, ...attributes });
  }

  function choice(key, name, labels, hint) {
    const buttons = labels.map((label, i) => {
      const thumb = canvas(width, height, { "aria-hidden": "true" });
      return { thumb, button: el("button", { onclick: () => choose(key, i) }, thumb, el("span", {}, ...label)) };
    });
    const group = el("div", { class: "options", role: "group", "aria-label": name }, ...buttons.map(({ button }) => button));
    return { key, buttons, group, box: el("div", { class: `choice ${key}` }, el("b", { class: "name" }, name), group, hint ? el("small", {}, hint) : null) };
  }

  function panel(w, h, name, about) {
    const picture = canvas(w, h, { role: "img", "aria-label": name });
    const said = el("b", {}, name);
    const small = el("small", {}, about);
    return { picture, said, small, name, about, box: el("figure", {}, picture, el("figcaption", {}, said, small)) };
  }

  const here = (other = {}) => place({ ...state, ...other }, seeds.length, guidances.length);
  const spokenWords = () => prompts[state.prompt].words;
  const shown = () => state.over ?? state.pinned;

  // -- moves: each ends with the page painted
  function choose(key, i) {
    state[key] = i;
    if (key === "prompt") lay();
    paint();
  }

  function go(step) {
    state.step = Math.max(0, Math.min(last, step));
    paint();
  }

  function look(i) {
    state.over = i;
    paint();
  }

  function pin(i) {
    state.pinned = state.pinned === i ? null : i;
    state.over = null;
    paint();
  }

  // -- painting
  function lay() {
    state.over = null;
    if (state.pinned >= spokenWords().length) state.pinned = null;
    words.replaceChildren(...spokenWords().map((word, i) => el("button",
      { onclick: () => pin(i), onpointerenter: () => look(i), onpointerleave: () => look(null), onfocus: () => look(i), onblur: () => look(null) },
      canvas(width, height, { "aria-hidden": "true" }), el("span", { class: "word" }, word), el("span", { class: "share" }))));
    attention.hidden = !spokenWords().length;
  }

  function frameOf(target, run, row) {
    target.getContext("2d").drawImage(sheets[run], state.step * width, row * height, width, height, 0, 0, width, height);
  }

  function paint() {
    slider.value = state.step + 1;
    number.textContent = t(`第 ${state.step + 1} 步，共 ${last + 1} 步`, `step ${state.step + 1} of ${last + 1}`);
    slider.setAttribute("aria-valuetext", number.textContent);
    const [when, signal] = levels[state.step];
    const [kept, noise] = parts(signal);
    level.textContent = t(`t = ${when}：信号占 ${kept}，噪声占 ${noise}`, `t = ${when}: ${kept} signal, ${noise} noise`);
    for (const { key, buttons } of choices) buttons.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(state[key] === i)));
    if (!sheets.length) return;
    for (const { key, buttons } of choices) buttons.forEach(({ thumb }, i) => frameOf(thumb, here({ [key]: i }), 1));
    const run = here();
    paintLatents(run);
    frameOf(decoded.picture, run, 0);
    frameOf(guess.picture, run, 1);
    paintWords(run);
    for (const settle of tidy) settle();
    const said = `${number.textContent}. ${level.textContent}`;
    if (!playing() && spoken.textContent !== said) spoken.textContent = said;
  }

  function paintLatents(run) {
    const mixed = bytes(runs[run].latents);
    const image = new ImageData(columns, rows);
    const begin = 3 * state.step * rows * columns;
    for (let i = 0; i < rows * columns; i += 1) {
      image.data.set(mixed.subarray(begin + 3 * i, begin + 3 * i + 3), 4 * i);
      image.data[4 * i + 3] = 255;
    }
    seen.picture.getContext("2d").putImageData(image, 0, 0);
  }

  function paintWords(run) {
    const count = spokenWords().length;
    const maps = bytes(runs[run].maps);
    const places = mapRows * mapColumns;
    const top = (maps.reduce((a, b) => Math.max(a, b), 0) / 255) ** 2; // one scale for all words and steps of a painting
    const { data } = guess.picture.getContext("2d").getImageData(0, 0, width, height);
    [guess.said.textContent, guess.small.textContent] = [guess.name, guess.about];
    [...words.children].forEach((button, i) => {
      const values = shares(maps, state.step, i, count, places);
      const share = wholePercent(Math.max(...values));
      const image = new ImageData(heated(data, height, width, heat(values, own.checked ? null : top), mapRows, mapColumns), width, height);
      const [tile, word, figure] = button.children;
      tile.getContext("2d").putImageData(image, 0, 0);
      figure.textContent = share;
      button.setAttribute("aria-pressed", String(state.pinned === i));
      button.setAttribute("aria-label", t(`${word.textContent}：最多 ${share}`, `${word.textContent}: at most ${share}`));
      if (shown() !== i) return;
      guess.picture.getContext("2d").putImageData(image, 0, 0);
      guess.said.textContent = t(`“${word.textContent}”管哪里`, `Where “${word.textContent}” acts`);
      guess.small.textContent = t(`一个位置最多把 ${share} 的注意力给这个词`, `a place gives it at most ${share} of its attention`);
    });
    guess.picture.setAttribute("aria-label", guess.said.textContent);
  }

  lay();
  paint();
  Promise.all(runs.map((run) => createImageBitmap(new Blob([bytes(run.sheet)], { type: "image/webp" }))))
    .then((all) => {
      sheets = all;
      root.setAttribute("data-ready", "");
      paint();
    })
    .catch((error) => trouble.say(t(`这个浏览器显示不了这些图片：${error.message}`, `This browser cannot show the pictures: ${error.message}`)));
  return stop;
}

export default { render };
