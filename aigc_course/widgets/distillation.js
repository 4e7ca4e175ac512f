// The distillation explorer. Python sends the logits of a context once, for the teacher and for every moment of every
// student; temperature, draws and distances are reckoned here. softmax, uniform, pick, percent: sampling_maths.js.

const SHOWN = 10; // candidates with a row of their own
const MANY = 100; // words that the second button draws
const COLDEST = 0.5, HOTTEST = 8;

// ---- maths ----------------------------------------------------------------------------------------------------------

// Probabilities of logits at a temperature.
export function soften(logits, temperature) {
  return softmax(Float64Array.from(logits, (z) => z / temperature));
}

// KL(p ‖ q) in nats, q given by logits at a temperature: never infinite, since no softmax gives 0.
export function divergence(p, logits, temperature = 1) {
  let highest = -Infinity;
  for (const z of logits) if (z / temperature > highest) highest = z / temperature;
  let total = 0;
  for (const z of logits) total += Math.exp(z / temperature - highest);
  const norm = highest + Math.log(total);
  let sum = 0;
  p.forEach((x, i) => {
    if (x > 0) sum += x * (Math.log(x) - (logits[i] / temperature - norm));
  });
  return Math.max(0, sum);
}

// Where the moments of one student lie in the sent logits: the teacher's are first, then each student's in order.
export function place(students, student, moment) {
  return 1 + students.slice(0, student).reduce((n, { steps }) => n + steps.length, 0) + moment;
}

