// The page put together: one state, the events that change it, and the panels and effects that follow it.

import { divider } from "./divider";
import { drawing, fetching, viewing, type Effect } from "./effects";
import { byId } from "./element";
import { focusFollowsMouse } from "./focus";
import { hook, type Hook } from "./hook";
import { commandOf } from "./keys";
import { ViewerBridge } from "./neuroglancer";
import { percent } from "./panels/format";
import { cardPanel } from "./panels/card";
import { helpPanel } from "./panels/help";
import { legendPanel } from "./panels/legend";
import type { Actions } from "./panels/panel";
import { failurePanel, statusPanel } from "./panels/status";
import { toolsPanel } from "./panels/tools";
import { topPanel } from "./panels/top";
import type { ClientMessage, LassoMode, XY } from "./protocol";
import { newRequest } from "./request";
import { combine, without } from "./scatter/bits";
import { lasso } from "./scatter/lasso";
import { Scatter } from "./scatter/scatter";
import { browserWorld, Connection } from "./socket";
import { classesOf, guessOf, labelOf, whereabouts, type LabelMessage, type State, type Target } from "./state";
import { initial, reduce, type Event } from "./store";

declare global {
  interface Window {
    segclr: Hook;
  }
}

let state: State = initial;
const followers: Effect[] = [];
const waiting: Event[] = [];

/** Events that arrive while others are followed up wait for their turn. */
function dispatch(event: Event): void {
  waiting.push(event);
  if (waiting.length > 1) return;
  while (waiting.length) {
    const before = state;
    state = reduce(state, waiting[0]);
    if (state !== before) for (const follow of followers) follow(state, before);
    waiting.shift();
  }
}

const connection = new Connection(browserWorld(), {
  message: (message) => {
    dispatch({ type: "received", message });
    if (message.type === "hello") for (const label of Object.values(state.unsaved)) connection.send(label);
  },
  state: (now) => dispatch({ type: "connection", state: now }),
  problem: (text) => dispatch({ type: "problem", text }),
});

function send(message: ClientMessage): boolean {
  const sent = connection.send(message);
  if (!sent)
    dispatch({ type: "problem", text: "There is no connection: nothing was sent. Try again when it is back." });
  return sent;
}

const bridge = new ViewerBridge(byId<HTMLIFrameElement>("viewer"), {
  ready: (cells) => dispatch({ type: "viewer-ready", cells }),
  selected: (cells) => selectSegments(cells),
  problem: (text) => dispatch({ type: "problem", text }),
});

function selectSegments(ids: string[]): void {
  const request = newRequest();
  if (send({ type: "segments", request, ids })) dispatch({ type: "selection-asked", request });
}

function choose(target: Target): void {
  dispatch({ type: "target", target });
  const place = whereabouts(state, target);
  if (place && state.hello) bridge.flyTo(place.position_nm, state.hello.resolution_nm);
}

/** The points inside stand out at once; the server finds their segments and marks for the viewer. */
function select(polygon: XY[], mode: LassoMode): void {
  const { coordinates } = state;
  if (!coordinates) return;
  const request = newRequest();
  const hidden = [...state.hidden];
  const inside = without(lasso(coordinates.x, coordinates.y, polygon), state.prediction?.classes ?? null, state.hidden);
  if (!send({ type: "lasso", request, layout: coordinates.id, polygon, mode, hidden })) return;
  dispatch({ type: "lassoed", request, bits: combine(mode, state.selected?.bits ?? null, inside) });
}

const actions: Actions = {
  dispatch,
  label: (target, classIndex) => {
    const message: LabelMessage = {
      type: "label",
      request: newRequest(),
      task: state.task,
      class: classIndex,
      target: target.kind === "row" ? { row: target.row } : { place: target.place },
      provenance: "key",
    };
    if (send(message)) dispatch({ type: "label-sent", message });
  },
  undo: () => void send({ type: "undo", request: newRequest() }),
  redo: () => void send({ type: "redo", request: newRequest() }),
  switchTask: (name) => {
    if (name === state.wantedTask) return;
    if (send({ type: "task", request: newRequest(), name })) dispatch({ type: "task-asked", name });
  },
  clear: () => {
    if (!state.selected && state.lit === null) return;
    const request = newRequest();
    if (send({ type: "clear", request })) dispatch({ type: "selection-asked", request });
  },
  embed: (target) => {
    const place = whereabouts(state, target);
    if (place) send({ type: "embed", request: newRequest(), position_nm: place.position_nm });
  },
  help: () => help.open(),
};

function describe(row: number): string {
  const target: Target = { kind: "row", row };
  const guess = guessOf(state, target);
  const given = labelOf(state, target);
  const classes = classesOf(state);
  const believed = guess ? `${classes[guess.class]?.name ?? "?"}, ${percent(guess.confidence ?? 0)}` : "no class yet";
  const label = given === null ? "" : `, labelled ${classes[given]?.name ?? "?"}`;
  return `${believed}${label} · cell ${whereabouts(state, target)?.segment_id ?? ""}`;
}

const scatter = Scatter.in(byId("scatter"), {
  lasso: select,
  pickRow: (row) => choose({ kind: "row", row }),
  pickPlace: (place) => choose({ kind: "place", place }),
  describe,
});
const help = helpPanel();

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const command = commandOf(event, classesOf(state));
  if (!command) return;
  const slider = event.target instanceof HTMLInputElement && command.kind === "escape";
  if (slider) return;
  event.preventDefault();
  if (command.kind === "undo" || command.kind === "redo" || command.kind === "help") return actions[command.kind]();
  if (command.kind === "escape") return scatter?.cancel() ? undefined : actions.clear();
  if (state.target) return actions.label(state.target, command.kind === "label" ? command.class : null);
  dispatch({
    type: "problem",
    text: "Nothing is chosen to label: Alt + click a cell in the viewer, or click a point.",
  });
});

followers.push(
  topPanel(actions),
  legendPanel(actions),
  cardPanel(actions),
  toolsPanel(scatter, actions),
  statusPanel(),
  failurePanel(actions),
  help.update,
  fetching(dispatch),
  ...(scatter ? [drawing(scatter)] : []),
  viewing(bridge),
);
for (const follow of followers) follow(state, null);
divider();
focusFollowsMouse(byId("viewer-pane"), byId<HTMLIFrameElement>("viewer"), bridge, (keysIn) =>
  dispatch({ type: "keys", in: keysIn }),
);
window.segclr = hook(() => state, scatter);
connection.start();
