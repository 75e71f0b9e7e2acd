// The scale to read the scatter's colours by, where they are not those of the classes.

import { choicesOf, shortNumber, type Scale, type Tint, type Tints } from "../coloring";
import { rampCss, type Ramp } from "../colormap";
import { byId, element, setText } from "../element";
import type { RGB } from "../paint";
import type { State } from "../state";
import { counted } from "./format";
import { whenChanged, type Actions } from "./panel";

const GREY: RGB = [92, 97, 105];

export interface ScaleOf {
  readonly host: HTMLElement;
  readonly label: string;
  readonly tints: Tints;
  readonly actions: Actions;
  choose(name: string): void;
}

/** The switch of the second picture beside the first, and its own scale there. */
export function besidePanel(tints: Tints, seen: (state: State) => State, actions: Actions): (state: State) => void {
  const turn = element("button", { type: "button", class: "beside-turn", onclick: () => actions.beside() }, "◫");
  byId("color-scale").querySelector("select")?.after(turn);
  const choose = (name: string): void => actions.dispatch({ type: "beside", name });
  const show = colorScalePanel({ host: byId("beside-scale"), label: "Colour the points beside by", tints, actions, choose });
  return (state) => {
    const on = state.beside !== null;
    turn.setAttribute("aria-pressed", String(on));
    turn.title = on ? "One picture again" : "The same points in other colours beside these";
    turn.setAttribute("aria-label", turn.title);
    if (on) show(seen(state));
  };
}

export function colorScalePanel({ host, label, tints, actions, choose }: ScaleOf): (state: State) => void {
  const choice = element("select", { "aria-label": label, title: "What the points are coloured by" });
  choice.addEventListener("change", () => choose(choice.value));
  const scale = element("div", { class: "scale" });
  host.append(element("div", { class: "choose" }, choice), scale);
  const offer = whenChanged((...names: readonly string[]) => {
    choice.replaceChildren(...names.map((name) => element("option", { value: name }, "")));
  });
  const show = whenChanged((tint: Tint | null) => {
    scale.hidden = tint === null;
    if (tint) scale.replaceChildren(...(tint.scale.kind === "numbers" ? numbers(tint.scale, turn) : words(tint.scale)));
  });
  const turn = (ramp: Ramp): void => {
    actions.dispatch({ type: "ramp", ramp });
    scale.querySelector<HTMLElement>(".bar")?.focus();
  };
  return (state) => {
    const choices = choicesOf(state);
    offer(...choices.map(({ name }) => name));
    choices.forEach(({ title }, i) => setText(choice.options[i], `Colour: ${title}`));
    choice.value = state.coloring;
    host.dataset["coloring"] = state.coloring; // where clusters are a table, that is the legend
    show(tints(state));
  };
}

function numbers(scale: Extract<Scale, { kind: "numbers" }>, turn: (ramp: Ramp) => void): HTMLElement[] {
  const { low, high, below, above, unit, ramp } = scale;
  const parts: HTMLElement[] = [];
  if (low !== null && high !== null) {
    const other = ramp === "viridis" ? "cividis" : "viridis";
    const title = `The colours are ${ramp}: change to ${other}`;
    const bar = element("button", { type: "button", class: "bar", title, "aria-label": title, onclick: () => turn(other) });
    bar.style.background = rampCss(ramp);
    const left = element("span", {}, `${below ? "≤ " : ""}${shortNumber(low)}`);
    const right = element("span", {}, `${above ? "≥ " : ""}${shortNumber(high)}${unit && ` ${unit}`}`);
    parts.push(bar, element("div", { class: "ends" }, left, right));
  }
  return [...parts, ...rest(scale)];
}

function words(scale: Extract<Scale, { kind: "words" }>): HTMLElement[] {
  const lines = scale.swatches.map(({ name, rgb }) => swatch(name, rgb));
  if (scale.others) lines.push(swatch("others", GREY));
  const list = lines.length ? [element("ul", {}, ...lines)] : [];
  return [...list, ...rest(scale)];
}

function rest({ missing, note }: Scale): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (note) parts.push(element("div", { class: "note" }, note));
  else if (missing) parts.push(element("div", { class: "none" }, `grey: ${counted(missing, "point")} without one`));
  return parts;
}

function swatch(name: string, rgb: RGB): HTMLElement {
  const line = element("li", { title: name }, element("span", {}, name));
  line.style.setProperty("--class", `rgb(${rgb.join(" ")})`);
  return line;
}
