// The list of labelled places, what stands about the target, and the comment that is being written: a part of the
// reducer in store.ts. The list holds the parts that were asked for, in the order of that time: a place labelled anew
// stays where it is until the list is asked for anew.

import { aimed } from "./aiming";
import type { Attached, Listed, ListedPlace, PlaceState, Said, Seen } from "./protocol_listing";
import type { State, Target } from "./state";

export interface Filter {
  readonly mine: boolean;
  /** Its id. */
  readonly class: string | null;
  readonly states: readonly PlaceState[];
  readonly text: string;
}

export const NO_FILTER: Filter = { mine: false, class: null, states: [], text: "" };

interface Asked {
  readonly request: string;
  readonly kind: "anew" | "more" | "renew";
  /** The places to be renewed, by their index. */
  readonly renew: readonly number[];
}

export interface Listing {
  readonly task: string;
  readonly open: boolean;
  readonly filter: Filter;
  readonly asked: Asked | null;
  /** Null before the first answer. */
  readonly answer: Pick<Listed, "total" | "below" | "counts"> | null;
  readonly places: readonly ListedPlace[];
  /** The place that is chosen, -1 for none. */
  readonly at: number;
}

/** A comment that is being written, and what it is about. */
export interface Commenting {
  readonly target: Target | null;
  readonly about: string | null;
  /** Whether the keys were in the viewer before. */
  readonly fromViewer: boolean;
}

export type ListingEvent =
  | { type: "listing-opened"; filter: Filter | null }
  | { type: "listing-closed" }
  | { type: "listing-filtered"; filter: Filter }
  | { type: "listing-asked"; asked: Asked }
  | { type: "listing-at"; at: number }
  | { type: "look-asked"; request: string }
  | { type: "commenting"; on: Commenting | null }
  | { type: "attached-read" };

export function listingReduce(state: State, event: ListingEvent): State {
  const { listing } = state;
  switch (event.type) {
    case "listing-opened": {
      const known = listing?.task === state.task ? listing : fresh(state.task);
      const filter = event.filter ?? known.filter;
      const evaluation = state.evaluation && { ...state.evaluation, open: false };
      const similar = state.similar && { ...state.similar, open: false };
      return { ...state, evaluation, similar, listing: { ...known, filter, open: true, asked: null } };
    }
    case "listing-closed":
      return { ...state, listing: listing && { ...listing, open: false } };
    case "listing-filtered":
      return { ...state, listing: listing && { ...listing, filter: event.filter } };
    case "listing-asked":
      return { ...state, listing: listing && { ...listing, asked: event.asked } };
    case "listing-at": {
      const place = listing?.places[event.at];
      if (!listing || !place) return state;
      return aimed({ ...state, listing: { ...listing, at: event.at } }, targetOfPlace(place));
    }
    case "look-asked":
      return { ...state, looking: event.request };
    case "commenting":
      return { ...state, commenting: event.on };
    case "attached-read":
      return { ...state, attached: null };
  }
}

function fresh(task: string): Listing {
  return { task, open: false, filter: NO_FILTER, asked: null, answer: null, places: [], at: -1 };
}

/** A part of the list; only the answer to what was asked last is taken. */
export function listed(state: State, message: Listed): State {
  const { listing } = state;
  const asked = listing?.asked;
  if (!listing || asked?.request !== message.request || message.task !== listing.task) return state;
  const { total, below, counts } = message;
  const done = { ...listing, asked: null };
  switch (asked.kind) {
    case "anew":
      return { ...state, listing: { ...done, answer: { total, below, counts }, places: message.places, at: again(listing, message) } };
    case "more": {
      const places = [...listing.places, ...message.places];
      return { ...state, listing: { ...done, answer: { total, below, counts }, places } };
    }
    case "renew": {
      const places = [...listing.places];
      asked.renew.forEach((at, i) => (places[at] = message.renewed[i] ?? emptied(places[at])));
      const answer = { total, counts, below: listing.answer?.below ?? null };
      return { ...state, listing: { ...done, answer, places } };
    }
  }
}

/** Where the chosen place is in a new list, -1 where it is not in its first part. */
function again(listing: Listing, message: Listed): number {
  const known = new Set(listing.places[listing.at]?.statements.map((said) => said.uuid));
  return message.places.findIndex((place) => place.statements.some((said) => known.has(said.uuid)));
}

/** A place of which everything was taken back keeps its line, so that the lines below stay where they are. */
function emptied(place: ListedPlace): ListedPlace {
  return { ...place, class: null, statements: [], comments: [], reattached: null };
}

export function seen(state: State, message: Seen): State {
  return message.request === state.looking ? { ...state, seen: message } : state;
}

export function attached(state: State, message: Attached): State {
  const told = message.moved + message.conflict + message.lost > 0;
  return { ...state, attached: told ? message : null, status: told ? state.status : message.text };
}

/** What keys label when the list is at this place; null where neither a point nor a remembered place is. */
export function targetOfPlace(place: ListedPlace): Target | null {
  if (place.row !== null) return { kind: "row", row: place.row };
  return place.place === null ? null : { kind: "place", place: place.place };
}

/** The line of the open list that is chosen. */
export function chosen(listing: Listing | null): ListedPlace | null {
  return listing?.open ? (listing.places[listing.at] ?? null) : null;
}

/** Whether the open list shows the target as what is chosen. */
export function isChosen(state: State): boolean {
  const place = chosen(state.listing);
  const target = place && targetOfPlace(place);
  const now = state.target;
  if (!target || !now || target.kind !== now.kind) return false;
  return target.kind === "row" ? target.row === (now as typeof target).row : target.place === (now as typeof target).place;
}

/** All that stands about what the keys label; of the list's place where there is nothing to label. */
export function saidHere(state: State): ListedPlace | null {
  if (!state.target) return chosen(state.listing);
  return state.seen?.task === state.task ? state.seen.place : null;
}

/** The label that a review is about: the newest by somebody else, or else the newest. */
export function labelToReview(state: State): Said | null {
  const labels = saidHere(state)?.statements.filter((said) => said.kind === "label") ?? [];
  return labels.filter((said) => said.annotator !== state.hello?.annotator).at(-1) ?? null;
}
