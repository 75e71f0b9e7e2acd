// Selections as bitsets, one bit per table row: combining two is one loop, and a million rows are 122 kB.

import type { SelectMode } from "../protocol_selection";

export function emptyBits(rows: number): Uint32Array {
  return new Uint32Array((rows + 31) >>> 5);
}

export function bitsOf(rows: Iterable<number>, total: number): Uint32Array {
  const bits = emptyBits(total);
  for (const row of rows) if (row >= 0 && row < total) bits[row >>> 5] |= 1 << (row & 31);
  return bits;
}

export function has(bits: Uint32Array, row: number): boolean {
  return ((bits[row >>> 5] >>> (row & 31)) & 1) === 1;
}

/** `old` with `now` put in its place, added to it, taken away from it, or what is in both. */
export function combine(mode: SelectMode, old: Uint32Array | null, now: Uint32Array): Uint32Array {
  if (mode === "replace") return now;
  if (!old) return mode === "add" ? now : new Uint32Array(now.length);
  if (mode === "add") return now.map((word, i) => old[i] | word);
  return mode === "subtract" ? now.map((word, i) => old[i] & ~word) : now.map((word, i) => old[i] & word);
}

/** The rows whose class is not hidden. */
export function without(bits: Uint32Array, classes: Uint8Array | null, hidden: ReadonlySet<number>): Uint32Array {
  if (!classes || hidden.size === 0) return bits;
  const kept = bits.slice();
  for (let row = 0; row < classes.length; row++) {
    if (has(kept, row) && hidden.has(classes[row])) kept[row >>> 5] &= ~(1 << (row & 31));
  }
  return kept;
}

export function countBits(bits: Uint32Array): number {
  let count = 0;
  for (let word of bits) {
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}

/** One byte per row, the form that the GPU takes. */
export function unpack(bits: Uint32Array, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bits[i >>> 5] >>> (i & 31)) & 1;
}
