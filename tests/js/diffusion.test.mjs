import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const desk = await widget("diffusion.js");

test("paintings lie by prompt, then seed, then guidance", () => {
  const seen = [];
  for (let prompt = 0; prompt < 2; prompt += 1)
    for (let seed = 0; seed < 3; seed += 1)
      for (let guidance = 0; guidance < 4; guidance += 1) seen.push(desk.place({ prompt, seed, guidance }, 3, 4));
  assert.deepEqual(seen, Array.from({ length: 24 }, (_, i) => i));
});

test("a text falls into its words and what lies between, nothing lost", () => {
  const text = "a red circle, a star 🌟";
  const found = desk.pieces(text, ["a", "red", "circle", ",", "a", "star", "🌟"]);
  assert.equal(found.map(([piece]) => piece).join(""), text);
  assert.deepEqual(found.filter(([, i]) => i !== null).map(([, i]) => i), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(desk.pieces("白色背景", ["白色", "背景"]), [["白色", 0], ["背景", 1]]);
  assert.deepEqual(desk.pieces(" ", []), [[" ", null]]);
});

test("what differs is named only where prompts have the same number of words", () => {
  assert.deepEqual([...desk.differing([["a", "red", "star"], ["a", "blue", "star"]])], [1]);
  assert.deepEqual([...desk.differing([["a"], ["a", "star"]])], []);
  assert.deepEqual([...desk.differing([["a", "star"]])], []);
});

test("shares are read at their step and word", () => {
  const bytes = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
  assert.deepEqual(desk.shares(bytes, 1, 2, 3, 4), [20, 21, 22, 23].map((q) => (q / 255) ** 2));
  assert.deepEqual(desk.shares(bytes, 0, 0, 3, 4)[0], 0);
});

test("heat is of one scale for all words, or of each word's own", () => {
  assert.deepEqual(desk.heat([0, 0.1, 0.4], 0.4), [0, 0.25, 1]);
  assert.deepEqual(desk.heat([0, 0], 0), [0, 0]);
  assert.deepEqual(desk.heat([0.25, 0.5, 0.75]), [0, 0.5, 1]);
  assert.deepEqual(desk.heat([0.3, 0.3]), [0, 0]);
});

test("shares in words", () => {
  assert.deepEqual([0, 0.004, 0.0051, 0.348, 0.9999].map(desk.wholePercent), ["0%", "<1%", "1%", "35%", "100%"]);
  assert.deepEqual([0.275, 0.0051, 0.004, 0.9999].map(desk.parts), [["28%", "72%"], ["1%", "99%"], ["<1%", "100%"], ["100%", "<1%"]]);
});

test("heat colours its own places and nothing else", () => {
  const pixels = new Uint8ClampedArray(4 * 4 * 4).fill(255);
  const made = desk.heated(pixels, 4, 4, [1, 0, 0, 0], 2, 2);
  const at = (x, y) => [...made.slice(4 * (4 * y + x), 4 * (4 * y + x) + 4)];
  const [r, g, b, a] = at(1, 1);
  assert.ok(r > g && g > b && a === 255);
  for (const [x, y] of [[2, 0], [0, 2], [3, 3]]) {
    const [red, green, blue] = at(x, y);
    assert.ok(red === green && green === blue && red > 200);
  }
});
