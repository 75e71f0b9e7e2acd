// The places' part of the state: answers to clicks, and news of places that are known.

import { aimed } from "./aiming";
import { omit, without } from "./lists";
import type { Place, Places } from "./protocol";
import type { State, Target } from "./state";

const CARDS_KEPT = 30;

/** A place answers a click if that click was announced or the place is new; otherwise it is news of a known place. */
export function placed(state: State, place: Place): State {
  const known = state.places.some((other) => other.place_id === place.place_id);
  const clicked = !known || state.working.some((work) => work.request === place.request);
  const target: Target = { kind: "place", place: place.place_id };
  const takes = clicked && !state.overtaken.includes(place.request) && !olderThan(place, state.target);
  const next = {
    ...state,
    places: known
      ? state.places.map((other) => (other.place_id === place.place_id ? place : other))
      : [...state.places, place],
    placesTask: place.task,
    cards: newest({ ...state.cards, [place.place_id]: place }),
    working: without(state.working, place.request),
    overtaken: state.overtaken.filter((request) => request !== place.request),
  };
  return takes || state.target === null ? aimed(next, target) : next;
}

/** Probabilities are told anew for the newest place only: those of others whose class has changed are old. */
export function current(cards: State["cards"], news: Places): State["cards"] {
  const next: Record<number, Place> = {};
  for (const place of news.places) {
    const card = cards[place.place_id];
    if (!card) continue;
    const same = card.task === news.task && card.class === place.class;
    next[place.place_id] = { ...card, ...place, task: news.task, probabilities: same ? card.probabilities : null };
  }
  return next;
}

/** Whether the place was clicked before the one that is the target: of ten fast clicks the last one stays. */
function olderThan(place: Place, target: Target | null): boolean {
  return target?.kind === "place" && place.place_id < target.place;
}

function newest(cards: Readonly<Record<number, Place>>): Readonly<Record<number, Place>> {
  const ids = Object.keys(cards).map(Number);
  if (ids.length <= CARDS_KEPT) return cards;
  return omit(cards, Math.min(...ids));
}
