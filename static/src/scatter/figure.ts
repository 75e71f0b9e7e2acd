// The scatter as a figure: the picture of the points, a legend beside it, and what it was made of, as SVG.

import type { Scale } from "../coloring";
import { shortNumber } from "../coloring";
import { RAMPS } from "../colormap";
import type { RGB } from "../paint";

export interface Figure {
  /** The points, as a data URL, and its size in CSS pixels. */
  readonly raster: string;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** One line each: what the layout is, what is selected. */
  readonly notes: readonly string[];
  readonly scale: Scale;
}

const LEGEND_PX = 210;
const LINE_PX = 18;
const MARGIN_PX = 16;
const INK = "#e6e8eb";
const FAINT = "#9aa1ab";
const GROUND = "#0f1114";
const GREY: RGB = [92, 97, 105];

export function sizeOf({ width, height, notes }: Figure): { readonly width: number; readonly height: number } {
  return { width: width + LEGEND_PX + 3 * MARGIN_PX, height: height + MARGIN_PX * 3 + LINE_PX * (1 + notes.length) };
}

export function figureSvg(figure: Figure): string {
  const { width, height } = sizeOf(figure);
  const top = MARGIN_PX + LINE_PX;
  const notes = figure.notes.map((note, i) => text(MARGIN_PX, top + figure.height + LINE_PX * (i + 1), note, FAINT, 11));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<title>${escaped(figure.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${GROUND}"/>`,
    text(MARGIN_PX, MARGIN_PX + 6, figure.title, INK, 14),
    `<image x="${MARGIN_PX}" y="${top}" width="${figure.width}" height="${figure.height}" href="${figure.raster}"/>`,
    `<rect x="${MARGIN_PX}" y="${top}" width="${figure.width}" height="${figure.height}" fill="none" stroke="#3a404a"/>`,
    `<g transform="translate(${figure.width + 2 * MARGIN_PX} ${top})">`,
    ...legend(figure.scale),
    `</g>`,
    ...notes,
    `</svg>`,
  ].join("\n");
}

function legend(scale: Scale): string[] {
  const lines = [text(0, 12, scale.kind === "numbers" && scale.unit ? `${scale.title}, ${scale.unit}` : scale.title, INK, 13)];
  let y = LINE_PX + 6;
  if (scale.kind === "words") {
    for (const { name, rgb } of [...scale.swatches, ...(scale.others ? [{ name: "others", rgb: GREY }] : [])]) {
      lines.push(`<circle cx="5" cy="${y + 5}" r="5" fill="rgb(${rgb.join(",")})"/>`, text(16, y + 9, name, INK, 12));
      y += LINE_PX;
    }
  } else if (scale.low !== null && scale.high !== null) {
    const colors = RAMPS[scale.ramp];
    const stops = colors.map((color, i) => `<stop offset="${i / (colors.length - 1)}" stop-color="${color}"/>`);
    lines.push(`<defs><linearGradient id="scale">${stops.join("")}</linearGradient></defs>`);
    lines.push(`<rect y="${y}" width="${LEGEND_PX - 20}" height="10" fill="url(#scale)"/>`);
    lines.push(text(0, y + 24, `${scale.below ? "≤ " : ""}${shortNumber(scale.low)}`, INK, 12));
    const right = `${scale.above ? "≥ " : ""}${shortNumber(scale.high)}`;
    lines.push(`<text x="${LEGEND_PX - 20}" y="${y + 24}" fill="${INK}" font-size="12" text-anchor="end">${right}</text>`);
    y += 2 * LINE_PX + 4;
  }
  if (scale.note) lines.push(text(0, y + 9, scale.note, FAINT, 11));
  else if (scale.missing) lines.push(text(0, y + 9, `grey: ${scale.missing.toLocaleString("en")} without a value`, FAINT, 11));
  return lines;
}

function text(x: number, y: number, content: string, fill: string, size: number): string {
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
