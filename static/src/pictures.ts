// Pictures that are fetched while the pointer passes over points: given up when it leaves, the newest ones kept.

export interface PictureWorld {
  fetch(url: string, signal: AbortSignal): Promise<Blob>;
  /** An address for what was fetched, until it is dropped. */
  keep(picture: Blob): string;
  drop(address: string): void;
}

const KEPT = 96;

export class Pictures {
  /** The least recently seen first. */
  private readonly kept = new Map<string, string>();

  constructor(
    private readonly world: PictureWorld,
    private readonly most = KEPT,
  ) {}

  /** An address of the picture that needs no server; rejects when `signal` gives it up, or there is none. */
  async get(url: string, signal: AbortSignal): Promise<string> {
    const known = this.kept.get(url);
    const address = known ?? this.world.keep(await this.world.fetch(url, signal));
    const twice = known === undefined ? this.kept.get(url) : undefined;
    if (twice !== undefined) this.world.drop(twice);
    this.kept.delete(url);
    this.kept.set(url, address);
    for (const [oldest, unseen] of this.kept) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(oldest);
      this.world.drop(unseen);
    }
    return address;
  }
}

export function browserPictures(): Pictures {
  return new Pictures({
    fetch: async (url, signal) => {
      const response = await fetch(new URL(url, location.href), { credentials: "same-origin", signal });
      if (!response.ok) throw new Error(`The server answered ${response.status} for ${url}.`);
      return response.blob();
    },
    keep: (picture) => URL.createObjectURL(picture),
    drop: (address) => URL.revokeObjectURL(address),
  });
}
