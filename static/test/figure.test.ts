import assert from "node:assert/strict";
import { test } from "node:test";
import { NUMBERS, RAMPS } from "../src/colormap";
import type { Scale } from "../src/coloring";
import { fileName, figureOf } from "../src/saving";
import { figureSvg, sizeOf, type Figure } from "../src/scatter/figure";
import { byKey } from "../src/scatter/steering";
import type { State } from "../src/state";
import { initial, reduce, type Event } from "../src/store";
import { golden } from "./golden";

const PICTURE = { raster: "data:image/png;base64,AAAA", width: 600, height: 400 };
const events: Event[] = [
  { type: "received", message: { ...golden("hello"), project: "a <b> & c/d" } },
  { type: "received", message: golden("layout") },
  { type: "received", message: golden("points") },
];
const STATE: State = events.reduce(reduce, initial);
const scale: Scale = { kind: "numbers", title: "z", unit: "µm", low: 0.5, high: 1200, below: false, above: true, missing: 3, note: "", ramp: "cividis" };

test("the figure holds the picture, the legend of the shown classes and what it was made of", () => {
  const figure = figureOf(reduce(STATE, { type: "class-toggled", class: 0 }), null, PICTURE);
  const svg = figureSvg(figure);
  const names = STATE.hello!.tasks[0].classes.map(({ name }) => name);
  assert.ok(svg.includes(PICTURE.raster));
  assert.ok(!svg.includes(`>${names[0]}<`) && svg.includes(`>${names[1]}<`));
  assert.ok(svg.includes(golden("layout").id) && svg.includes(golden("points").stamp));
  assert.match(svg, /1 classes hidden/);
});

test("names from the project cannot break the figure", () => {
  const svg = figureSvg(figureOf(STATE, null, PICTURE));
  assert.ok(svg.includes("a &lt;b&gt; &amp; c/d") && !svg.includes("<b>"));
});

test("a scale of numbers has its ends, its unit and the rows without a value", () => {
  const svg = figureSvg(figureOf(STATE, { codes: new Uint8Array(0), colors: NUMBERS.cividis, scale }, PICTURE));
  assert.ok(svg.includes(RAMPS.cividis[0]) && !svg.includes(RAMPS.viridis[0]), "the legend has the chosen scale");
  for (const part of ["z, µm", ">0.5<", "≥ 1200", "grey: 3 without a value", "linearGradient"]) assert.ok(svg.includes(part), part);
});

test("the figure is larger than the picture on every side", () => {
  const figure: Figure = figureOf(STATE, null, PICTURE);
  const { width, height } = sizeOf(figure);
  assert.ok(width > PICTURE.width && height > PICTURE.height);
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
