// The page put together: one state, the events that change it, and the panels and effects that follow it.

import { Beside, besideState } from "./beside";
import { ClustersFlow } from "./clusters_flow";
import { keyInViewer, keyOnPage, type CommandWorld } from "./commands";
import { BY_CLASS, newTints } from "./coloring";
import { ColoringFlow } from "./coloring_flow";
import { CompareFlow } from "./compare_flow";
import { describe } from "./describing";
import { divider } from "./divider";
import { drawing, fetching, viewing, type Effect } from "./effects";
import { byId } from "./element";
import { EvaluationFlow } from "./evaluation_flow";
import { FollowFlow } from "./follow_flow";
import { focusFollowsMouse, TYPED_IN } from "./focus";
import { findCell } from "./finding";
import { hook, type Hook } from "./hook";
import { HoverFlow, type After } from "./hover_flow";
import { ViewerBridge } from "./neuroglancer";
import { attachedNotice } from "./panels/attached";
import { releaseNotice } from "./panels/release";
import { bannerPanel } from "./panels/banner";
import { cardPanel } from "./panels/card";
import { besidePanel, colorScalePanel } from "./panels/color_scale";
import { clustersPanel } from "./panels/clusters";
import { comparingPanel } from "./panels/comparing";
import { evaluationPanel } from "./panels/evaluation";
import { glancePanel } from "./panels/glance";
import { helpPanel } from "./panels/help";
import { herePanel } from "./panels/here";
import { legendPanel } from "./panels/legend";
import type { Actions } from "./panels/panel";
import { peoplePanel } from "./panels/people";
import { OneAnnotator } from "./one_annotator";
import { PeopleFlow } from "./people_flow";
import { browserPictures } from "./pictures";
import { proposalPanel } from "./panels/proposal";
import { queuePanel } from "./panels/queue";
import { layoutsPanel } from "./panels/layouts";
import { listingPanel } from "./panels/listing";
import { failurePanel, statusPanel } from "./panels/status";
import { searchPanel } from "./panels/search";
import { selectionPanel } from "./panels/selection";
import { similarPanel } from "./panels/similar";
import { TOOLS, toolsPanel } from "./panels/tools";
import { topPanel } from "./panels/top";
import { viewsPanel } from "./panels/views";
import type { ClientMessage } from "./protocol_messages";
import { accepted } from "./proposal";
import type { SelectMode, Shape } from "./protocol_selection";
import { QueueFlow } from "./queue_flow";
import { tabShelf } from "./queue_memory";
import { LayoutsFlow } from "./layouts_flow";
import { ListingFlow } from "./listing_flow";
import { newRequest } from "./request";
import { has } from "./scatter/bits";
import type { Picture } from "./scatter/figure";
import { Scatter } from "./scatter/scatter";
import { pictureOf, save } from "./saving";
import { SelectFlow } from "./select_flow";
import { ViewFlow } from "./view_flow";
import { SimilarFlow } from "./similar_flow";
import { browserWorld, Connection } from "./socket";
import { classIdOf, rowOf, whereabouts, type State, type StoredMessage, type Target } from "./state";
import { initial } from "./initial";
import { reduce, type Event } from "./store";
import { isStored, shelf, Unsaved } from "./unsaved";
import { UnsavedFlow } from "./unsaved_flow";

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
    keeping.heard(message);
    if (message.type !== "hello") return;
    profile.isHere(message.annotator);
  },
  state: (now) => dispatch({ type: "connection", state: now }),
  problem: (text) => dispatch({ type: "problem", text }),
  replaced: (by) => dispatch({ type: "replaced", by }),
});
const profile = new OneAnnotator((by) => connection.giveUp(by), () => goOn());
const unsaved = new Unsaved(shelf(), Date.now);
const keeping = new UnsavedFlow({ state: () => state, dispatch, send: (message) => connection.send(message) }, unsaved);