// The slider's place 0…100 ↔ the temperature, so that 0.5 → 1 is as far as 1 → 2.
export function heat(at) {
  return COLDEST * (HOTTEST / COLDEST) ** (at / 100);
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("蒸馏观察台", "The distillation explorer");
  const root = frame(model, host, "distill", title);
  const students = model.get("students");
  const trouble = notice();
  const state = { rows: [], labels: new Map(), truth: null, temperature: 1, student: 0, moment: students[0].steps.length - 1, drawn: [], draws: 0, turn: 0 };

  const option = (text) => el("option", { value: text, selected: text === model.get("context") }, text);
  const group = (name, texts) => el("optgroup", { label: name }, ...texts.map(option));
  const texts = model.get("contexts");
  const choice = el("select", { "aria-label": t("选一个开头", "Choose a beginning"), onchange: () => begin(choice.value) },
    el("option", { value: "" }, t("自己写", "Your own")), group("中文", texts.zh), group("English", texts.en));
  const own = el("input", { type: "text", value: model.get("context"), maxlength: 300, "aria-label": t("开头的文字", "The text to begin with") });
  const form = el("form", { class: "opening", onsubmit: (event) => { event.preventDefault(); begin(own.value); } }, choice, own, el("button", { type: "submit" }, t("看这里", "Look here")));

  const warm = slider(t("温度 T", "Temperature T"), { min: 0, max: 100, step: 1, value: 25 }, (at) => {
    state.temperature = heat(at);
    return state.temperature.toFixed(2);
  });
  const when = slider(t("学生学到第几步", "The student's training step"), { min: 0, max: 1, step: 1, value: 0 }, (at) => {
    state.moment = at;
    return String(students[state.student].steps[at]);
  });
  const who = el("select", { "aria-label": t("哪个学生", "Which student"), onchange: () => { state.student = Number(who.value); moments(); paint(); } },
    ...students.map(({ name }, i) => el("option", { value: i }, name)));
  const draw = el("button", { class: "main", onclick: () => drawn(1) }, t("抽一个词", "Draw one word"));
  const many = el("button", { onclick: () => drawn(MANY) }, t(`再抽 ${MANY} 个`, `Draw ${MANY} more`));
  const clear = el("button", { onclick: () => { forget(); paint(); } }, t("清空", "Clear"));
  const tally = el("span", { class: "tally", "aria-live": "polite" });
  const lines = Array.from({ length: SHOWN + 1 }, line);
  const facts = el("dl", { class: "facts", "aria-live": "polite" });
  const path = svg("path", { class: "fall" });
  const dot = svg("circle", { class: "now", r: 5 });
  const chart = svg("svg", { class: "chart", viewBox: "0 0 240 56", "aria-hidden": "true" }, path, dot);
  const caption = el("small", {});
  const about = el("p", { class: "about", hidden: true }, t("语法写不出这段文字：没有真实概率，也就没有词可抽。", "The grammar cannot produce this text: there is no truth, and so no word to draw."));
  const swatch = (kind, words) => el("span", { class: "key" }, el("span", { class: `swatch ${kind}` }), words);

  root.append(
    el("header", {}, el("p", { class: "heading" }, title),
      el("p", { class: "legend" }, swatch("soft", t("老师的软标签", "teacher's soft label")), swatch("hard", t("抽到的词（硬标签）", "words drawn (hard label)")), swatch("pupil", t("学生", "student")), swatch("truth", t("真实概率", "truth")))),
    form,
    el("div", { class: "controls" },
      el("div", { class: "side" }, el("b", {}, t("老师给什么", "What the teacher gives")), warm.box, el("div", { class: "actions" }, draw, many, clear, tally)),
      el("div", { class: "side" }, el("b", {}, t("学生学成什么样", "What the student has learned")), students.length > 1 ? who : el("span", {}, students[0].name), when.box, el("div", { class: "course" }, chart, caption))),
    el("div", { class: "table", role: "table", "aria-label": t("下一个 token", "The next token") }, ...lines.map((l) => l.row)),
    about, facts, trouble.line);

  function slider(name, range, read) {
    const value = el("output", {});
    const input = el("input", { type: "range", "aria-label": name, ...range, oninput: () => { show(); paint(); } });
    const show = () => {
      value.textContent = read(Number(input.value));
      input.setAttribute("aria-valuetext", value.textContent);
    };
    return { input, show, box: el("label", { class: "slider" }, el("span", { class: "head" }, el("span", {}, name), value), input) };
  }

  function line() {
    const bar = (kind) => el("span", { class: `bar ${kind}` });
    const [soft, hard, pupil, truth] = ["soft", "hard", "pupil", "truth"].map(bar);
    const name = el("span", { class: "name", role: "rowheader" });
    const figures = ["soft", "hard", "pupil", "truth"].map((kind) => el("span", { class: `p ${kind}`, role: "cell" }));
    const row = el("div", { class: "candidate", role: "row" }, name,
      el("span", { class: "lane" }, soft, hard), figures[0], figures[1], el("span", { class: "lane" }, pupil, truth), figures[2], figures[3]);
    return { row, name, bars: [soft, hard, pupil, truth], figures };
  }

  function moments() {
    const { steps } = students[state.student];
    const last = steps.length - 1;
    const share = state.moments ? state.moment / Math.max(1, state.moments - 1) : 1; // the same stage of another student
    state.moments = steps.length;
    when.input.max = last;
    when.input.value = Math.round(share * last);
    when.show();
  }

  function forget() {
    state.drawn = [];
    state.draws = 0;
    state.turn = 0;
  }

  function drawn(n) {
    const probs = Float64Array.from(state.rows[0], (_, i) => state.truth.get(i) ?? 0);
    for (let i = 0; i < n; i += 1) {
      const token = pick(probs, uniform(model.get("seed"), state.turn));
      state.drawn[token] = (state.drawn[token] ?? 0) + 1;
      state.turn += 1;
    }
    state.draws += n;
    paint();
  }

  async function begin(text) {
    if (!text) {
      own.focus();
      return;
    }
    try {
      trouble.say("");
      root.setAttribute("aria-busy", "true");
      const [reply, buffers] = await ask(model, { context: text }, (late) => trouble.say(late ? silence(model) : ""));
      own.value = text;
      choice.value = [...texts.zh, ...texts.en].includes(text) ? text : "";
      plant(reply, buffers[0]);
    } catch (error) {
      trouble.say(error.message);
    } finally {
      root.removeAttribute("aria-busy");
    }
  }

  function plant(reply, bytes) {
    const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const models = place(students, students.length, 0);
    const vocabulary = all.length / models;
    state.rows = Array.from({ length: models }, (_, i) => all.subarray(i * vocabulary, (i + 1) * vocabulary));
    state.labels = new Map(reply.labels);
    state.truth = reply.truth && new Map(reply.truth);
    const teacher = softmax(state.rows[0]);
    const weight = (i) => Math.max(teacher[i], state.truth?.get(i) ?? 0);
    state.top = [...state.labels.keys()].sort((a, b) => weight(b) - weight(a)).slice(0, SHOWN);
    forget();
    paint();
  }

  function paint() {
    if (!state.rows.length) return;
    const { rows, truth, top, temperature: T } = state;
    const logits = rows[place(students, state.student, state.moment)];
    const teacher = soften(rows[0], T);
    const pupil = softmax(logits);
    const columns = [
      (i) => teacher[i],
      state.draws ? (i) => (state.drawn[i] ?? 0) / state.draws : null,
      (i) => pupil[i],
      truth ? (i) => truth.get(i) ?? 0 : null,
    ];
    lines.forEach(({ row, name, bars, figures }, at) => {
      const rest = at === SHOWN;
      row.hidden = !rest && at >= top.length;
      if (row.hidden) return;
      const word = rest ? t(`其余 ${rows[0].length - top.length} 个`, `${rows[0].length - top.length} others`) : state.labels.get(top[at]);
      name.textContent = word;
      row.classList.toggle("rest", rest);
      columns.forEach((of, k) => {
        const p = of && (rest ? Math.max(0, 1 - top.reduce((sum, i) => sum + of(i), 0)) : of(top[at]));
        bars[k].style.width = `${100 * (p ?? 0)}%`;
        figures[k].textContent = of ? percent(p) : "";
      });
    });
    tally.textContent = state.draws ? t(`抽了 ${state.draws} 次`, `${state.draws} drawn`) : "";
    for (const button of [draw, many, clear]) button.disabled = !truth;
    about.hidden = truth !== null;
    const fact = (term, value) => el("div", {}, el("dt", {}, term), el("dd", {}, value));
    const nats = (x) => `${x.toFixed(3)} ${t("nat", "nats")}`;
    const real = truth && Float64Array.from(rows[0], (_, i) => truth.get(i) ?? 0);
    facts.replaceChildren(...[
      fact(t("KL(老师 ‖ 学生)，都在温度 T", "KL(teacher ‖ student), both at T"), nats(divergence(teacher, logits, T))),
      fact(t("乘以 T²：蒸馏损失", "times T²: the distillation loss"), nats(T * T * divergence(teacher, logits, T))),
      real && fact(t("KL(真实 ‖ 学生)", "KL(truth ‖ student)"), nats(divergence(real, logits))),
      real && fact(t("KL(真实 ‖ 温度 T 的老师)", "KL(truth ‖ teacher at T)"), nats(divergence(real, rows[0], T))),
    ].filter(Boolean));
    caption.textContent = real ? t("离真实概率多远", "distance from the truth") : t("离老师多远", "distance from the teacher");
    fall(real ?? softmax(rows[0]));
  }

  // How far the student is from the goal at each of its moments, on a scale of its own.
  function fall(goal) {
    const values = students[state.student].steps.map((_, i) => divergence(goal, state.rows[place(students, state.student, i)]));
    const highest = Math.max(...values, 1e-9);
    const x = (i) => 8 + (224 * i) / Math.max(1, values.length - 1);
    const y = (v) => 48 - (40 * v) / highest;
    path.setAttribute("d", values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join(""));
    dot.setAttribute("cx", x(state.moment).toFixed(1));
    dot.setAttribute("cy", y(values[state.moment]).toFixed(1));
  }

  warm.show();
  moments();
  plant(model.get("start"), model.get("logits"));
}

export default { render };
