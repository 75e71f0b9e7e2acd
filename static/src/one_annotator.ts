// One browser profile holds one cookie, and so one annotator: a page that another one's address has taken it from hears
// of it here, from that one's page, before its requests fail or go out under the wrong name.

const CHANNEL = "segclr annotator";

/**
 * Tells the other pages of this browser who has signed in; `replaced` is called when that was another one than here,
 * `again` when it was the same one, perhaps in a new run.
 */
export class OneAnnotator {
  private readonly channel = new BroadcastChannel(CHANNEL);
  private me: string | null = null;

  constructor(replaced: (by: string) => void, again: () => void) {
    this.channel.onmessage = (event: MessageEvent<unknown>) => {
      if (this.me === null || typeof event.data !== "string") return;
      if (event.data === this.me) again();
      else replaced(event.data);
    };
  }

  /** This page is of that annotator. */
  isHere(annotator: string): void {
    this.me = annotator;
    this.channel.postMessage(annotator);
  }
}
