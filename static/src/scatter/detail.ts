// Level of detail: where drawing all points is slow, a fair sample of them is drawn while the picture moves, and all of
// them once it rests.

/** At most so many points are drawn in every frame of a movement, and at least so many. */
export const MOVING_MOST = 300_000;
const MOVING_LEAST = 50_000;
const REST_MS = 150;
/** New colours or another selection are shown on the sample first, and the viewer draws its own before all points do. */
export const SETTLED_MS = 400;
const SLOW_MS = 60;
const POLL_MS = 8;
const MOST_ASKED = 5; // times that the GPU is asked whether it is free
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

  /** `free` calls back once nothing else is being drawn: the rest lasts until then. */
  constructor(
    private readonly rested: () => void,
    private readonly free: (then: () => void) => void = (then) => then(),
  ) {}

  get isOn(): boolean {
    return this.timer !== null;
  }

  /** It has moved just now, and rests if it does not move again within so many milliseconds. */
  moved(rest = REST_MS): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const timer = setTimeout(() => {
      this.free(() => {
        if (this.timer !== timer) return; // it has moved again
        this.timer = null;
        this.rested();
      });
    }, rest);
    this.timer = timer;
  }
}

/** Whether drawing all points holds up everything else: the GPU is asked when it has finished. */
export class Pace {
  /** Milliseconds that all points took last; until that is known, drawing them is taken for slow. */
  private took: number | null = null;
  private asking = false;

  constructor(private readonly gl: WebGL2RenderingContext) {}

  get isSlow(): boolean {
    return this.took === null || this.took > SLOW_MS;
  }

  /** How many of `rows` are drawn in time while the picture moves. */
  moving(rows: number): number {
    const inTime = Math.round((rows * SLOW_MS) / (this.took ?? SLOW_MS));
    return Math.min(rows, MOVING_MOST, Math.max(MOVING_LEAST, inTime));
  }

  /** All points have just been given to the GPU. */
  drawn(): void {
    if (this.asking) return;
    this.asking = true;
    this.finished((took) => {
      this.asking = false;
      this.took = took;
    });
  }

  /** Call back when the GPU, which the viewer draws with too, has nothing else to do; at last in any case. */
  free(then: () => void, asked = 1): void {
    this.finished((took) => (took > SLOW_MS && asked < MOST_ASKED ? this.free(then, asked + 1) : then()));
  }

  /** Tell how many milliseconds the GPU takes for all that it has been given. */
  private finished(tell: (took: number) => void): void {
    const { gl } = this;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!sync) return tell(0);
    gl.flush();
    const started = performance.now();
    const look = (): void => {
      const finished = gl.isContextLost() || gl.getSyncParameter(sync, gl.SYNC_STATUS) === gl.SIGNALED;
      if (!finished) return void setTimeout(look, POLL_MS);
      gl.deleteSync(sync);
      tell(performance.now() - started);
    };
    setTimeout(look, POLL_MS);
  }
}
