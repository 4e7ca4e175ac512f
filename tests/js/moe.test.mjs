import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const traffic = await widget("moe.js");

test("numbers of two and of four bytes are read from any place of a buffer", () => {
  const { buffer } = new Uint8Array([9, 1, 0, 255, 255, 2, 0, 0, 1]);
  assert.deepEqual(traffic.unpacked(new DataView(buffer, 1, 4), 2), [1, 65535]);
  assert.deepEqual(traffic.unpacked(new DataView(buffer, 5, 4), 4), [2 + 2 ** 24]);
  assert.deepEqual(traffic.unpacked(new DataView(buffer, 1, 0), 4), []);
});

test("more is denser, nothing is blank, the most is full", () => {
  assert.equal(traffic.depth(0, 0.5), 0);
  assert.equal(traffic.depth(0.5, 0.5), 1);
  assert.equal(traffic.depth(0.6, 0.5), 1);
  assert.ok(traffic.depth(0.0625, 0.5) > 0.3);
});

test("a map has a row for each expert and a column for each snapshot", () => {
  const pixels = traffic.loadMap([1, 0, 0.25, 0, 0.25, 1], 3, 1); // two snapshots of three experts
  assert.deepEqual([...pixels].filter((_, i) => i % 4 === 3), [255, 0, 0, 128, 128, 255]);
});

test("a press finds its column", () => {
  assert.deepEqual([0, 9.9, 10, 99, 100, -5, 500].map((x) => traffic.column(x, 100, 10)), [0, 0, 1, 9, 9, 0, 9]);
});

test("a curve lies over the middles of the columns", () => {
  assert.equal(traffic.curve([2, 1], [1, 2], 100, 50), "M25.0 0.0L75.0 50.0");
  assert.equal(traffic.curve([3], [3, 3], 100, 50), "M50.0 25.0");
});

test("where each kind goes", () => {
  const { totals, shares, received, every } = traffic.flow([1, 3, 0, 0, 5, 1], 2);
  assert.deepEqual(totals, [4, 0, 6]);
  assert.deepEqual(shares, [[0.25, 0.75], [0, 0], [5 / 6, 1 / 6]]);
  assert.deepEqual(received, [6, 4]);
  assert.deepEqual(every, [0.6, 0.4]);
});
