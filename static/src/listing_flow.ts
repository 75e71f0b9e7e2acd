// The list of labelled places at work: parts asked for, flights to its places, comments and reviews.

import type { Effect } from "./effects";
import { chosen, labelToReview, saidHere, targetOfPlace, type Filter, type Listing } from "./listing_store";
import type { ViewerBridge } from "./neuroglancer";
import type { XYZ } from "./protocol";
import type { Verdict } from "./protocol_listing";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";
import { addressOf, type State, type StoredMessage } from "./state";

const PART = 100; // places asked for at once
const MOST_RENEWED = 200;
const AHEAD = 30; // so many lines before the end the next part is asked for

export class ListingFlow {
  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: ViewerBridge,
  ) {}

  toggle(filter: Filter | null = null): void {
    const { listing } = this.world.state();
    if (listing?.open && !filter) return this.close();
    this.world.dispatch({ type: "listing-opened", filter });
  }

  close(): void {
    this.world.dispatch({ type: "listing-closed" });
  }

  filter(filter: Filter): void {
    this.world.dispatch({ type: "listing-filtered", filter });
  }

  /** The newest places that pass the filter. */
  ask(): void {
    this.send("anew", []);
  }

  /** The next part, when the lines that are shown come near the end of what is there. */
  shown(last: number): void {
    const { listing } = this.world.state();
    if (!listing?.open || listing.asked || listing.answer?.below == null) return;
    if (last + AHEAD >= listing.places.length) this.send("more", []);
  }

  /** Choose another line, fly there; keys label it from now on. */
  move(by: number): void {
    const { listing } = this.world.state();
    if (listing?.places.length) this.go(Math.min(Math.max(0, listing.at + by), listing.places.length - 1));
  }

  go(at: number): void {
    this.world.dispatch({ type: "listing-at", at });
    const { listing } = this.world.state();
    const place = listing?.places[at];
    if (place) this.fly(place.position_nm);
    this.shown(at);
  }

  /** Look at the chosen place again; where there is nothing to label, have the place embedded. */
  enter(): void {
    const { listing } = this.world.state();
    const place = chosen(listing);
    if (!place) return this.move(1);
    this.fly(place.position_nm);
    if (targetOfPlace(place)) return this.world.dispatch({ type: "target", target: targetOfPlace(place) });
    this.world.send({ type: "embed", request: newRequest(), position_nm: place.position_nm });
  }

  fly(position_nm: XYZ): void {
    const { hello } = this.world.state();
    if (hello) this.bridge.camera.flyTo(position_nm, hello.resolution_nm);
  }

  /** Begin to write a comment on what the keys label. */
  comment(): void {
    const { target, keysIn } = this.world.state();
    const about = target ? null : (saidHere(this.world.state())?.about ?? null);
    if (!target && about === null) return this.say("Nothing is chosen to comment on: Alt + click a cell, or click a point.");
    this.world.dispatch({ type: "commenting", on: { target, about, fromViewer: keysIn === "viewer" } });
  }

  /** Store the comment that was written, or (null) leave it. */
  commented(text: string | null): void {
    const { commenting, task } = this.world.state();
    if (!commenting) return;
    const target = commenting.target && addressOf(commenting.target);
    if (text !== null) {
      const { about } = commenting;
      if (!this.store({ type: "comment", request: newRequest(), task, text, target, about })) return;
    }
    this.world.dispatch({ type: "commenting", on: null });
    if (commenting.fromViewer) this.bridge.takeFocus();
  }

  /** Agree or disagree with the label of what the keys label. */
  review(verdict: Verdict): void {
    const state = this.world.state();
    const label = labelToReview(state);
    if (!label) return this.say("There is no label of somebody else here to agree or disagree with; your own is changed by another class.");
    if (label.verdict === verdict) return;
    this.store({ type: "review", request: newRequest(), task: state.task, about: label.uuid, verdict });
  }

  readonly follow: Effect = (state, before) => {
    const { listing } = state;
    const was = before?.listing ?? null;
    const told = state.labels[state.task] !== before?.labels[state.task];
    const welcomed = state.hello?.places !== before?.hello?.places; // a new connection; the device is told later
    if (listing?.open && state.connection === "open") {
      const other = !was?.open || was.task !== listing.task || was.filter !== listing.filter;
      if (other || welcomed) this.ask();
      else if (told) this.news(listing);
    }
    const { target } = state;
    if (target && state.connection === "open" && (target !== before?.target || told || welcomed)) this.look(state);
  };

  /** Something was said: while no line is chosen the newest are shown, else the lines stay and tell what they are now. */
  private news(listing: Listing): void {
    if (listing.asked && listing.asked.kind !== "renew") return;
    if (listing.at < 0) return this.ask();
    const first = Math.max(0, Math.min(listing.at - MOST_RENEWED / 2, listing.places.length - MOST_RENEWED));
    const lines = listing.places.slice(first, first + MOST_RENEWED).map((_, i) => first + i);
    this.send("renew", lines);
  }

  private look(state: State): void {
    if (!state.target) return;
    const request = newRequest();
    const sent = this.world.send({ type: "look", request, task: state.task, target: addressOf(state.target) });
    if (sent) this.world.dispatch({ type: "look-asked", request });
  }

  private send(kind: "anew" | "more" | "renew", renew: number[]): void {
    const { listing } = this.world.state();
    if (!listing) return;
    const request = newRequest();
    const { filter, places } = listing;
    const sent = this.world.send({
      type: "list",
      request,
      task: listing.task,
      mine: filter.mine,
      classes: filter.class === null ? [] : [filter.class],
      states: [...filter.states],
      text: filter.text,
      below: kind === "more" ? (listing.answer?.below ?? null) : null,
      count: kind === "renew" ? 0 : PART,
      renew: renew.map((at) => places[at].about),
    });
    if (sent) this.world.dispatch({ type: "listing-asked", asked: { request, kind, renew } });
  }

  private store(message: StoredMessage): boolean {
    const sent = this.world.send(message);
    if (sent) this.world.dispatch({ type: "sent-to-store", message });
    return sent;
  }

  private say(text: string): void {
    this.world.dispatch({ type: "problem", text });
  }
}
