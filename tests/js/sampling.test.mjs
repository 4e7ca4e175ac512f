import assert from "node:assert/strict";
import { test } from "node:test";

import { fixtures, widget } from "./load.mjs";

const wheel = await widget("sampling_maths.js", "sampling.js");
const { warped, draws, randoms, percents } = await fixtures();

// JSON has no infinities: the fixtures write them as text
const numbers = (list) => list.map(Number);

for (const { name, logits, settings, expected } of warped) {
  test(`warp, ${name}, ${JSON.stringify(settings)}`, () => {
    const probs = wheel.warp(Float32Array.from(numbers(logits)), settings);
    assert.equal(probs.length, expected.length);
    probs.forEach((p, i) => {
      assert.equal(p === 0, expected[i] === 0, `token ${i} is cut in one and not in the other: ${p}, ${expected[i]}`);
      assert.ok(Math.abs(p - expected[i]) < 1e-9, `token ${i}: ${p} is not ${expected[i]}`);
    });
  });
}

test("a warp leaves the logits as they were", () => {
  const logits = Float32Array.from([3, 1, 2]);
  wheel.warp(logits, { temperature: 0.5, topK: 1, topP: 0.5, minP: 0.5 });
  assert.deepEqual([...logits], [3, 1, 2]);
});

test("rank sorts upward and keeps the order of equal logits", () => {
  assert.deepEqual([...wheel.rank([2, 1, 2, -Infinity, 1])], [3, 1, 4, 0, 2]);
});

test("pick finds the token that u falls on", () => {
  for (const { probs, u, expected } of draws) assert.equal(wheel.pick(Float64Array.from(probs), u), expected);
});

test("pick never takes a token of probability 0, even where rounding leaves the sum below u", () => {
  assert.equal(wheel.pick([0, 0.5, 0.4999999, 0], 0.99999999), 2);
  assert.equal(wheel.pick([0, 1], 0), 1);
});

test("pick gives a border to the token that begins there", () => {
  assert.equal(wheel.pick([0.5, 0.5], 0.5), 1);
  assert.equal(wheel.pick([0.5, 0.5], 0), 0);
});

test("top-p 0 still keeps the likeliest token", () => {
  assert.deepEqual([...wheel.topP(Float64Array.from([1, 3, 2]), 0)], [-Infinity, 3, -Infinity]);
  assert.deepEqual([...wheel.topP(Float64Array.from([5]), 0)], [5]);
});

test("the random numbers are mulberry32's", () => {
  for (const { seed, n, expected } of randoms) assert.equal(wheel.uniform(seed, n), expected);
});

test("percentages are written as in Python", () => {
  for (const [p, expected] of percents) assert.equal(wheel.percent(p), expected);
});

test("the tree: going the same way twice gives one branch", () => {
  const start = wheel.node(wheel.node(null, 1), 2);
  const a = wheel.grow(start, 7);
  const b = wheel.grow(start, 8);
  assert.equal(wheel.grow(start, 7), a);
  assert.deepEqual(wheel.path(b).map((n) => n.token), [1, 2, 8]);
  assert.equal(b.at, 2);
  const { nodes, forks } = wheel.stretches(wheel.path(a)[0]);
  assert.deepEqual(nodes.map((n) => n.token), [1, 2]);
  assert.deepEqual(forks.map((f) => f.nodes.map((n) => n.token)), [[7], [8]]);
});
