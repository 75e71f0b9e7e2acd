// The people's part of the state: who labels, where they disagree, what trains; and what of it is on screen.

import type { Agreement, Conflict, Conflicts, People, Statement, StatementKind } from "./protocol_annotators";
import type { State, StoredMessage } from "./state";

export type PeopleView = "people" | "conflicts" | "training";

/** What a conflict is decided to be. */
export type Verdict = { readonly kind: "label"; readonly class: number } | { readonly kind: Exclude<StatementKind, "label"> };

export interface PeopleSheet {
  readonly task: string;
  readonly open: boolean;
  readonly view: PeopleView;
  readonly people: People | null;
  readonly agreement: Agreement | null;
  readonly conflicts: Conflicts | null;
  /** The conflict on screen, by its key; null for the first open one. */
  readonly shown: string | null;
  /** Decisions that are not stored yet, by the key of their conflict. */
  readonly deciding: Readonly<Record<string, string>>;
  /** A choice of what trains that is not answered yet. */
  readonly training: string | null;
}

export type PeopleEvent =
  | { type: "people-opened" }
  | { type: "people-closed" }
  | { type: "people-shown"; view: PeopleView }
  | { type: "conflict-shown"; key: string }
  | { type: "train-asked"; request: string };

export function closed(task: string): PeopleSheet {
  return {
    task,
    open: false,
    view: "people",
    people: null,
    agreement: null,
    conflicts: null,
    shown: null,
    deciding: {},
    training: null,
  };
}

export function peopleReduce(state: State, event: PeopleEvent): State {
  const people = state.people ?? closed(state.task);
  switch (event.type) {
    case "people-opened": {
      const evaluation = state.evaluation && { ...state.evaluation, open: false };
      return { ...state, evaluation, people: { ...people, open: true } };
    }
    case "people-closed":
      return leftPeople(state);
    case "people-shown":
      return { ...state, people: { ...people, view: event.view } };
    case "conflict-shown":
      return { ...state, people: { ...people, view: "conflicts", shown: event.key } };
    case "train-asked":
      return { ...state, people: { ...people, training: event.request } };
  }
}

export function leftPeople(state: State): State {
  return state.people ? { ...state, people: { ...state.people, open: false } } : state;
}

/** News of the task on screen, asked by this page or by another one of the annotator's. */
export function peopleCame(state: State, message: People | Agreement | Conflicts): State {
  const { people } = state;
  if (!people || message.task !== people.task) return state;
  switch (message.type) {
    case "agreement":
      return { ...state, people: { ...people, agreement: message } };
    case "conflicts":
      return { ...state, people: { ...people, conflicts: message } };
    case "people": {
      const training = people.training === message.request ? null : people.training;
      return { ...state, people: { ...people, people: message, training } };
    }
  }
}

/** Names a place, whatever is said there. */
export function keyOf(conflict: Conflict): string {
  return `${conflict.segment_id} ${conflict.position_nm.join(" ")}`;
}

/** All that are listed, open ones first. */
export function listed(people: PeopleSheet | null): readonly Conflict[] {
  return people?.conflicts ? [...people.conflicts.conflicts, ...people.conflicts.settled] : [];
}

/** The conflict on screen: the one chosen, else the first open one. */
export function conflictShown(people: PeopleSheet | null): Conflict | null {
  if (!people?.open || people.view !== "conflicts") return null;
  return listed(people).find((conflict) => keyOf(conflict) === people.shown) ?? people.conflicts?.conflicts[0] ?? null;
}

/** The newest decision, if there is one. */
export function decisionOn(conflict: Conflict): Statement | null {
  return conflict.statements.filter((said) => said.provenance === "adjudication").at(-1) ?? null;
}

/** The conflict before or after the one on screen; null at the ends. */
export function beside(people: PeopleSheet, by: -1 | 1): Conflict | null {
  const all = listed(people);
  const shown = conflictShown(people);
  const at = shown ? all.findIndex((conflict) => keyOf(conflict) === keyOf(shown)) : -1;
  return at < 0 ? null : (all[at + by] ?? null);
}

/** A decision is on its way: the next open conflict comes on screen, the last one stays. */
export function decided(state: State, message: StoredMessage): State {
  const { people } = state;
  if (!people?.conflicts || message.type !== "adjudicate") return state;
  const about = (conflict: Conflict): boolean => conflict.statements.some((said) => said.uuid === message.about);
  const conflict = listed(people).find(about);
  if (!conflict) return state;
  const deciding = { ...people.deciding, [keyOf(conflict)]: message.request };
  const open = people.conflicts.conflicts;
  const at = open.indexOf(conflict);
  const order = at < 0 ? [] : [...open.slice(at + 1), ...open.slice(0, at)];
  const next = order.find((other) => !(keyOf(other) in deciding)) ?? conflict;
  return { ...state, people: { ...people, deciding, shown: keyOf(next) } };
}

/** A request was answered or refused: nothing waits for it any more. */
export function undecided(people: PeopleSheet | null, request: string): PeopleSheet | null {
  if (!people) return null;
  const deciding = Object.fromEntries(Object.entries(people.deciding).filter(([, asked]) => asked !== request));
  return { ...people, deciding, training: people.training === request ? null : people.training };
}
