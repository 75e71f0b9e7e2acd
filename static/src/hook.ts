// window.segclr: a read-only view of the page for browser tests and for the curious, never for the page itself.
//   segclr.summary()        what is on screen: connection, ready, task, stamps, counts, target, saved, failures ...
//   segclr.pointOnScreen(r) [x, y] of table row r in CSS pixels of the window, to click or to draw a lasso round it
//   segclr.rowOf(id)        first table row of a segment (decimal string), or -1
//   segclr.settled()        whether the viewer has loaded and drawn all that it shows
//   segclr.nextFetched()    whether it has all that the next place of the queue will show

import type { ViewerBridge } from "./neuroglancer";
import type { XY } from "./protocol";
import type { Scatter } from "./scatter/scatter";
import { isStale, labelAt, suspectsLeft } from "./evaluation_store";
import { conflictShown } from "./people_store";
import { chosen, saidHere } from "./listing_store";
import { itemOf } from "./queue";
import { guessOf, labelOf, markOf, type State } from "./state";

export interface Summary {
  readonly connection: string;
  /** Points are drawn in the newest colours, and the viewer has its layers. */
  readonly ready: boolean;
  readonly viewerReady: boolean;
  readonly task: string;
  /** Announced predictions, and those on screen. */
  readonly stamp: string | null;
  readonly paintedStamp: string | null;
  readonly rows: number;
  readonly labels: number;
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
  readonly headVersion: number | null;
  readonly lastSaved: { readonly seq: number; readonly text: string } | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly places: number;
  readonly target: State["target"];
  readonly targetClass: number | null;
  readonly targetLabel: number | null;
  readonly selectionCount: number;
  readonly selectionWaiting: boolean;
  readonly selectedSegments: readonly string[];
  /** The labelling queue of this page, null while it is not running. */
  readonly queue: {
    readonly row: number | null;
    readonly at: number;
    readonly seen: number;
    readonly toCome: number;
    readonly strategy: string | null;
    readonly reason: string | null;
    readonly note: string;
    /** Milliseconds from key to next place ready, the newest last, and how many there have been. */
    readonly times: readonly number[];
    readonly timed: number;
  } | null;
  readonly proposal: { readonly rows: number; readonly handful: number; readonly class: number | null } | null;
  /** The evaluation panel, null while it is not open. */
  readonly evaluation: {
    readonly view: string;
    readonly waiting: boolean;
    readonly stale: boolean;
    readonly macroF1: number | null;
    readonly note: string;
    readonly row: number | null;
    readonly at: number | null;
    readonly suspects: number;
    readonly left: number;
  } | null;
  /** The people's panel, null while it is not open; `row` is of the conflict on screen. */
  readonly people: {
    readonly view: string;
    readonly row: number | null;
    readonly open: number;
    readonly settled: number;
    readonly places: number;
    readonly trained: number | null;
    readonly labelled: number | null;
    readonly waiting: boolean;
  } | null;
  readonly annotator: string;
  readonly conflicts: number;
  /** The list of labelled places, null while it is not open. */
  readonly listing: {
    readonly at: number;
    readonly loaded: number;
    readonly total: number | null;
    readonly waiting: boolean;
    readonly row: number | null;
    readonly rows: readonly (number | null)[];
    readonly class: number | null;
    readonly reattached: string | null;
  } | null;
  /** What stands about the target. */
  readonly said: { readonly statements: readonly string[]; readonly comments: readonly string[]; readonly disagree: number } | null;
  readonly commenting: boolean;
  readonly attached: string | null;
  readonly targetMark: string | null;
  readonly today: number;
  readonly unsure: number;
  readonly badSegmentation: number;
  readonly unsaved: number;
  readonly failures: readonly string[];
  readonly keysIn: State["keysIn"];
}

export interface Hook {
  summary(): Summary;
  pointOnScreen(row: number): XY | null;
  rowOf(segment: string): number;
  /** The viewer has all that it shows, in the newest colours. */
  settled(): boolean;
  /** The viewer has all that the next place of the queue will show. */
  nextFetched(): boolean;
}

export function hook(now: () => State, scatter: Scatter | null, bridge: ViewerBridge): Hook {
  return Object.freeze({
    summary: () => summary(now()),
    pointOnScreen: (row: number) => (now().coordinates && scatter ? scatter.pointOnPage(row) : null),
    rowOf: (segment: string) => {
      const table = now().rows?.table;
      const index = table?.indexOf(segment) ?? -1;
      return table && index >= 0 ? table.rowsOf(index)[0] : -1;
    },
    settled: () => bridge.settled,
    nextFetched: () => bridge.expected,
  });
}

