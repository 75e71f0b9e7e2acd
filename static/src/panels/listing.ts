// The labelled places as a list: a sheet over the scatter, so that legend and card stay. Only the lines in sight are made.

import { byId, element, setText } from "../element";
import { chosen, NO_FILTER, targetOfPlace, type Filter, type Listing } from "../listing_store";
import type { ListingFlow } from "../listing_flow";
import type { TaskSpec } from "../protocol";
import type { ListCounts, ListedPlace, PlaceState } from "../protocol_listing";
import { classesOf, taskOf, type State } from "../state";
import { count, counted, dayAndTime } from "./format";
import { whenChanged } from "./panel";
import { howText } from "./thread";

const LINE_PX = 26; // as in style.css
const SPARE_LINES = 8; // made above and below those in sight
const TYPING_MS = 250;

const STATES: readonly (readonly [PlaceState, string, string])[] = [
  ["unsure", "unsure", "Somebody could not tell"],
  ["bad_segmentation", "bad seg.", "Somebody found the segmentation wrong"],
  ["commented", "commented", "Somebody wrote a comment"],
  ["disputed", "disagreed", "Reviewers disagree with a label"],
  ["imported", "imported", "From a file"],
  ["conflict", "conflict", "The new segmentation brought different labels together: label the place again"],
  ["lost", "no segment", "The new segmentation has nothing there"],
  ["moved", "other segment", "On another segment since the segmentation changed"],
  ["kept", "kept", "Labelled before the segmentation changed, still on the same segment"],
];
export const FATES: Readonly<Record<string, string>> = {
  conflict: "conflict",
  lost: "no segment now",
  moved: "other segment now",
};

export function listingPanel(flow: ListingFlow, readUnsaved: (file: Blob) => void): (state: State) => void {
  const host = byId("listing");
  let now: State | null = null;
  const filter = (): Filter => now?.listing?.filter ?? NO_FILTER;
  const filtered = (change: Partial<Filter>): void => flow.filter({ ...filter(), ...change });

  const title = element("h2", { id: "listing-title" }, "Labelled places");
  const found = element("span", { class: "found", role: "status" });
  const again = element("button", { type: "button", title: "Ask for the list anew, the newest first", onclick: () => flow.ask() }, "Refresh");
  const file = element("input", { type: "file", accept: ".jsonl", hidden: true, "aria-label": "File of answers that were not saved" });
  file.addEventListener("change", () => {
    if (file.files?.[0]) readUnsaved(file.files[0]);
    file.value = "";
  });
  const read = element("button", { type: "button", title: "Give the answers of a file that a page saved because it could not give them", onclick: () => file.click() }, "Read answers");
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => flow.close() }, "×");
  close.title = "Close (Esc)";
  const everyone = whose("Everyone", () => filtered({ mine: false }));
  const mine = whose("Mine", () => filtered({ mine: true }));
  const classes = element("select", { "aria-label": "Class" });
  classes.addEventListener("change", () => filtered({ class: classes.value || null }));
  const search = element("input", { type: "search", placeholder: "comment or segment id", "aria-label": "Search" });
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => filtered({ text: search.value.trim() }), TYPING_MS);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      search.value = "";
      filtered({ text: "" });
    } else if (!["Escape", "Enter", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    list.focus();
  });
  const chips = element("div", { class: "chips", role: "group", "aria-label": "Only places that are" });
  const canvas = element("div", { class: "lines" });
  const list = element("div", { class: "list", role: "listbox", tabindex: 0, "aria-labelledby": "listing-title" }, canvas);
  const whoseGroup = element("div", { class: "segmented", role: "group", "aria-label": "Whose" }, everyone, mine);
  host.append(
    element("header", {}, title, found, read, file, again, close),
    element("div", { class: "filters" }, whoseGroup, classes, search),
    chips,
    list,
  );
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    flow.enter();
  });
  list.addEventListener("click", (event) => {
    const line = (event.target as HTMLElement).closest<HTMLElement>("[data-at]");
    if (line) flow.go(Number(line.dataset["at"]));
  });
  list.addEventListener("scroll", () => draw());
  new ResizeObserver(() => draw()).observe(list);

  const drawFilters = whenChanged((wanted: Filter, counts: ListCounts | null, task: TaskSpec | null) => {
    setText(everyone, counts ? `Everyone ${count(counts.everyone)}` : "Everyone");
    setText(mine, counts ? `Mine ${count(counts.mine)}` : "Mine");
    everyone.setAttribute("aria-pressed", String(!wanted.mine));
    mine.setAttribute("aria-pressed", String(wanted.mine));
    const option = (value: string, text: string): HTMLElement =>
      element("option", { value, selected: value === (wanted.class ?? "") }, text);
    const given = (at: number): string => (counts?.classes[at] === undefined ? "" : ` (${count(counts.classes[at])})`);
    const named = (task?.classes ?? []).map((spec, at) => option(spec.id, `${spec.name}${given(at)}`));
    const retired = (task?.retired ?? []).map((spec) => option(spec.id, `${spec.name} (retired)`));
    classes.replaceChildren(option("", "all classes"), ...named, ...retired);
    const shown = STATES.filter(([state]) => counts?.states[state] || wanted.states.includes(state));
    const focused = (document.activeElement as HTMLElement | null)?.dataset["state"];
    chips.replaceChildren(...shown.map(([state, name, meaning]) => chip(state, name, meaning, wanted, counts, filtered)));
    if (focused) chips.querySelector<HTMLElement>(`[data-state="${focused}"]`)?.focus();
  });

  const draw = (): void => {
    const { listing } = now ?? {};
    if (!now || !listing?.open) return;
    const first = Math.max(0, Math.floor(list.scrollTop / LINE_PX) - SPARE_LINES);
    const last = Math.min(listing.places.length, Math.ceil((list.scrollTop + list.clientHeight) / LINE_PX) + SPARE_LINES);
    canvas.style.height = `${LINE_PX * listing.places.length}px`;
    const state = now;
    const lines = listing.places.slice(first, last).map((place, i) => lineOf(place, first + i, listing, state));
    canvas.replaceChildren(...lines);
    flow.shown(last);
  };
  const redraw = whenChanged((_places: unknown, _at: number, _task: unknown) => draw());

  return (next) => {
    const opened = next.listing?.open === true && now?.listing?.open !== true;
    const other = next.listing?.filter !== now?.listing?.filter;
    const moved = next.listing?.at !== now?.listing?.at;
    now = next;
    const { listing } = next;
    host.hidden = !listing?.open;
    byId("side").classList.toggle("listing", !host.hidden);
    if (!listing?.open) return;
    if (search !== document.activeElement && search.value.trim() !== listing.filter.text) search.value = listing.filter.text;
    setText(found, foundText(listing));
    drawFilters(listing.filter, listing.answer?.counts ?? null, taskOf(next, listing.task));
    if (other) list.scrollTop = 0;
    if (moved && listing.at >= 0) reveal(list, listing.at);
    redraw(listing.places, listing.at, listing.task);
    list.setAttribute("aria-activedescendant", listing.at >= 0 ? `line-${listing.at}` : "");
    if (opened) list.focus();
  };
}

