// What the steering wheel reckons and remembers, without a page: pure functions, tested against Python.

// ---- maths: pure functions, the same as transformers' logits warpers ------------------------------------------------

// Indices of the logits from lowest to highest; equal ones keep their order, as in torch's sort on a CPU.
export function rank(logits) {
  return Uint32Array.from(logits, (_, i) => i).sort((a, b) => logits[a] - logits[b] || a - b);
}

// Probabilities of logits; -Infinity gives 0. The largest is subtracted first, so that exp cannot overflow.
export function softmax(logits) {
  let highest = -Infinity;
  for (const x of logits) if (x > highest) highest = x;
  const weights = Float64Array.from(logits, (x) => Math.exp(x - highest));
  const total = weights.reduce((sum, x) => sum + x, 0);
  return weights.map((x) => x / total);
}

// Keep the k highest; a tie with the k-th is kept too.
export function topK(logits, k, order = rank(logits)) {
  const kth = logits[order[Math.max(0, order.length - k)]];
  return logits.map((x) => (x < kth ? -Infinity : x));
}

// Keep the fewest likeliest tokens whose probabilities reach p together, at least one.
export function topP(logits, p, order = rank(logits)) {
  const probs = softmax(logits);
  const kept = logits.slice();
  let below = 0;
  for (const i of order.subarray(0, order.length - 1)) {
    below += probs[i];
    if (below > 1 - p) break;
    kept[i] = -Infinity;
  }
  return kept;
}

// Keep the tokens at least p times as likely as the likeliest.
export function minP(logits, p) {
  const probs = softmax(logits);
  const least = p * probs.reduce((a, b) => Math.max(a, b), 0);
  return logits.map((x, i) => (probs[i] < least ? -Infinity : x));
}

export const NEUTRAL = { temperature: 1, topK: 0, topP: 1, minP: 0 };

// Probabilities after temperature, top-k, top-p, min-p, in this order; 0 for what is cut. topK 0, topP 1, minP 0: off.
export function warp(logits, settings, order = rank(logits)) {
  let scores = Float64Array.from(logits, (x) => x / settings.temperature);
  if (settings.topK > 0) scores = topK(scores, settings.topK, order);
  if (settings.topP < 1) scores = topP(scores, settings.topP, order);
  if (settings.minP > 0) scores = minP(scores, settings.minP);
  return softmax(scores);
}

// The n-th random number in [0, 1) of a seed (mulberry32, T. Ettinger 2017): the same pair gives the same number.
export function uniform(seed, n) {
  let x = (seed + Math.imul(n + 1, 0x6d2b79f5)) | 0;
  x = Math.imul(x ^ (x >>> 15), x | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
}

// The index that u in [0, 1) falls on when the probabilities lie end to end.
export function pick(probs, u) {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < probs.length; i += 1) {
    if (probs[i] === 0) continue;
    last = i;
    sum += probs[i];
    if (u < sum) return i;
  }
  return last;
}

// 0.7031 → "70.3%"; what is there but tiny is not called 0.
export function percent(p) {
  if (p < 1e-12) return "0";
  if (p < 0.0005) return "<0.1%";
  return p > 0.9995 ? "100%" : `${(100 * p).toFixed(1)}%`;
}

// ---- the tree of texts ----------------------------------------------------------------------------------------------

// A node is a text: its parent's text and one more token. `at` numbers the tokens from 0.
export function node(parent, token) {
  const made = { parent, token, at: parent ? parent.at + 1 : 0, children: [], context: null };
  if (parent) parent.children.push(made);
  return made;
}

// The child of `parent` with this token, made when it is new: going the same way twice gives one branch.
export function grow(parent, token) {
  return parent.children.find((child) => child.token === token) ?? node(parent, token);
}

// The nodes from the first token to `leaf`.
export function path(leaf) {
  const nodes = [];
  for (let n = leaf; n; n = n.parent) nodes.unshift(n);
  return nodes;
}

// The tree as nested stretches without a fork: {nodes: […], forks: […]}.
export function stretches(start) {
  const nodes = [start];
  let last = start;
  while (last.children.length === 1) nodes.push((last = last.children[0]));
  return { nodes, forks: last.children.map(stretches) };
}
