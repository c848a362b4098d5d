/**
 * @param {number[]} places -1: none
 * @returns {Set<number>} the indices of a longest run of places that rises (patience sorting, O(n log n))
 */
export function rising(places) {
  const tails = /** @type {number[]} */ ([]), before = /** @type {number[]} */ ([]);
  places.forEach((place, i) => {
    if (place < 0) return;
    const length = lengthBelow(tails, places, place);
    before[i] = tails[length - 1];
    tails[length] = i;
  });
  const run = new Set();
  for (let i = tails.at(-1); i != null; i = before[i]) run.add(i);
  return run;
}

/** @param {number[]} tails @param {number[]} places @param {number} place how long the longest run is that ends below a place */
function lengthBelow(tails, places, place) {
  let low = 0, high = tails.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[tails[middle]] < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
