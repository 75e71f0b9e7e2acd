// What a change of a task's classes does to the state: all that numbers classes is numbered anew, at once, and what would
// be wrong under the new numbers is forgotten until the server tells it.

import type { Prediction } from "./columns";
import { NO_CLASS } from "./paint";
import type { Listing } from "./listing_store";
import type { Labels, PlaceSummary } from "./protocol";
import type { ClassesChanged, ClassSpec, TaskSpec } from "./protocol_classes";
import type { ListedPlace } from "./protocol_listing";
import { taskOf, type State } from "./state";

/** The new number of each class of the old list; null for one that is not in use any more. */
type Numbers = readonly (number | null)[];

export function classesChanged(state: State, message: ClassesChanged): State {
  return withTask(state, message.task, message.heirs);
}

/** A new connection may tell of other classes than those that the page knew. */
export function classesTold(state: State, tasks: readonly TaskSpec[]): State {
  return tasks.reduce((now, task) => withTask(now, task, {}), state);
}

function withTask(state: State, task: TaskSpec, heirs: ClassesChanged["heirs"]): State {
  const before = taskOf(state, task.name);
  if (!state.hello || !before) return state;
  const tasks = state.hello.tasks.map((known) => (known.name === task.name ? task : known));
  const same = before.classes.length === task.classes.length;
  const numbers = numbersOf(before.classes, task.classes, heirs);
  const listing = state.listing?.task === task.name ? filterOf(state.listing, task, heirs) : state.listing;
  const next = { ...state, hello: { ...state.hello, tasks }, listing };
  const unmoved = numbers.every((now, old) => now === old);
  if (same && unmoved) return next;
  const evaluation = next.evaluation?.task === task.name ? { ...next.evaluation, ready: null, answers: {}, asking: null } : next.evaluation;
  const told = { ...next, evaluation, listing: listing?.task === task.name ? uncounted(listing) : listing };
  return unmoved ? told : renumbered(told, task.name, numbers);
}

function numbersOf(before: readonly ClassSpec[], now: readonly ClassSpec[], heirs: ClassesChanged["heirs"]): Numbers {
  return before.map(({ id }) => {
    const found = now.findIndex((spec) => spec.id === (heirs[id] ?? id));
    return found < 0 ? null : found;
  });
}

function renumbered(state: State, task: string, numbers: Numbers): State {
  const now = (old: number | null): number | null => (old === null ? null : (numbers[old] ?? null));
  const { labels, prediction, queue, people, proposal, proposing, listing, seen } = state;
  const next: State = {
    ...state,
    labels: labels[task] ? { ...labels, [task]: labelsOf(labels[task], now) } : labels,
    prediction: prediction?.task === task ? predictionOf(prediction, now) : prediction,
    cards: Object.fromEntries(Object.entries(state.cards).filter(([, card]) => card.task !== task)),
    queue: queue?.task === task ? { ...queue, items: queue.items.map((item) => ({ ...item, probabilities: null })) } : queue,
    people: people?.task === task ? { ...people, conflicts: null } : people,
    listing: listing?.task === task ? { ...listing, places: listing.places.map((place) => listedOf(place, now)) } : listing,
    seen: seen?.task === task && seen.place ? { ...seen, place: listedOf(seen.place, now) } : seen,
    proposal: proposal?.made.task === task ? { ...proposal, class: now(proposal.class) } : proposal,
  };
  if (task !== state.task) return next;
  return {
    ...next,
    points: null, // what is on its way counts in the old numbers
    hidden: new Set([...state.hidden].map(now).filter((index) => index !== null)),
    places: state.placesTask === task ? state.places.map((place) => placeOf(place, now)) : state.places,
    proposing: proposing && { ...proposing, class: now(proposing.class) },
  };
}

function labelsOf(labels: Labels, now: (old: number) => number | null): Labels {
  const rows = kept(labels.rows, labels.classes, now);
  const places = kept(labels.places, labels.place_classes, now);
  return { ...labels, rows: rows.of, classes: rows.classes, places: places.of, place_classes: places.classes };
}

function kept(of: readonly number[], classes: readonly number[], now: (old: number) => number | null): { of: number[]; classes: number[] } {
  const given = classes.map(now);
  return { of: of.filter((_, i) => given[i] !== null), classes: given.filter((index) => index !== null) };
}

function predictionOf(prediction: Prediction, now: (old: number) => number | null): Prediction {
  const table = Uint8Array.from({ length: 256 }, (_, old) => now(old) ?? NO_CLASS);
  return { ...prediction, stamp: "", classes: prediction.classes.map((old) => table[old]) };
}

function listedOf(place: ListedPlace, now: (old: number | null) => number | null): ListedPlace {
  const statements = place.statements.map((said) => ({ ...said, class: now(said.class) }));
  return { ...place, class: now(place.class), statements };
}

/** A filter goes with its class to the heir; one for a class that is gone is no filter any more. */
function filterOf(listing: Listing, task: TaskSpec, heirs: ClassesChanged["heirs"]): Listing {
  const { filter } = listing;
  if (filter.class === null) return listing;
  const wanted = heirs[filter.class] ?? filter.class;
  const known = [...task.classes, ...task.retired].some((spec) => spec.id === wanted);
  return wanted === filter.class && known ? listing : { ...listing, filter: { ...filter, class: known ? wanted : null } };
}

/** Without the counts by class, which are told with the next answer. */
function uncounted(listing: Listing): Listing {
  const { answer } = listing;
  return { ...listing, answer: answer && { ...answer, counts: { ...answer.counts, classes: [] } } };
}

function placeOf(place: PlaceSummary, now: (old: number | null) => number | null): PlaceSummary {
  return { ...place, class: now(place.class), labelled: now(place.labelled) };
}
