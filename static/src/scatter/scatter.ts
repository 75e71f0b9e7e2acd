// The scatter as the page sees it: columns and masks go in; lassoes, picks and hovers come out. It owns the camera and
// the pointer; drawing is the renderer's. Nothing here knows of tasks, messages or the viewer.

import { element } from "../element";
import type { Palette } from "../paint";
import type { XY } from "../protocol";
import { onAll, onSome, panned, pixelsPerUnit, pointSize, toLayout, toScreen, within, type Camera } from "./camera";
import { Motion, SETTLED_MS } from "./detail";
import type { ScatterEvents } from "./events";
import type { Raster } from "./figure";
import { Gesture, modeOf, Outline, type Tool } from "./gesture";
import { nearest, nearestPlace, type PlacePoint } from "./pick";
import { Renderer, type Glyph } from "./renderer";
import { byKey, byWheel } from "./steering";
import { Tip } from "./tip";

const REACH_PX = 14;
const KEYS = "Arrow keys move the picture, plus and minus zoom, Home shows all points.";

export class Scatter {
  private camera: Camera = { x: 0, y: 0, zoom: 1 };
  private viewport = { width: 1, height: 1 };
  private ratio = 1;
  private x: Float32Array = new Float32Array(0);
  private y: Float32Array = new Float32Array(0);
  private visible: (row: number) => boolean = () => true;
  private places: readonly PlacePoint[] = [];
  private tool: Tool = "lasso";
  private gesture: Gesture | null = null;
  private dragging: XY | null = null;
  private spaceHeld = false;
  private hovered: number | null = null;
  private frame = 0;
  private fittedOnce = false;
  private density = false;
  private mask: Uint32Array | null | undefined; // undefined where the points are others since
  private readonly motion: Motion;
  private readonly outline = new Outline();
  private readonly tip = new Tip();

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: ScatterEvents,
    private readonly renderer: Renderer,
  ) {
    this.motion = new Motion(
      () => this.redraw(),
      (then) => renderer.whenFree(then),
    );
  }

  /** null where the browser has no WebGL2. */
  static in(host: HTMLElement, events: ScatterEvents): Scatter | null {
    const canvas = element("canvas", { tabindex: 0, role: "application", "aria-description": KEYS });
    let redraw = (): void => {};
    const renderer = Renderer.on(canvas, () => redraw());
    if (!renderer) return null;
    const made = new Scatter(canvas, events, renderer);
    redraw = () => made.redraw();
    host.append(canvas, made.outline.element, ...made.tip.elements);
    made.listen();
    return made;
  }

  /** `more` points than before, which lie where they were: the camera stays. */
  setGeometry(x: Float32Array, y: Float32Array, more: boolean): void {
    this.cancel(); // what was being drawn went round other points
    [this.x, this.y] = [x, y];
    this.mask = undefined;
    this.renderer.setGeometry(x, y);
    if (more && this.fittedOnce) return this.redraw();
    this.fittedOnce = this.viewport.width > 1;
    this.fit();
  }

  setColor(classes: Uint8Array, confidences: Uint8Array): void {
    this.renderer.setColor(classes, confidences);
    this.redrawSoon();
  }

  /** Rows that are not `visible` have no colour in the palette; they cannot be picked either. */
  setPalette(palette: Palette, visible: (row: number) => boolean): void {
    this.visible = visible;
    this.renderer.setPalette(palette);
    this.redraw();
  }

  setMask(bits: Uint32Array | null): void {
    if (bits === this.mask) {
      // the answer to what is drawn already: it is for the viewer, which comes first
      if (this.motion.isOn) this.motion.moved(SETTLED_MS);
      return;
    }
    this.mask = bits;
    this.renderer.setSelected(bits);
    this.redrawSoon();
  }

  setGlyphs(glyphs: readonly Glyph[], places: readonly PlacePoint[]): void {
    this.places = places;
    if (this.renderer.setGlyphs(glyphs)) this.redraw();
  }

  /** Draw how many points lie where, instead of each of them; in browsers that can. */
  setDensity(on: boolean): void {
    this.density = on;
    this.redraw();
  }

  get hasDensity(): boolean {
    return this.renderer.hasDensity;
  }

  /** What a screen reader calls it. */
  setName(name: string): void {
    this.canvas.setAttribute("aria-label", name);
  }

  setTool(tool: Tool): void {
    this.canvas.dataset["tool"] = this.tool = tool;
  }

  fit(): void {
    this.look(onAll(this.x, this.y, this.viewport));
  }

  /** Show some of the points. */
  zoomTo(among: (row: number) => boolean): void {
    this.look(onSome(this.x, this.y, this.viewport, among));
  }

  /** Where it looks; with a camera given, from now on. */
  view(camera?: Camera): Camera {
    if (camera) {
      this.fittedOnce = true; // what was asked for is kept when the picture gets its size
      this.look(camera);
    }
    return this.camera;
  }

  /** Ring a point, and say what it is, as if the pointer were over it; null for none. */
  point(row: number | null): void {
    if (row === null || row >= this.x.length) this.tip.hide();
    else this.tip.show(this.events.describe(row), this.pixelOf(row), this.viewport.width);
  }

  /** Bring a point into view if it is not. */
  reveal(x: number, y: number): void {
    if (!within(this.camera, this.viewport, x, y)) this.look({ ...this.camera, x, y });
  }

  /** What is on screen now, drawn `fine` times as fine as CSS pixels, as a data URL with its size in these. */
  picture(fine: number): Raster {
    const { canvas, viewport } = this;
    const [width, height] = [canvas.width, canvas.height];
    [canvas.width, canvas.height] = [Math.round(viewport.width * fine), Math.round(viewport.height * fine)];
    this.draw(fine, false);
    const raster = canvas.toDataURL("image/png");
    [canvas.width, canvas.height] = [width, height];
    this.paint();
    return { raster, ...viewport };
  }

  /** Pixel of a point in the window. */
  pointOnPage(row: number): XY {
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = this.pixelOf(row);
    return [box.left + px, box.top + py];
  }

  /** Give up what the pointer is doing; false if it did nothing. */
  cancel(): boolean {
    const busy = this.gesture !== null || this.dragging !== null;
    this.gesture = this.dragging = null;
    this.outline.clear();
    return busy;
  }

  private listen(): void {
    const { canvas } = this;
    new ResizeObserver(([entry]) => this.resize(entry)).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("keyup", ({ key }) => (this.spaceHeld &&= key !== " "));
  }

  private press(event: PointerEvent): void {
    if (event.button > 1) return;
    event.preventDefault(); // no scrolling by the middle button, no selection of text
    this.canvas.focus();
    this.canvas.setPointerCapture(event.pointerId);
    this.hover(null);
    const at: XY = [event.offsetX, event.offsetY];
    if (event.button === 1 || this.tool === "pan" || this.spaceHeld) this.dragging = at;
    if (event.button === 0) {
      const tool = this.tool === "pan" ? "lasso" : this.tool; // it tells a click from a drag
      this.gesture = new Gesture(tool, at, toLayout(this.camera, this.viewport, ...at));
    }
  }

  private move(event: PointerEvent): void {
    const at: XY = [event.offsetX, event.offsetY];
    this.gesture?.add(at, toLayout(this.camera, this.viewport, ...at));
    if (this.dragging) {
      this.steer(panned(this.camera, this.viewport, at[0] - this.dragging[0], at[1] - this.dragging[1]));
      this.dragging = at;
    } else if (this.gesture) this.drawGesture();
    else this.hover(at);
  }

  private release(event: PointerEvent): void {
    const { gesture, dragging } = this;
    this.cancel();
    if (!gesture) return;
    if (!gesture.isDrawn) return this.pick(event.offsetX, event.offsetY);
    if (!dragging) this.events.select(gesture.shape(pixelsPerUnit(this.camera, this.viewport)), modeOf(event));
  }

  private pick(px: number, py: number): void {
    const place = nearestPlace(this.places, (xy) => this.onScreen(xy), [px, py], REACH_PX / 2);
    if (place) return this.events.pickPlace(place.place_id);
    const row = this.rowAt(px, py);
    if (row !== null) this.events.pickRow(row);
  }

  private onScreen([x, y]: XY): XY {
    return toScreen(this.camera, this.viewport, x, y);
  }

  private pixelOf(row: number): XY {
    return this.onScreen([this.x[row], this.y[row]]);
  }

  private drawGesture(): void {
    if (this.gesture?.isDrawn && !this.dragging) this.gesture.drawOn(this.outline, (layout) => this.onScreen(layout));
  }

  private rowAt(px: number, py: number): number | null {
    const [x, y] = toLayout(this.camera, this.viewport, px, py);
    return nearest(this.x, this.y, x, y, REACH_PX / pixelsPerUnit(this.camera, this.viewport), this.visible);
  }

  private hover(at: XY | null): void {
    const row = at && this.rowAt(...at);
    this.point(row);
    if (row === this.hovered) return;
    this.hovered = row;
    this.events.hover(row);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.steer(byWheel(event, this.camera, this.viewport));
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const camera = byKey(event.key, this.camera, this.viewport);
    if (camera) this.steer(camera);
    else if (event.key === "Home") this.fit();
    else if (event.key === " ") this.spaceHeld = true;
    else return;
    event.preventDefault();
  }

  /** Look elsewhere by hand: more such steps will come at once. */
  private steer(camera: Camera): void {
    this.motion.moved();
    this.look(camera);
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.tip.hide();
    this.redraw();
    this.events.look(camera);
  }

  private resize(entry: ResizeObserverEntry): void {
    const { width, height } = entry.contentRect;
    if (!width || !height) return;
    this.viewport = { width, height };
    this.ratio = window.devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    if (this.fittedOnce || !this.x.length) return this.paint();
    this.fittedOnce = true;
    this.fit();
  }

  /** Where drawing is slow, a sample at once and all points later, after what else follows from the same. */
  private redrawSoon(): void {
    if (this.renderer.isSlow) this.motion.moved(SETTLED_MS);
    this.redraw();
  }

  private redraw(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw(this.ratio, this.motion.isOn);
    this.drawGesture();
  }

  private draw(ratio: number, moving: boolean): void {
    const size = pointSize(this.x.length, this.camera, this.viewport);
    this.renderer.draw(this.camera, this.viewport, ratio, size, { moving, density: this.density });
  }
}
