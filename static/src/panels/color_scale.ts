// The scale to read the scatter's colours by, where they are not those of the classes.

import { shortNumber, type Scale, type Tint, type Tints } from "../coloring";
import { VIRIDIS_CSS } from "../colormap";
import { byId, element } from "../element";
import type { RGB } from "../paint";
import type { State } from "../state";
import { counted } from "./format";
import { whenChanged } from "./panel";

const GREY: RGB = [92, 97, 105];

export function colorScalePanel(tints: Tints): (state: State) => void {
  const host = byId("color-scale");
  const show = whenChanged((tint: Tint | null) => {
    host.hidden = tint === null;
    if (tint) host.replaceChildren(...(tint.scale.kind === "numbers" ? numbers(tint.scale) : words(tint.scale)));
  });
  return (state) => show(tints(state));
}

function numbers(scale: Extract<Scale, { kind: "numbers" }>): HTMLElement[] {
  const { low, high, below, above, unit, title } = scale;
  const parts = [element("figcaption", {}, unit ? `${title}, ${unit}` : title)];
  if (low !== null && high !== null) {
    const bar = element("div", { class: "bar" });
    bar.style.background = VIRIDIS_CSS;
    const left = element("span", {}, `${below ? "≤ " : ""}${shortNumber(low)}`);
    const right = element("span", {}, `${above ? "≥ " : ""}${shortNumber(high)}`);
    parts.push(bar, element("div", { class: "ends" }, left, right));
  }
  return [...parts, ...rest(scale)];
}

function words(scale: Extract<Scale, { kind: "words" }>): HTMLElement[] {
  const lines = scale.swatches.map(({ name, rgb }) => swatch(name, rgb));
  if (scale.others) lines.push(swatch("others", GREY));
  const list = lines.length ? [element("ul", {}, ...lines)] : [];
  return [element("figcaption", {}, scale.title), ...list, ...rest(scale)];
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
