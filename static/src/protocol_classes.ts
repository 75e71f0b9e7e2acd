// Tasks and their classes, and the messages that change them; rules as in protocol.ts.
// Requests name a class by its id, which stays when it is renamed, merged or brought back; answers number the classes of
// the list that was told last.

export interface ClassSpec {
  readonly id: string;
  readonly name: string;
  /** "#rrggbb" */
  readonly color: string;
  readonly key: string;
}

export interface TaskSpec {
  readonly name: string;
  readonly unit: "node" | "segment";
  readonly radius_um: number;
  readonly classes: readonly ClassSpec[];
  /** Known, but neither given nor trained on. */
  readonly retired: readonly ClassSpec[];
  /** Pairs of classes whose colours some readers cannot tell apart. */
  readonly alike: readonly (readonly [number, number])[];
  /** Proposals for a new class, the best colour first; no key where none is left. */
  readonly free_colors: readonly string[];
  readonly free_key: string;
}

/** The classes of a task are others from here on; `heirs` tells what merged ones have become. */
export interface ClassesChanged {
  readonly type: "classes";
  readonly task: TaskSpec;
  readonly heirs: Readonly<Record<string, string>>;
}

type Sent<M> = M extends unknown ? Omit<M, "request" | "task"> : never;
/** A change of the active task's classes. */
export type ClassChange = Sent<ClassMessage>;

export type ClassMessage =
  | { type: "add-class"; request: string; task: string; name: string; color: string; key: string }
  | { type: "rename-class"; request: string; task: string; class: string; name: string }
  | { type: "recolour-class"; request: string; task: string; class: string; color: string }
  | { type: "rekey-class"; request: string; task: string; class: string; key: string }
  | { type: "merge-class"; request: string; task: string; class: string; into: string }
  | { type: "retire-class"; request: string; task: string; class: string }
  | { type: "bring-back-class"; request: string; task: string; class: string };
