import assert from "node:assert/strict";
import { test } from "node:test";
import { NUMBERS, RAMPS } from "../src/colormap";
import type { Scale, Tint } from "../src/coloring";
import { fileName, figureOf, pictureOf } from "../src/saving";
import { figureSvg, sizeOf } from "../src/scatter/figure";
import { byKey } from "../src/scatter/steering";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const PICTURE = { raster: "data:image/png;base64,AAAA", width: 600, height: 400 };
const events: Event[] = [
  { type: "received", message: { ...golden("hello"), project: "a <b> & c/d" } },
  { type: "received", message: golden("layout") },
  { type: "received", message: golden("points") },
];
const STATE: State = events.reduce(reduce, initial);
const scale: Scale = { kind: "numbers", title: "z", unit: "µm", low: 0.5, high: 1200, below: false, above: true, missing: 3, note: "", ramp: "cividis" };
const BY_DEPTH: Tint = { codes: new Uint8Array(0), colors: NUMBERS.cividis, scale };
const PLAIN = figureOf(STATE, [pictureOf(STATE, null, PICTURE)]);

test("the figure holds the picture, the legend of the shown classes and what it was made of", () => {
  const state = reduce(STATE, { type: "class-toggled", class: 0 });
  const figure = figureOf(state, [pictureOf(state, null, PICTURE)]);
  const svg = figureSvg(figure);
  const names = STATE.hello!.tasks[0].classes.map(({ name }) => name);
  assert.ok(svg.includes(PICTURE.raster));
  assert.ok(!svg.includes(`>${names[0]}<`) && svg.includes(`>${names[1]}<`));
  assert.ok(svg.includes(golden("layout").id) && svg.includes(golden("points").stamp));
  assert.match(svg, /1 class hidden/);
});

test("names from the project cannot break the figure", () => {
  const svg = figureSvg(PLAIN);
  assert.ok(svg.includes("a &lt;b&gt; &amp; c/d") && !svg.includes("<b>"));
});

test("a scale of numbers has its ends, its unit and the rows without a value", () => {
  const svg = figureSvg(figureOf(STATE, [pictureOf(STATE, BY_DEPTH, PICTURE)]));
  assert.ok(svg.includes(RAMPS.cividis[0]) && !svg.includes(RAMPS.viridis[0]), "the legend has the chosen scale");
  for (const part of ["z, µm", ">0.5<", "≥ 1200", "grey: 3 without a value", "linearGradient"]) assert.ok(svg.includes(part), part);
});

test("the figure is larger than the picture on every side", () => {
  const { width, height } = sizeOf(PLAIN);
  assert.ok(width > PICTURE.width && height > PICTURE.height);
});

test("two pictures lie side by side, each with its title and its own legend", () => {
  const other = { ...PICTURE, raster: "data:image/png;base64,BBBB" };
  const figure = figureOf(STATE, [pictureOf(STATE, BY_DEPTH, PICTURE), pictureOf(STATE, { ...BY_DEPTH, scale: { ...scale, title: "novelty", ramp: "viridis" } }, other)]);
  const svg = figureSvg(figure);
  for (const part of [PICTURE.raster, other.raster, ">coloured by z<", ">coloured by novelty<", RAMPS.cividis[0], RAMPS.viridis[0]]) assert.ok(svg.includes(part), part);
  const ids = [...svg.matchAll(/linearGradient id="(\w+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, 2, "no legend takes the colours of the other");
  for (const id of ids) assert.ok(svg.includes(`url(#${id})`));
  assert.ok(sizeOf(figure).width > 2 * sizeOf(PLAIN).width - 50);
  const lefts = [...svg.matchAll(/<image x="(\d+)"/g)].map(([, x]) => Number(x));
  assert.ok(lefts[1] > lefts[0] + PICTURE.width + 200, "the legend of the first has its place between them");
});

test("a legend that is longer than the picture is not cut off", () => {
  const swatches = Array.from({ length: 40 }, (_, i) => ({ name: `group ${i} ${"x".repeat(60)}`, rgb: [1, 2, 3] as const }));
  const words: Scale = { kind: "words", title: "cluster", swatches, others: true, missing: 0, note: "" };
  const figure = figureOf(STATE, [pictureOf(STATE, { ...BY_DEPTH, scale: words }, PICTURE)]);
  assert.ok(sizeOf(figure).height > 41 * 18);
  assert.ok(!figureSvg(figure).includes("x".repeat(40)) && figureSvg(figure).includes("…"));
});

test("file names hold letters and digits of any script, and no path", () => {
  assert.equal(fileName(STATE), `a-b-c-d-${STATE.task}`);
  assert.equal(fileName({ ...STATE, hello: { ...STATE.hello!, project: "../Großhirn 1" }, task: "t" }), "Großhirn-1-t");
});

test("arrows move the picture, plus and minus zoom, other keys do nothing", () => {
  const [camera, viewport] = [{ x: 0, y: 0, zoom: 2 }, { width: 400, height: 200 }];
  assert.ok(byKey("ArrowRight", camera, viewport)!.x > 0);
  assert.ok(byKey("ArrowUp", camera, viewport)!.y > 0);
  assert.equal(byKey("+", camera, viewport)!.zoom, 2.5);
  assert.equal(byKey("a", camera, viewport), null);
});