function summary(state: State): Summary {
  const { hello, points, prediction, proposal, saved, steps, selected, target } = state;
  const labels = state.labels[state.task];
  const painted = prediction !== null && prediction.stamp === points?.stamp;
  return {
    connection: state.connection,
    ready: hello !== null && state.coordinates !== null && state.rows !== null && painted && state.viewerReady,
    viewerReady: state.viewerReady,
    task: state.task,
    stamp: points?.stamp ?? null,
    paintedStamp: prediction?.stamp ?? null,
    rows: hello?.rows ?? 0,
    labels: points?.labels ?? 0,
    predicted: points?.predicted ?? [],
    labelled: points?.labelled ?? [],
    headVersion: points?.head?.version ?? null,
    lastSaved: saved && { seq: saved.seq, text: saved.text },
    canUndo: steps?.can_undo ?? false,
    canRedo: steps?.can_redo ?? false,
    places: state.places.length,
    target,
    targetClass: target && (guessOf(state, target)?.class ?? null),
    targetLabel: target && labelOf(state, target),
    selectionCount: selected && selected.origin !== "start" ? selected.row_total : 0,
    selectionWaiting: selected?.waiting ?? false,
    selectedSegments: selected?.segments ?? [],
    queue: queueOf(state),
    proposal: proposal && {
      rows: proposal.made.rows.length - proposal.struck.size,
      handful: proposal.made.handful.length,
      class: proposal.class,
    },
    evaluation: evaluationOf(state),
    people: peopleOf(state),
    annotator: hello?.annotator ?? "",
    conflicts: labels?.conflicts ?? 0,
    listing: listingOf(state),
    said: saidOf(state),
    commenting: state.commenting !== null,
    attached: state.attached?.text ?? null,
    targetMark: target && markOf(state, target),
    today: labels?.today ?? 0,
    unsure: labels?.unsure.length ?? 0,
    badSegmentation: labels?.bad_segmentation.length ?? 0,
    unsaved: Object.keys(state.unsaved).length,
    failures: state.failures.map((failure) => failure.text),
    keysIn: state.keysIn,
  };
}

function evaluationOf(state: State): Summary["evaluation"] {
  const { evaluation } = state;
  if (!evaluation?.open) return null;
  const { ready, view, request } = evaluation;
  return {
    view: view.kind,
    waiting: request !== null,
    stale: isStale(state),
    macroF1: ready?.figures?.macro_f1.value ?? null,
    note: ready?.note ?? "",
    row: labelAt(evaluation)?.row ?? null,
    at: view.kind === "suspect" ? view.at : null,
    suspects: ready?.suspects.length ?? 0,
    left: suspectsLeft(evaluation),
  };
}

function peopleOf(state: State): Summary["people"] {
  const { people } = state;
  if (!people?.open) return null;
  return {
    view: people.view,
    row: conflictShown(people)?.row ?? null,
    open: people.conflicts?.total ?? 0,
    settled: people.conflicts?.settled_total ?? 0,
    places: people.agreement?.places ?? 0,
    trained: people.people?.training.trained ?? null,
    labelled: people.people?.training.labelled ?? null,
    waiting: people.training !== null || Object.keys(people.deciding).length > 0,
  };
}

function listingOf(state: State): Summary["listing"] {
  const { listing } = state;
  if (!listing?.open) return null;
  const place = chosen(listing);
  return {
    at: listing.at,
    loaded: listing.places.length,
    total: listing.answer?.total ?? null,
    waiting: listing.asked !== null,
    row: place?.row ?? null,
    rows: listing.places.map((each) => each.row),
    class: place?.class ?? null,
    reattached: place?.reattached ?? null,
  };
}

function saidOf(state: State): Summary["said"] {
  const place = saidHere(state);
  return (
    place && {
      statements: place.statements.map((said) => said.class_name),
      comments: place.comments.map((remark) => remark.text),
      disagree: place.statements.reduce((sum, said) => sum + said.disagree, 0),
    }
  );
}

function queueOf(state: State): Summary["queue"] {
  const { queue } = state;
  if (!queue) return null;
  const item = itemOf(state);
  return {
    row: item?.row ?? null,
    at: queue.at,
    seen: queue.seen,
    toCome: Math.max(0, queue.items.length - queue.at - 1),
    strategy: item?.strategy ?? null,
    reason: item?.reason ?? null,
    note: queue.note,
    times: queue.times,
    timed: queue.timed,
  };
}
