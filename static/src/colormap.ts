// Colours of values that are no classes: a scale for numbers, and colours that tell words or cells apart.

import { rgbOf, type Palette, type RGB } from "./paint";

/** Code of a row without a value, and of a word that is none of the frequent ones. */
export const NOTHING = 255;
export const OTHERS = 254;
export const HIGHEST = 254;

const GREY: RGB = [92, 97, 105];
const FAINT = 110;
const FULL = 225;

export type Ramp = "viridis" | "cividis";

// viridis (van der Walt & Smith 2015), and cividis (Nuñez et al. 2018), which looks the same with and without red-green
// vision; from 0.15 on: what is darker than that is lost on a dark ground
export const RAMPS: Readonly<Record<Ramp, readonly string[]>> = {
  viridis: ["#46327e", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725"],
  cividis: ["#243c6e", "#414d6c", "#585e6d", "#6d6f72", "#838179", "#9a9376", "#b3a670", "#ccba64", "#e6d051", "#fee838"],
};
// Okabe & Ito 2008 without black, then the lighter and darker ones of Tol 2021, "muted"
const WORDS = [
  "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#88ccee", "#44aa99", "#ddcc77",
  "#999933", "#cc6677", "#aa4499", "#117733", "#882255", "#bbcc33", "#99ddff", "#ffaabb", "#eedd88", "#77aadd",
]; // prettier-ignore

/** The colour of a share (0 to 1) of a scale. */
export function rampColor(ramp: Ramp, share: number): RGB {
  const stops = RAMPS[ramp];
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(at));
  const [low, high] = [rgbOf(stops[below]), rgbOf(stops[below + 1])];
  return [0, 1, 2].map((i) => Math.round(low[i] + (high[i] - low[i]) * (at - below))) as unknown as RGB;
}

/** A scale as CSS, from left to right. */
export function rampCss(ramp: Ramp): string {
  return `linear-gradient(to right, ${RAMPS[ramp].join(", ")})`;
}

export function wordColor(index: number): RGB {
  return rgbOf(WORDS[index % WORDS.length]);
}

/** A colour for each of 254 cells, neighbours in the list far apart: the golden angle, in three lightnesses. */
export function cellColor(index: number): RGB {
  return fromHsl((index * 137.508) % 360, 0.6, [0.5, 0.66, 0.8][index % 3]);
}

function fromHsl(hue: number, saturation: number, lightness: number): RGB {
  const strength = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - strength * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** RGBA of every code: `of` names the colour, null is "no value". */
export function colorsOf(of: (code: number) => RGB | null): Uint8Array {
  const rgba = new Uint8Array(256 * 4);
  for (let code = 0; code < 256; code++) {
    const rgb = of(code);
    rgba.set([...(rgb ?? GREY), rgb ? FULL : FAINT], 4 * code);
  }
  return rgba;
}

const inRamp = (ramp: Ramp): Uint8Array => colorsOf((code) => (code === NOTHING ? null : rampColor(ramp, code / HIGHEST)));
export const NUMBERS: Readonly<Record<Ramp, Uint8Array>> = { viridis: inRamp("viridis"), cividis: inRamp("cividis") };
export const CELLS = colorsOf((code) => (code === NOTHING ? null : cellColor(code)));

/**
 * The same colours for every class, so that the classes still tell which rows are shown: one line for each, the last for
 * rows without class.
 */
export function paletteBy(colors: Uint8Array, classes: number, hidden: ReadonlySet<number>): Palette {
  const height = classes + 1;
  const rgba = new Uint8Array(256 * 4 * height);
  for (let line = 0; line < height; line++) {
    if (!hidden.has(line)) rgba.set(colors, 256 * 4 * line);
  }
  return { width: 256, height, rgba };
}
