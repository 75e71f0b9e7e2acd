// Carrying things away: the scatter as a figure, the selection as a table. A file is offered only when all of it is there.

import { CLASS_TITLE, type Scale, type Tint } from "./coloring";
import { element } from "./element";
import { rgbOf } from "./paint";
import { counted } from "./panels/format";
import { figureSvg, sizeOf, type Figure, type Picture, type Raster } from "./scatter/figure";
import { classesOf, type State } from "./state";

export type Saved = "png1" | "png2" | "png4" | "svg" | "csv" | "parquet";

export const SAVED: readonly (readonly [Saved, string])[] = [
  ["png1", "Figure, PNG"],
  ["png2", "Figure, PNG, 2 × as fine"],
  ["png4", "Figure, PNG, 4 × as fine"],
  ["svg", "Figure, SVG"],
  ["csv", "Selection, CSV"],
  ["parquet", "Selection, Parquet"],
];

export interface SavingWorld {
  state(): State;
  /** What is shown, from left to right, drawn `fine` times as fine as CSS pixels. */
  pictures(fine: number): readonly Picture[];
  problem(text: string): void;
}

/** Save one of them; what goes wrong is told in a sentence. */
export async function save(kind: Saved, world: SavingWorld): Promise<void> {
  try {
    const state = world.state();
    const name = fileName(state);
    if (kind === "csv" || kind === "parquet") return offer(await selectionFile(state, kind), `${name}-selection.${kind}`);
    const fine = kind === "svg" ? 2 : Number(kind.slice(3));
    const figure = figureOf(state, world.pictures(fine));
    const svg = new Blob([figureSvg(figure)], { type: "image/svg+xml" });
    offer(kind === "svg" ? svg : await png(svg, figure, fine), `${name}.${kind === "svg" ? "svg" : "png"}`);
  } catch (error) {
    world.problem(error instanceof TypeError ? "The server cannot be reached: nothing was saved." : (error as Error).message);
  }
}

/** The project and the task, as far as file systems take them. */
export function fileName({ hello, task }: State): string {
  return `${hello?.project ?? "scatter"}-${task}`.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "");
}

/** One picture with what explains its colours. */
export function pictureOf(state: State, tint: Tint | null, raster: Raster): Picture {
  return { ...raster, scale: tint?.scale ?? classScale(state) };
}

export function figureOf(state: State, pictures: readonly Picture[]): Figure {
  const { layout, hello, selected, points, prediction, task, hidden } = state;
  const method = layout ? `${layout.method.toUpperCase()} of ${hello?.rows.toLocaleString("en")} embeddings` : "";
  const any = selected && selected.origin !== "start" && selected.row_total > 0;
  const chosen = any ? `${counted(selected.row_total, "point")} selected` : "";
  const without = hidden.size ? `${counted(hidden.size, "class", "classes")} hidden` : "";
  const made = `layout ${layout?.id ?? ""}, predictions ${prediction?.stamp ?? points?.stamp ?? "none"}, table ${hello?.table_version ?? ""}`;
  return {
    pictures,
    title: `${hello?.project ?? ""}: ${task}`,
    notes: [[method, chosen, without].filter(Boolean).join(" · "), made],
  };
}

function classScale(state: State): Scale {
  const shown = classesOf(state).filter((_, index) => !state.hidden.has(index));
  const swatches = shown.map(({ name, color }) => ({ name, rgb: rgbOf(color) }));
  const note = state.threshold ? `grey: confidence below ${Math.round(100 * state.threshold)} %` : "";
  return { kind: "words", title: CLASS_TITLE, swatches, others: false, missing: 0, note };
}

async function selectionFile({ selected }: State, kind: "csv" | "parquet"): Promise<Blob> {
  if (!selected?.row_total || selected.origin === "start") throw new Error("Nothing is selected: select points first.");
  const mask = /([^/]+)\.bin$/.exec(selected.stored ?? "")?.[1];
  if (selected.waiting || !mask) throw new Error("The selection is still under way: try again in a moment.");
  const response = await fetch(new URL(`export/selection/${mask}.${kind}`, location.href), { credentials: "same-origin" });
  if (response.status === 404) throw new Error("The selection is not there any more: select again.");
  if (!response.ok) throw new Error(`The selection could not be written as ${kind}; nothing was saved.`);
  return response.blob();
}

async function png(svg: Blob, figure: Figure, fine: number): Promise<Blob> {
  const url = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { width, height } = sizeOf(figure);
    const canvas = element("canvas", { width: width * fine, height: height * fine });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (!made) throw new Error("The figure is too large for this browser: save it less fine.");
    return made;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Let the browser save a file. */
export function offer(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
