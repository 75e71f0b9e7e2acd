// What is timed of a plot, the same for both: from the call until the GPU has finished the frame that follows from it.

export interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly classes: Uint8Array;
  readonly confidences: Uint8Array;
}

export type Polygon = readonly (readonly [number, number])[];

/** Every promise is kept when the frame has been given to the GPU. */
export interface Plot {
  first(points: Points): Promise<void>;
  recolor(points: Points): Promise<void>;
  /** A step of a pan by hand. */
  pan(pixels: number): Promise<void>;
  /** Looks elsewhere with all points drawn. */
  look(x: number): Promise<void>;
  /** `found` is called with the number of points inside as soon as they are known. */
  select(polygon: Polygon, found: (count: number) => void): Promise<void>;
  gl(): WebGLRenderingContext | WebGL2RenderingContext;
}

const REST_MS = 2500; // a plot goes on to draw after a movement

export class Bench {
  /** What the lasso held, and the milliseconds until that was known each time. */
  inside = 0;
  readonly found: number[] = [];
  private points: Points | null = null;

  constructor(private readonly plot: Plot) {}

  async load(url: string, rows: number): Promise<void> {
    const bytes = await (await fetch(url)).arrayBuffer();
    this.points = {
      x: new Float32Array(bytes, 0, rows),
      y: new Float32Array(bytes, 4 * rows, rows),
      classes: new Uint8Array(bytes, 8 * rows, rows),
      confidences: new Uint8Array(bytes, 9 * rows, rows),
    };
  }

  /** Milliseconds of an action, done some times. */
  async repeat(action: "first" | "recolor" | "pan" | "look" | "lasso", times: number, polygon: Polygon): Promise<number[]> {
    const took: number[] = [];
    for (let i = 0; i < times; i++) took.push(await this.time(this.action(action, i, polygon)));
    return took;
  }

  /** Until nothing more follows from what was done. */
  rest(): Promise<void> {
    return new Promise((done) => setTimeout(done, REST_MS));
  }

  private action(action: string, turn: number, polygon: Polygon): () => Promise<void> {
    if (action === "first") return () => this.plot.first(this.known);
    if (action === "pan") return () => this.plot.pan(turn % 2 ? 40 : -40);
    if (action === "look") return () => this.plot.look(turn % 2 ? 0.1 : 0);
    if (action === "recolor") {
      const { classes, ...same } = this.known;
      this.points = { ...same, classes: classes.map((one) => (one + 1) % 13) };
      return () => this.plot.recolor(this.known);
    }
    const started = performance.now();
    return () =>
      this.plot.select(polygon, (inside) => {
        this.inside = inside;
        this.found.push(performance.now() - started);
      });
  }

  private get known(): Points {
    if (!this.points) throw new Error("nothing is loaded");
    return this.points;
  }

  private async time(work: () => Promise<void>): Promise<number> {
    const started = performance.now();
    await work();
    finish(this.plot.gl());
    return performance.now() - started;
  }
}

export function frame(): Promise<void> {
  return new Promise((done) => requestAnimationFrame(() => done()));
}

/** Reading a pixel back waits until all before it is drawn. */
function finish(gl: WebGLRenderingContext | WebGL2RenderingContext): void {
  const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING) as WebGLFramebuffer | null;
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
}

declare global {
  interface Window {
    bench: Bench;
  }
}
