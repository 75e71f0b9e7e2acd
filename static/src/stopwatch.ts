// From the key that answered to the next place ready: its picture decoded, and the viewer's panels loaded.

const FRAME_MS = 16;
const PATIENCE_MS = 20_000;

export interface StopwatchWorld {
  now(): number;
  /** Resolves when the picture can be drawn; rejects when it cannot be had. */
  picture(url: string): Promise<unknown>;
  /** Whether all that the viewer shows is loaded. */
  viewerReady(): boolean;
  pause(milliseconds: number): Promise<void>;
}

export class Stopwatch {
  private run = 0;

  constructor(private readonly world: StopwatchWorld) {}

  /** Milliseconds since `pressed` once the place is ready; null if another was begun before, or it takes too long. */
  async time(pressed: number, pictureUrl: string): Promise<number | null> {
    const run = ++this.run;
    const picture = this.world.picture(pictureUrl).then(
      () => this.world.now(),
      () => null,
    );
    const [drawn, loaded] = await Promise.all([picture, this.viewerLoaded(run, pressed)]);
    if (run !== this.run || drawn === null || loaded === null) return null;
    return Math.max(drawn, loaded) - pressed;
  }

  /** Forget what is being timed. */
  stop(): void {
    this.run++;
  }

  /** The viewer must be ready twice in a row: it is so for a moment before it knows that it has moved. */
  private async viewerLoaded(run: number, pressed: number): Promise<number | null> {
    const { world } = this;
    let since: number | null = null;
    while (run === this.run && world.now() - pressed < PATIENCE_MS) {
      await world.pause(FRAME_MS);
      if (!world.viewerReady()) since = null;
      else if (since === null) since = world.now();
      else return since;
    }
    return null;
  }
}
