// The attention viewer. Python sends the attention of every head and every prediction once; the page only looks.

function render({ model, el: host }) {
  const t = translator(model);
  frame(model, host, "heads", t("注意力观察器", "The attention viewer")).append(el("p", {}, model.get("texts")[0].text));
}

export default { render };