/** The browser has signed in to a new run of the program at this address: what is not saved yet is kept for it. */
function goOn(): void {
  if (state.connection === "ended" && unsaved.lasts) location.reload();
}

/** What the page asks by itself as the user goes on: without a connection it is asked again when there is one. */
const UNASKED: ReadonlySet<ClientMessage["type"]> = new Set<ClientMessage["type"]>(["ahead", "queue", "look", "segments"]);

/** Without a connection an answer counts as sent, for it is kept; all else is refused. */
function send(message: ClientMessage): boolean {
  const kept = isStored(message) && state.hello !== null && state.connection !== "replaced";
  if (kept) keeping.keep(message);
  const sent = connection.send(message) || kept;
  if (!sent && state.connection !== "replaced" && !UNASKED.has(message.type))
    dispatch({ type: "problem", text: "There is no connection: nothing was sent. Try again when it is back." });
  return sent;
}

const bridge = new ViewerBridge(byId<HTMLIFrameElement>("viewer"), {
  ready: (cells) => dispatch({ type: "viewer-ready", cells }),
  selected: (cells) => selecting.segments(cells),
  moved: () => following.moved(),
  problem: (text) => dispatch({ type: "problem", text }),
  key: (event) => !document.querySelector("dialog[open]") && keyInViewer(commands, event),
});

function choose(target: Target): void {
  dispatch({ type: "target", target });
  const place = whereabouts(state, target);
  if (place && state.hello) bridge.camera.flyTo(place.position_nm, state.hello.resolution_nm);
}

function turn(type: "undo" | "redo"): void {
  const request = newRequest();
  if (send({ type, request })) dispatch({ type: "turn-asked", request });
}

function propose(target: Target | null): void {
  const request = newRequest();
  const row = target && rowOf(state, target);
  if (target && row === null) return dispatch({ type: "problem", text: "No point of the scatter stands for this place." });
  if (send({ type: "propose", request, task: state.task, row, rows: [] })) dispatch({ type: "proposal-asked", request, class: null });
}

function accept(): void {
  const { proposal } = state;
  const rows = proposal ? accepted(proposal) : [];
  if (!proposal || !rows.length) return;
  if (proposal.class === null) return dispatch({ type: "proposal-classless" });
  const message: StoredMessage = {
    type: "accept",
    request: newRequest(),
    task: proposal.made.task,
    class: classIdOf(state, proposal.class, proposal.made.task),
    rows,
    provenance: proposal.made.origin,
  };
  if (!send(message)) return;
  dispatch({ type: "sent-to-store", message });
  dispatch({ type: "proposal-closed" });
}

const selecting = new SelectFlow({ state: () => state, dispatch, send });
const flow = new QueueFlow({ state: () => state, dispatch, send }, bridge, tabShelf());
const listing = new ListingFlow({ state: () => state, dispatch, send }, bridge);
const coloring = new ColoringFlow({ state: () => state, dispatch, send });
const besideColoring = new ColoringFlow({
  state: () => besideState(state),
  dispatch: (event) => dispatch(event.type === "color-column" ? { type: "beside-column", column: event.column } : event),
  send,
});
const tints = newTints();
const judging = new EvaluationFlow({ state: () => state, dispatch, send }, bridge);
const people = new PeopleFlow({ state: () => state, dispatch, send }, bridge);
const alike = new SimilarFlow({ state: () => state, dispatch, send }, bridge);
const clusters = new ClustersFlow({ state: () => state, dispatch, send }, bridge);
const comparing = new CompareFlow({ state: () => state, dispatch, send });
const layouts = new LayoutsFlow({ state: () => state, dispatch, send });
const after: After = (milliseconds, action) => {
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
};
const hovering = new HoverFlow({ state: () => state, dispatch }, bridge, browserPictures(), after);
const following = new FollowFlow({ state: () => state, dispatch }, bridge, after, () => performance.now());

