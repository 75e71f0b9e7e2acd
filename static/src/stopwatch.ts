// From the key that answered to the next place ready: its picture decoded, and the viewer's panels loaded and drawn.

const FRAME_MS = 16;
const PATIENCE_MS = 20_000;

export interface StopwatchWorld {
  now(): number;
  /** Resolves when the picture can be drawn; rejects when it cannot be had. */
  picture(url: string): Promise<unknown>;
  /** Whether all that the viewer shows is loaded. */
  viewerReady(): boolean;
  /** Resolves when the viewer has drawn what is loaded. */
  drawn(): Promise<void>;
  pause(milliseconds: number): Promise<void>;
}

export interface Measured {
  /** Null if it takes too long, or the picture cannot be had. */
  readonly milliseconds: number | null;
  /** Whether another one was begun before this one was done. */
  readonly overtaken: boolean;
}

export class Stopwatch {
  private run = 0;
  private done = 0;

  constructor(private readonly world: StopwatchWorld) {}

  /** Whether something is being timed. */
  get running(): boolean {
    return this.done !== this.run;
  }

  /** Milliseconds since `pressed` once the place is ready. */
  async time(pressed: number, pictureUrl: string): Promise<Measured> {
    const run = ++this.run;
    const { world } = this;
    const picture = world.picture(pictureUrl).then(
      () => world.now(),
      () => null,
    );
    const loaded = await this.viewerLoaded(run, pressed);
    if (run !== this.run) return { milliseconds: null, overtaken: true };
    if (loaded) await world.drawn();
    const drawn = world.now();
    const decoded = await picture;
    if (run !== this.run) return { milliseconds: null, overtaken: true };
    this.done = run;
    const ready = loaded && decoded !== null;
    return { milliseconds: ready ? Math.max(drawn, decoded) - pressed : null, overtaken: false };
  }

  /** Forget what is being timed. */
  stop(): void {
    this.done = ++this.run;
  }

  private async viewerLoaded(run: number, pressed: number): Promise<boolean> {
    const { world } = this;
    while (run === this.run && world.now() - pressed < PATIENCE_MS) {
      if (world.viewerReady()) return true;
      await world.pause(FRAME_MS);
    }
    return false;
  }
}
