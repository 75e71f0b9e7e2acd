// More like this: a gallery over the scatter, so that the card stays and says what the keys label.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import { pictureOf } from "../queue_flow";
import type { Scope } from "../protocol_explore";
import type { SimilarFlow } from "../similar_flow";
import type { Similar } from "../similar_store";
import { classesOf, guessOf, keysOf, labelOf, whereabouts, type State } from "../state";
import { count, counted, micrometres, percent } from "./format";
import { whenChanged } from "./panel";

const ALT = "Central xy, xz and yz planes of the masked cutout";
const COLUMNS = 2; // as in style.css
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
const TYPING_MS = 300;
const REACHES_UM = [2, 5, 10, 20] as const;
const MORE = 200;
const SCOPES: readonly (readonly [Scope, string, string])[] = [
  ["point", "This point", "Points like this one"],
  ["cell", "Its cell", "Points like the mean of its cell"],
  ["selection", "Selection", "Points like the mean of the selection"],
];

export function similarPanel(flow: SimilarFlow): (state: State) => void {
  const host = byId("similar");
  const found = element("span", { class: "found", role: "status" });
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => flow.close() }, "×");
  close.title = "Close (Esc)";
  const scopes = SCOPES.map(([scope, text, title]) => {
    const button = element("button", { type: "button", title, onclick: () => flow.about(scope) }, text);
    return { scope, button };
  });
  const filters = filterRow(flow);
  const grid = element("div", { class: "kin", role: "group", "aria-label": "Points, the most alike first" });
  const foot = footer(flow);
  host.append(
    element("header", {}, element("h2", { id: "similar-title" }, "More like this"), found, close),
    element("div", { class: "filters" }, element("div", { class: "segmented", role: "group", "aria-label": "What is asked about" }, ...scopes.map(({ button }) => button)), ...filters.parts),
    grid,
    foot.element,
  );
  host.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    event.preventDefault();
    flow.move(by);
  });
  let now: State | null = null;
  const build = whenChanged((ready: Similar["ready"], none: boolean, _version: string | undefined) => {
    const nothing = element("p", { class: "empty" }, "Nothing to show: ask about something else, or choose other filters above.");
    grid.replaceChildren(...(now && ready ? cards(now, ready.rows, ready.distances, flow) : none ? [nothing] : []));
    grid.scrollTop = 0;
  });
  const caption = whenChanged((similar: Similar, ..._believed: readonly unknown[]) => {
    if (now) captions(now, similar, grid);
  });

  return (state) => {
    const opened = state.similar?.open === true && now?.similar?.open !== true;
    now = state;
    const { similar } = state;
    host.hidden = !similar?.open;
    byId("side").classList.toggle("kindred", similar?.open === true);
    if (!similar?.open) return;
    build(similar.ready, similar.ready === null && similar.request === null, state.hello?.table_version);
    caption(similar, state.prediction, state.labels, state.task, state.rows, state.hello);
    setText(found, foundText(similar));
    host.setAttribute("aria-busy", String(similar.request !== null));
    for (const { scope, button } of scopes) button.setAttribute("aria-pressed", String(similar.asked.scope === scope));
    filters.update(state, similar);
    foot.update(state, similar);
    if (opened) scopes[0].button.focus();
  };
}

function foundText({ ready, request, doing, asked }: Similar): string {
  if (request) return doing ? `${doing[0].toUpperCase()}${doing.slice(1)}` : "Looking";
  if (!ready) return "";
  const about = asked.scope === "point" ? `like point ${ready.row ?? ""}` : `like the mean of ${counted(ready.rows_asked, "point")}`;
  return `${count(ready.rows.length)} ${about}, of ${count(ready.among)}`;
}