const actions: Actions = {
  dispatch,
  label: (target, classIndex) => {
    if (!judging.asks(target, classIndex)) flow.label(target, classIndex);
  },
  state: (target, classIndex) => flow.label(target, classIndex),
  mark: (target, kind) => flow.mark(target, kind),
  toggleQueue: () => flow.toggle(),
  skip: () => flow.skip(),
  back: () => flow.back(),
  forward: () => flow.forward(),
  propose: (target) => propose(target),
  accept: () => accept(),
  saveUnsaved: () => keeping.save(),
  readUnsaved: (file) => void keeping.read(file),
  forgetUnsaved: () => keeping.forget(),
  refetch: () => void send({ type: "refetch", request: newRequest() }),
  undo: () => turn("undo"),
  redo: () => turn("redo"),
  changeClass: (change) => {
    const message = { ...change, request: newRequest(), task: state.task };
    if (send(message)) dispatch({ type: "sent-to-store", message });
  },
  switchTask: (name) => {
    if (name === state.wantedTask) return;
    if (send({ type: "task", request: newRequest(), name })) dispatch({ type: "task-asked", name });
  },
  clear: () => selecting.clear(),
  grow: (how) => selecting.grow(how),
  selectHere: (add) => {
    const { here } = state;
    if (!here?.count) return;
    selecting.near({ centre_nm: here.centre_nm, radius_nm: here.radius_nm }, add ? "add" : "replace");
    following.toggle();
  },
  selectionStep: (back) => selecting.step(back),
  embed: (target) => {
    const place = whereabouts(state, target);
    if (place) send({ type: "embed", request: newRequest(), position_nm: place.position_nm });
  },
  evaluation: () => judging.toggle(),
  leaveEvaluation: () => judging.back(),
  confirmShown: () => judging.confirmShown(),
  people: () => people.toggle(),
  decide: (verdict) => people.decide(verdict),
  turnConflict: (by) => people.turn(by),
  places: (filter) => listing.toggle(filter),
  step: (by) => listing.move(by),
  comment: () => listing.comment(),
  commented: (text) => listing.commented(text),
  review: (verdict) => listing.review(verdict),
  fly: (position_nm) => listing.fly(position_nm),
  similar: () => alike.toggle(),
  similarToSelection: () => alike.selection(),
  stepAlike: (by) => alike.move(by),
  compare: () => comparing.turn(),
  closeComparison: () => comparing.close(),
  clusters: () => clusters.toggle(),
  follow: () => following.toggle(),
  pin: () => hovering.pin(),
  findCell: (text) => {
    const found = findCell(text, state);
    if ("problem" in found) dispatch({ type: "problem", text: found.problem });
    else {
      const { rows } = found;
      if (rows.length) choose({ kind: "row", row: rows[rows.length >> 1] });
      selecting.segments([found.id]);
      const own = new Set(rows);
      if (own.size) scatter?.zoomTo((row) => own.has(row));
    }
    return !("problem" in found);
  },
  find: () => search.focus(),
  link: () => views.link(),
  views: () => views.toggle(),
  save: (kind) => {
    const problem = (text: string): void => dispatch({ type: "problem", text });
    const pictures = (fine: number): Picture[] => {
      const first = scatter && pictureOf(state, tints(state), scatter.picture(fine));
      return [first, beside.picture(state, fine)].filter((picture) => picture !== null);
    };
    if (scatter) void save(kind, { state: () => state, pictures, problem });
  },
  nextTool: () => {
    const at = TOOLS.findIndex(([tool]) => tool === state.tool);
    dispatch({ type: "tool", tool: TOOLS[(at + 1) % TOOLS.length][0] });
  },
  zoomToSelection: () => {
    const bits = state.selected?.bits;
    if (bits) scatter?.zoomTo((row) => has(bits, row));
  },
  beside: () => {
    const other = state.coloring === BY_CLASS ? "label" : BY_CLASS;
    dispatch({ type: "beside", name: state.beside === null ? other : null });
  },
  help: () => help.open(),
};

