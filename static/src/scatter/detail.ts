// Level of detail: where drawing all points is slow, a fair sample of them is drawn while the picture moves, and all of
// them once it rests.

/** So many points are drawn in every frame of a movement. */
export const MOVING_MOST = 300_000;
const REST_MS = 150;
/** New colours or another selection are shown on the sample first, and the viewer draws its own before all points do. */
export const SETTLED_MS = 400;
const SLOW_MS = 60;
const POLL_MS = 8;
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

  /** It has moved just now, and rests if it does not move again within so many milliseconds. */
  moved(rest = REST_MS): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.rested();
    }, rest);
  }
}

/** Whether drawing all points holds up everything else: the GPU is asked when it has finished. */
export class Pace {
  /** Until it is known, it is taken for slow. */
  isSlow = true;
  private asking = false;

  constructor(private readonly gl: WebGL2RenderingContext) {}

  /** All points have just been given to the GPU. */
  drawn(): void {
    const { gl } = this;
    const sync = this.asking ? null : gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!sync) return;
    gl.flush();
    this.asking = true;
    const started = performance.now();
    const look = (): void => {
      const finished = gl.isContextLost() || gl.getSyncParameter(sync, gl.SYNC_STATUS) === gl.SIGNALED;
      if (!finished) return void setTimeout(look, POLL_MS);
      gl.deleteSync(sync);
      this.asking = false;
      this.isSlow = performance.now() - started > SLOW_MS;
    };
    setTimeout(look, POLL_MS);
  }
}
