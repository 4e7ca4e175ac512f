// Shared by every widget of the course: base.py puts this text in front of the widget's own, as one ES module.

// translator(model)(zh, en): the words in the widget's language.
export function translator(model) {
  return (zh, en) => (model.get("lang") === "zh" ? zh : en);
}

// el("button", {class: "x", onclick: f, "aria-label": "…"}, child, "text", …): an HTML element.
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// svg("rect", {x: 1}, …): the same for SVG.
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

// A number that no other view of the same model uses, for matching replies to questions.
let asked = 0;
const page = Math.random().toString(36).slice(2);

// ask(model, {kind: "…", …}, slow): a promise of [reply, buffers] from Python's CourseWidget.answer.
// It is rejected with an Error that a learner can read when Python refuses. slow(true) is called when Python has kept
// silent for `patience` ms, slow(false) when it answers after all: the page never waits without saying so.
export function ask(model, question, slow = () => {}, patience = 4000) {
  const number = `${page}-${(asked += 1)}`;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      slow(true);
    }, patience);
    const listen = (reply, buffers) => {
      if (reply.number !== number) return;
      clearTimeout(timer);
      model.off("msg:custom", listen);
      if (late) slow(false);
      if (reply.error) reject(new Error(translator(model)(reply.error.zh, reply.error.en)));
      else resolve([reply, buffers]);
    };
    model.on("msg:custom", listen);
    try {
      model.send({ ...question, number });
    } catch {
      // a kernel that has stopped: JupyterLab refuses at once
      listen({ number, error: SILENCE });
    }
  });
}

const SILENCE = {
  zh: "Python 没有回应：它正忙，或者已经停止。等一会儿；仍没有反应，就重新运行这个单元格。",
  en: "Python is not answering: it is busy, or it has stopped. Wait a moment; if nothing changes, run this cell again.",
};

// The sentence for ask's slow().
export function silence(model) {
  return translator(model)(SILENCE.zh, SILENCE.en);
}

// A line under the widget that says what went wrong; screen readers read it out. Empty text hides it.
export function notice() {
  const line = el("p", { class: "aigc-notice", role: "alert", hidden: true });
  return {
    line,
    say(text) {
      line.textContent = text;
      line.hidden = !text;
    },
  };
}

// wait(f, ms): calls f once, when no further call came for ms.
export function debounce(f, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), ms);
  };
}

// The outer box of a widget, put into `host`. Keys pressed inside stay inside: JupyterLab would take arrows, Enter and
// letters for its own commands (the attribute tells its Lumino, stopPropagation the classic notebook).
export function frame(model, host, name, title) {
  const root = el("section", {
    class: `aigc ${name}`,
    lang: model.get("lang") === "zh" ? "zh-CN" : "en",
    "aria-label": title,
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => event.stopPropagation(),
  });
  host.replaceChildren(root);
  return root;
}

// One stop of the Tab key for a row or column of buttons, or a grid with `across` in each row; arrows, Home and End move
// inside it.
export function roving(container, across = 1) {
  const buttons = () => [...container.querySelectorAll("button:not(:disabled):not([hidden])")];
  const settle = (current) => {
    for (const button of buttons()) button.tabIndex = button === current ? 0 : -1;
  };
  container.addEventListener("focusin", (event) => settle(event.target));
  container.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + across, ArrowLeft: at - 1, ArrowUp: at - across, Home: 0, End: all.length - 1 };
    if (at < 0 || !(event.key in to)) return;
    event.preventDefault();
    all[to[event.key]]?.focus();
  });
  return () => {
    const all = buttons();
    settle(all.find((button) => button === document.activeElement) ?? all.find((b) => b.tabIndex === 0) ?? all[0]);
  };
}

// What plays a row of pictures, one every `pace` ms: {button, which also pauses; stop; playing}. place() gives
// [at, last], go(at) shows a picture. At the end it stops, and begins again from the start.
export function player(model, pace, place, go) {
  const t = translator(model);
  let timer = null;
  const button = el("button", { class: "main play", onclick: () => (timer ? stop() : start()) });
  const label = () => { button.textContent = timer ? t("暂停", "Pause") : t("播放", "Play"); };

  function start() {
    timer = setInterval(() => {
      const [at, last] = place();
      if (at + 1 >= last) stop();
      go(at + 1);
    }, pace);
    label();
    const [at, last] = place();
    go(at >= last ? 0 : at);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    label();
  }

  label();
  return { button, stop, playing: () => timer !== null };
}

// 0.348 → "35%"; what is there but small is not called 0.
export function wholePercent(x) {
  return x > 0 && x < 0.005 ? "<1%" : `${Math.round(100 * x)}%`;
}
