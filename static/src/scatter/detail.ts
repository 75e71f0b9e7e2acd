// Level of detail: while the picture moves a fair sample of many points is drawn, and all of them once it rests.

/** So many points are drawn in every frame of a movement. */
export const MOVING_MOST = 300_000;
const REST_MS = 150;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * `count` of `rows`, none twice. Steps of the golden ratio of all rows fall evenly into any stretch of them (Weyl 1916),
 * so that no cell is over-represented, and repeat no period of the table. The same rows every time: nothing flickers.
 */
export function fairSample(rows: number, count: number): Uint32Array {
  const sample = new Uint32Array(Math.min(rows, count));
  let step = Math.max(1, Math.round(rows * GOLDEN));
  while (divisor(step, rows) > 1) step += 1;
  for (let i = 1; i < sample.length; i++) sample[i] = (sample[i - 1] + step) % rows;
  return sample;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Whether the picture moves. */
export class Motion {
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly rested: () => void) {}

  get isOn(): boolean {
    return this.timer !== null;
  }

  /** It has moved just now. */
  moved(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.rested();
    }, REST_MS);
  }
}
