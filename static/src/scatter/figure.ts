// The scatter as a figure: one picture of the points or two side by side, a legend beside each, and what they were made
// of, as SVG.

import type { Scale } from "../coloring";
import { shortNumber } from "../coloring";
import { RAMPS } from "../colormap";
import type { RGB } from "../paint";

/** The points, as a data URL, and its size in CSS pixels. */
export interface Raster {
  readonly raster: string;
  readonly width: number;
  readonly height: number;
}

export interface Picture extends Raster {
  readonly scale: Scale;
}

export interface Figure {
  readonly pictures: readonly Picture[];
  readonly title: string;
  /** One line each: what the layout is, what is selected. */
  readonly notes: readonly string[];
}

const LEGEND_PX = 210;
const LINE_PX = 18;
const MARGIN_PX = 16;
const LONGEST_NAME = 30; // what is longer would not fit beside the picture
const INK = "#e6e8eb";
const FAINT = "#9aa1ab";
const GROUND = "#0f1114";
const GREY: RGB = [92, 97, 105];

export function sizeOf({ pictures, notes }: Figure): { readonly width: number; readonly height: number } {
  const width = pictures.reduce((sum, picture) => sum + picture.width + LEGEND_PX + 2 * MARGIN_PX, MARGIN_PX);
  return { width, height: topOf(pictures) + bodyHeight(pictures) + MARGIN_PX * 2 + LINE_PX * notes.length };
}

export function figureSvg(figure: Figure): string {
  const { pictures, title } = figure;
  const { width, height } = sizeOf(figure);
  const [top, body] = [topOf(pictures), bodyHeight(pictures)];
  let left = MARGIN_PX;
  const drawn = pictures.flatMap((picture, index) => {
    const lines = pictureSvg(picture, index, left, top, pictures.length > 1);
    left += picture.width + LEGEND_PX + 2 * MARGIN_PX;
    return lines;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${GROUND}"/>`,
    text(MARGIN_PX, MARGIN_PX + 6, title, INK, 14),
    ...drawn,
    ...figure.notes.map((note, i) => text(MARGIN_PX, top + body + LINE_PX * (i + 1), note, FAINT, 11)),
    `</svg>`,
  ].join("\n");
}

/** Where the pictures begin: below the title and, of several, their own titles. */
function topOf(pictures: readonly Picture[]): number {
  return MARGIN_PX + LINE_PX * (pictures.length > 1 ? 2 : 1);
}

function bodyHeight(pictures: readonly Picture[]): number {
  return Math.max(...pictures.flatMap(({ height, scale }) => [height, legend(scale, 0).height]));
}

function pictureSvg({ raster, width, height, scale }: Picture, index: number, left: number, top: number, hasTitle: boolean): string[] {
  return [
    ...(hasTitle ? [text(left, top - 8, `coloured by ${scale.title}`, INK, 12)] : []),
    `<image x="${left}" y="${top}" width="${width}" height="${height}" href="${raster}"/>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#3a404a"/>`,
    `<g transform="translate(${left + width + MARGIN_PX} ${top})">`,
    ...legend(scale, index).lines,
    `</g>`,
  ];
}

/** Its lines, and how high they are together; `index` keeps the names of several legends apart. */
function legend(scale: Scale, index: number): { readonly lines: readonly string[]; readonly height: number } {
  const lines = [text(0, 12, scale.kind === "numbers" && scale.unit ? `${scale.title}, ${scale.unit}` : scale.title, INK, 13)];
  let y = LINE_PX + 6;
  if (scale.kind === "words") {
    for (const { name, rgb } of [...scale.swatches, ...(scale.others ? [{ name: "others", rgb: GREY }] : [])]) {
      const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
      lines.push(`<circle cx="5" cy="${y + 5}" r="5" fill="rgb(${rgb.join(",")})"/>`, text(16, y + 9, short, INK, 12));
      y += LINE_PX;
    }
  } else if (scale.low !== null && scale.high !== null) {
    const colors = RAMPS[scale.ramp];
    const stops = colors.map((color, i) => `<stop offset="${i / (colors.length - 1)}" stop-color="${color}"/>`);
    lines.push(`<defs><linearGradient id="scale${index}">${stops.join("")}</linearGradient></defs>`);
    lines.push(`<rect y="${y}" width="${LEGEND_PX - 20}" height="10" fill="url(#scale${index})"/>`);
    lines.push(text(0, y + 24, `${scale.below ? "≤ " : ""}${shortNumber(scale.low)}`, INK, 12));
    const right = `${scale.above ? "≥ " : ""}${shortNumber(scale.high)}`;
    lines.push(`<text x="${LEGEND_PX - 20}" y="${y + 24}" fill="${INK}" font-size="12" text-anchor="end">${right}</text>`);
    y += 2 * LINE_PX + 4;
  }
  if (scale.note) lines.push(text(0, y + 9, scale.note, FAINT, 11));
  else if (scale.missing) lines.push(text(0, y + 9, `grey: ${scale.missing.toLocaleString("en")} without a value`, FAINT, 11));
  return { lines, height: y + LINE_PX };
}

function text(x: number, y: number, content: string, fill: string, size: number): string {
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