function whose(text: string, act: () => void): HTMLButtonElement {
  return element("button", { type: "button", onclick: act }, text);
}

function chip(
  state: PlaceState,
  name: string,
  title: string,
  wanted: Filter,
  counts: ListCounts | null,
  filtered: (change: Partial<Filter>) => void,
): HTMLElement {
  const pressed = wanted.states.includes(state);
  const states = pressed ? wanted.states.filter((other) => other !== state) : [...wanted.states, state];
  const made = element(
    "button",
    { type: "button", class: "pick", title, "aria-pressed": String(pressed), onclick: () => filtered({ states }) },
    `${name} ${count(counts?.states[state] ?? 0)}`,
  );
  made.dataset["state"] = state;
  return made;
}

function foundText(listing: Listing): string {
  const { answer, asked, places } = listing;
  if (!answer) return asked ? "looking" : "";
  if (!answer.total && !places.length) return answer.counts.everyone ? "none passes the filter" : "nothing is labelled yet";
  const at = listing.at >= 0 ? `${count(listing.at + 1)} of ` : "";
  return `${at}${counted(answer.total, "place")}`;
}

function reveal(list: HTMLElement, at: number): void {
  const top = at * LINE_PX;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + LINE_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + LINE_PX - list.clientHeight;
}

/** One place: what it is, who said so, when and how, and what was remarked. */
function lineOf(place: ListedPlace, at: number, listing: Listing, state: State): HTMLElement {
  const specs = classesOf(state, listing.task);
  const newest = place.statements.at(-1) ?? place.comments.at(-1);
  const label = place.statements.filter((said) => said.kind === "label" && said.class === place.class).at(-1);
  const shown = label ?? place.statements.at(-1);
  const spec = place.class === null ? undefined : specs[place.class];
  const remark = place.comments.at(-1)?.text ?? "";
  const swatch = element("span", { class: spec ? "swatch" : "swatch none" });
  const names = [...new Set(place.statements.map((said) => said.class_name))];
  const name = spec?.name ?? (names.length ? names.join(" / ") : place.comments.length ? "comment" : "taken back");
  const line = element(
    "div",
    { class: "line", id: `line-${at}`, role: "option", "aria-selected": String(at === listing.at) },
    element("span", { class: "what" }, swatch, element("span", { class: "name" }, name)),
    element("span", { class: "who" }, (shown ?? newest)?.annotator ?? ""),
    element("span", { class: "when" }, newest ? dayAndTime(newest.at) : ""),
    element("span", { class: "how" }, shown ? howText(shown.provenance) : ""),
    element("span", { class: "remark" }, ...flags(place), remark),
  );
  line.dataset["at"] = String(at);
  line.style.top = `${at * LINE_PX}px`;
  if (spec) line.style.setProperty("--class", spec.color);
  const cell = place.segment_id === "0" ? "no cell is here any more" : `cell ${place.segment_id}`;
  line.title = `${name}, ${cell}${remark && `: ${remark}`}${targetOfPlace(place) ? "" : " (no point stands for it)"}`;
  line.classList.toggle("chosen", chosen(listing) === place);
  return line;
}

function flags(place: ListedPlace): HTMLElement[] {
  const disagree = place.statements.reduce((sum, said) => sum + said.disagree, 0);
  const agree = place.statements.reduce((sum, said) => sum + said.agree, 0);
  const fate = FATES[place.reattached ?? ""];
  const more = place.comments.length - 1;
  return [
    fate ? element("span", { class: "fate" }, fate) : null,
    disagree ? element("span", { class: "disagree", title: `${disagree} disagree` }, `✗ ${disagree}`) : null,
    agree ? element("span", { class: "agree", title: `${agree} agree` }, `✓ ${agree}`) : null,
    more > 0 ? element("span", { class: "more", title: "comments before" }, `+${more}`) : null,
  ].filter((flag) => flag !== null);
}
