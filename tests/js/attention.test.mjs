import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const viewer = await widget("attention.js");

test("shares are read at their head and place", () => {
  const n = 3;
  const bytes = Uint8Array.from({ length: 2 * n * n }, (_, i) => i);
  assert.deepEqual(viewer.shares(bytes, 0, 0, n), [0, 1, 2].map((q) => q / 255));
  assert.deepEqual(viewer.shares(bytes, 1, 2, n), [15, 16, 17].map((q) => q / 255));
});

test("the strongest come first, of equal ones the left, nothing below the least", () => {
  assert.deepEqual(viewer.strongest([0.1, 0.4, 0.1, 0.4], 3, 0), [1, 3, 0]);
  assert.deepEqual(viewer.strongest([0.1, 0.4, 0.1, 0.4], 3, 0.2), [1, 3]);
  assert.deepEqual(viewer.strongest([0, 0], 1, 0), [0]);
  assert.deepEqual(viewer.strongest([0, 0], 1, 0.01), []);
});

test("the favourite of a head is its strongest place, the left of equal ones, none to the right", () => {
  const n = 3;
  const bytes = new Uint8Array(2 * n * n);
  bytes.set([0, 90, 90], n * n + 2 * n); // head 1, from 2
  bytes.set([10, 20, 250], n * n + n); // head 1, from 1: the last cannot be seen
  assert.equal(viewer.favourite(bytes, 1, 2, n), 1);
  assert.equal(viewer.favourite(bytes, 1, 1, n), 1);
  assert.equal(viewer.favourite(bytes, 1, 0, n), 0);
  assert.equal(viewer.favourite(bytes, 0, 2, n), 0);
});

test("chances are read at their setting and place, wherever the bytes begin", () => {
  const [settings, n, count] = [3, 2, 4];
  const numbers = Uint16Array.from({ length: settings * n * count }, (_, i) => 1000 * i);
  const bytes = new Uint8Array(1 + numbers.byteLength); // an odd offset, as in a message with several buffers
  const view = new DataView(bytes.buffer, 1);
  numbers.forEach((x, i) => view.setUint16(2 * i, x, true));
  const shifted = bytes.subarray(1);
  assert.deepEqual(viewer.chances(shifted, 0, 0, n, count), [0, 1, 2, 3].map((i) => (1000 * i) / 65535));
  assert.deepEqual(viewer.chances(shifted, 2, 1, n, count), [20, 21, 22, 23].map((i) => (1000 * i) / 65535));
});

test("a heat map has its rows from the top, nothing right of the diagonal, and denser colour for more", () => {
  const n = 3;
  const bytes = new Uint8Array(2 * n * n);
  bytes[n * n + 2 * n + 0] = 255; // head 1, from 2, to 0
  bytes[n * n + 2 * n + 1] = 64;
  const alpha = (head) => Array.from({ length: n * n }, (_, i) => viewer.heatMap(bytes, head, n)[4 * i + 3]);
  const one = alpha(1);
  assert.equal(one[6], 255);
  assert.ok(one[7] > one[8] && one[8] > 0);
  for (const hidden of [1, 2, 5]) assert.equal(one[hidden], 0);
  assert.deepEqual(new Set([0, 3, 4, 6, 7, 8].map((i) => alpha(0)[i])).size, 1); // head 0 looks nowhere
});

test("shares in words", () => {
  assert.deepEqual([0, 0.004, 0.0051, 0.348, 0.9999, 1].map(viewer.wholePercent), ["0%", "<1%", "1%", "35%", "100%", "100%"]);
});