function filterRow(flow: SimilarFlow): { parts: HTMLElement[]; update(state: State, similar: Similar): void } {
  const classes = element("select", { "aria-label": "Only points predicted as" });
  classes.addEventListener("change", () => flow.change({ class: classes.value || null }));
  const segment = element("input", { type: "search", placeholder: "of segment id", "aria-label": "Only points of this segment" });
  let typing = 0;
  segment.addEventListener("input", () => {
    clearTimeout(typing);
    const text = segment.value.trim();
    segment.setCustomValidity(/^[0-9]{0,20}$/.test(text) ? "" : "A segment id is a number");
    if (segment.reportValidity()) typing = window.setTimeout(() => flow.change({ segment: text || null }), TYPING_MS);
  });
  segment.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (!segment.value) return flow.close();
    segment.value = "";
    flow.change({ segment: null });
  });
  const region = element(
    "select",
    { "aria-label": "Only points near the middle of the viewer", title: "Only points near where the viewer is now" },
    element("option", { value: "" }, "anywhere"),
    element("option", { value: "view" }, "in view"),
    ...REACHES_UM.map((um) => element("option", { value: um }, `within ${um} µm`)),
  );
  region.addEventListener("change", () => {
    chosen = region.value;
    flow.within(region.value === "" ? null : region.value === "view" ? "view" : Number(region.value));
  });
  let chosen = "";
  const once = element("button", { type: "button", class: "pick", title: "Each cell answers with its nearest point alone" }, "each cell once");
  once.addEventListener("click", () => flow.change({ once: once.getAttribute("aria-pressed") !== "true" }));
  const options = whenChanged((specs: ReturnType<typeof classesOf>, chosen: string | null) => {
    classes.replaceChildren(element("option", { value: "" }, "any class"), ...specs.map((spec) => element("option", { value: spec.id }, spec.name)));
    classes.value = chosen ?? "";
  });
  return {
    parts: [classes, region, segment, once],
    update: (state, { asked, task }) => {
      options(classesOf(state, task), asked.class);
      region.value = asked.within === null ? "" : chosen || "view";
      region.title = asked.within === null ? "Only points near where the viewer is now" : `Only points within ${micrometres(asked.within.radius_nm)} of where the viewer was when this was chosen`;
      once.setAttribute("aria-pressed", String(asked.once && asked.segment === null));
      once.disabled = asked.segment !== null;
      if (document.activeElement !== segment) segment.value = asked.segment ?? "";
    },
  };
}

function footer(flow: SimilarFlow): { element: HTMLElement; update(state: State, similar: Similar): void } {
  const all = element("button", { type: "button" });
  const some = element("button", { type: "button" });
  const onwards = element("button", { type: "button", title: "Ask what is like the picture that is chosen", onclick: () => flow.onwards() }, "More like the chosen");
  const more = element("button", { type: "button", title: "Show more pictures", onclick: () => flow.change({ count: MORE }) }, "Show more");
  const note = element("small");
  let [rows, upTo] = [0, 0];
  all.addEventListener("click", () => flow.propose(rows));
  some.addEventListener("click", () => flow.propose(upTo));
  return {
    element: element("footer", {}, all, some, onwards, more, note),
    update: (state, { ready, at, asked }) => {
      rows = ready?.rows.length ?? 0;
      upTo = at + 1;
      setText(all, `Propose all ${count(rows)}`);
      all.disabled = rows === 0;
      all.title = "Look at some of them, choose a class, and label them all at once";
      some.hidden = at < 0 || upTo === rows;
      setText(some, `Propose the first ${count(upTo)}`);
      onwards.hidden = at < 0;
      more.hidden = rows === 0 || rows < asked.count || asked.count >= MORE;
      setText(note, at < 0 ? `Arrows go through the pictures; ${keyName(keysOf(state)?.similar ?? "m")} or Esc closes` : "");
    },
  };
}

function cards(state: State, rows: readonly number[], distances: readonly number[], flow: SimilarFlow): HTMLElement[] {
  return rows.map((row, at) => {
    const cell = whereabouts(state, { kind: "row", row })?.segment_id ?? "";
    const card = element(
      "button",
      { type: "button", onclick: () => flow.choose(at) },
      element("img", { class: "strip", src: pictureOf(state, row), loading: "lazy", alt: ALT }),
      element("span", { class: "what" }),
      element("small", {}, element("span", { class: "id" }, cell), element("span", { title: "Cosine distance in the embedding" }, distances[at].toFixed(3))),
    );
    return card;
  });
}

/** What is believed and said of each picture, and which one is chosen. */
function captions(state: State, similar: Similar, grid: HTMLElement): void {
  const classes = classesOf(state, similar.task);
  [...grid.children].forEach((card, at) => {
    const row = similar.ready?.rows[at];
    if (row === undefined || !(card instanceof HTMLElement)) return;
    const target = { kind: "row", row } as const;
    const [guess, given] = [guessOf(state, target), labelOf(state, target)];
    const spec = classes[given ?? guess?.class ?? -1];
    const text = given !== null ? `labelled ${spec?.name ?? ""}` : guess && spec ? `${spec.name} ${percent(guess.confidence ?? 0)}` : "no class yet";
    card.style.setProperty("--class", spec?.color ?? "var(--muted)");
    const what = card.querySelector<HTMLElement>(".what");
    if (what) setText(what, text);
    const chosen = at === similar.at;
    if (chosen && card.getAttribute("aria-pressed") !== "true") {
      card.scrollIntoView({ block: "nearest" });
      if (grid.contains(document.activeElement) || document.activeElement === document.body) card.focus({ preventScroll: true });
    }
    card.setAttribute("aria-pressed", String(chosen));
  });
}
