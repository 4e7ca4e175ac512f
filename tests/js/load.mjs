// A widget's page module as the browser gets it: common.js in front of its own files, as one text.
import { readFile } from "node:fs/promises";

const folder = new URL("../../aigc_course/widgets/", import.meta.url);

export async function widget(...names) {
  const texts = await Promise.all(["common.js", ...names].map((file) => readFile(new URL(file, folder), "utf8")));
  return import(`data:text/javascript,${encodeURIComponent(texts.join("\n"))}`);
}

// What tests/test_widgets.py wrote: inputs, and the results that Python gives for them.
export async function fixtures() {
  if (!process.env.AIGC_FIXTURES) throw new Error("run these through pytest tests/test_widgets.py, which writes the fixtures");
  return JSON.parse(await readFile(process.env.AIGC_FIXTURES, "utf8"));
}