const described = (row: number): string => describe(state, row, tints(state));

const pointing = {
  select: (shape: Shape, mode: SelectMode) => selecting.draw(shape, mode),
  pickRow: (row: number) => choose({ kind: "row", row }),
  pickPlace: (place: number) => choose({ kind: "place", place }),
  hover: (row: number | null) => hovering.over(row),
};
const beside = new Beside({ first: () => scatter, events: pointing, describe: (row, colors) => describe(state, row, colors(besideState(state))) });
const scatter: Scatter | null = Scatter.in(byId("scatter"), {
  ...pointing,
  hover: (row) => {
    hovering.over(row);
    beside.hovered(row);
  },
  describe: described,
  look: (camera) => beside.looked(camera),
});
const views = new ViewFlow({
  state: () => state,
  dispatch,
  send,
  switchTask: (name) => actions.switchTask(name),
  scatter: (camera) => scatter?.view(camera) ?? { x: 0, y: 0, zoom: 1 },
  viewer: (pose) => (pose ? (bridge.camera.restore(pose), pose) : bridge.camera.pose()),
  hash: (value) => {
    if (value !== undefined) history.replaceState(null, "", value);
    return location.hash;
  },
  copy: async () => navigator.clipboard.writeText(location.href),
});
const help = helpPanel();
const search = searchPanel(actions);

const commands: CommandWorld = { actions, state: () => state, cancelDrawing: () => scatter?.cancel() ?? false };
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const { target } = event;
  const moves = target instanceof HTMLElement && target.matches("input, [role=separator]");
  if (target instanceof HTMLElement && target.matches(TYPED_IN)) return;
  if (moves && (event.key.startsWith("Arrow") || event.key === "Escape")) return;
  const onButton = target instanceof HTMLElement && target.matches("button, a, summary, [role=listbox]");
  if (keyOnPage(commands, event, onButton)) event.preventDefault();
});

followers.push(
  topPanel(actions),
  legendPanel(actions),
  cardPanel(actions),
  queuePanel(actions),
  proposalPanel(actions),
  toolsPanel(scatter, actions),
  layoutsPanel(layouts),
  colorScalePanel({ host: byId("color-scale"), label: "Colour the points by", tints, actions, choose: (name) => dispatch({ type: "coloring", name }) }),
  besidePanel(beside.tints, besideState, actions),
  selectionPanel(actions),
  glancePanel({ scatter, flow: hovering, actions, choose, describe: described }),
  herePanel(following, actions),
  evaluationPanel(actions, judging),
  peoplePanel(people),
  listingPanel(listing, actions.readUnsaved),
  similarPanel(alike),
  clustersPanel(clusters),
  comparingPanel(comparing, clusters),
  viewsPanel(views, layouts),
  statusPanel(actions),
  bannerPanel(actions, () => unsaved.lasts),
  failurePanel(actions),
  attachedNotice(actions),
  releaseNotice(actions),
  help.update,
  fetching(dispatch, () => state),
  ...(scatter ? [drawing(scatter, tints)] : []),
  beside.follow,
  viewing(bridge),
  flow.follow,
  following.follow,
  alike.follow,
  clusters.follow,
  comparing.follow,
  judging.follow,
  coloring.follow,
  (now, before) => besideColoring.follow(besideState(now), before && besideState(before)),
  views.follow,
  people.follow,
  listing.follow,
);
for (const follow of followers) follow(state, null);
divider();
focusFollowsMouse(byId("viewer-pane"), byId<HTMLIFrameElement>("viewer"), bridge, (keysIn) =>
  dispatch({ type: "keys", in: keysIn }),
);
window.segclr = hook(() => state, scatter, bridge);
window.addEventListener("hashchange", () => views.open());
views.open();
connection.start();
