import assert from "node:assert/strict";
import { test } from "node:test";

import { fixtures, widget } from "./load.mjs";

const explorer = await widget("tokens.js");
const { grouped, replays } = await fixtures();

test("groups of characters and pieces are Python's", () => {
  for (const { sizes, ends, expected } of grouped) {
    const found = explorer.groups(sizes, ends).map(({ chars, pieces }) => [...chars, ...pieces]);
    assert.deepEqual(found, expected, JSON.stringify({ sizes, ends }));
  }
});

test("each step of a replay has the pieces that Python gave", () => {
  for (const { replay, steps } of replays) {
    assert.equal(replay.joined.length + 1, steps.length);
    steps.forEach((ends, step) => assert.deepEqual(explorer.replayed(replay, step).ends, ends));
  }
});

test("the last merge names its two pieces, and the new piece ends where the right one did", () => {
  for (const { replay } of replays) {
    for (let step = 1; step <= replay.joined.length; step += 1) {
      const { left, right, places } = explorer.lastMerge(replay, step);
      const { ends, fresh } = explorer.replayed(replay, step);
      assert.equal(left[1], right[0]);
      assert.ok(!ends.includes(left[1]) && ends.includes(right[1]));
      assert.ok(fresh.has(right[1]));
      assert.equal(fresh.size, places);
    }
    assert.equal(explorer.lastMerge(replay, 0), null);
    assert.equal(explorer.replayed(replay, 0).fresh.size, 0);
  }
});

test("hex is cut at bytes", () => {
  assert.equal(explorer.hexOf("E4BBC8", 1, 3), "BB C8");
  assert.equal(explorer.hexOf("E4BBC8", 1, 1), "");
});
