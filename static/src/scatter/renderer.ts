// The scatter's picture: one WebGL2 draw call over plain columns, and a second one for the few glyphs. Every column has
// its own buffer, so new colours or a new selection send one byte per row and never the geometry. It knows neither
// classes nor tasks. A lost context is rebuilt from the columns.

import { emptyBits, unpack } from "./bits";
import { pixelsPerUnit, type Camera, type Viewport } from "./camera";
import { crowdingOf } from "./crowding";
import { Density } from "./density";
import { fairSample, MOVING_MOST, Pace } from "./detail";
import { newPass, type Pass } from "./program";
import { GLYPH_FRAGMENT, GLYPH_VERTEX, POINT_FRAGMENT, POINT_VERTEX } from "./shaders";
import { NO_CLASS, type Palette, type RGB } from "../paint";

export interface Glyph {
  readonly x: number;
  readonly y: number;
  readonly kind: "ring" | "diamond" | "cross" | "square";
  /** CSS pixels. */
  readonly diameter: number;
  readonly rgb: RGB;
  readonly alpha?: number;
}

/** How the points are drawn: a part of them while the picture moves; as densities. */
export interface Look {
  readonly moving: boolean;
  readonly density: boolean;
}

const LOCATION = { x: 0, y: 1, category: 2, confidence: 3, selected: 4, crowding: 5 } as const;
type Column = keyof typeof LOCATION;
const KIND = { ring: 0, diamond: 1, cross: 2, square: 3 } as const;
const GLYPH_BYTES = 20;

interface Resources {
  readonly points: Pass;
  readonly glyphs: Pass;
  readonly glyphBuffer: WebGLBuffer;
  /** The rows that are drawn while the picture moves. */
  readonly sample: WebGLBuffer;
  /** null where the browser cannot draw densities. */
  readonly density: Density | null;
  readonly palette: WebGLTexture;
  readonly buffers: Partial<Record<Column, WebGLBuffer>>;
}

export class Renderer {
  private resources: Resources | null = null;
  private readonly columns: Partial<Record<Column, Float32Array | Uint8Array>> = {};
  private palette: Palette = { width: 1, height: 1, rgba: new Uint8Array([128, 128, 128, 255]) };
  private glyphBytes = new ArrayBuffer(0);
  private anySelected = false;
  private readonly pace: Pace;
  private cellArea = 1;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    redraw: () => void,
  ) {
    this.pace = new Pace(gl);
    this.resources = this.build();
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.resources = null;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.resources = this.build();
      redraw();
    });
  }

  /** null where the browser cannot draw it (no WebGL2, shaders refused). `redraw` is called when a context is back. */
  static on(canvas: HTMLCanvasElement, redraw: () => void): Renderer | null {
    const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
    try {
      return gl && new Renderer(canvas, gl, redraw);
    } catch (error) {
      console.error(error);
      return null;
    }
  }

  get rows(): number {
    return this.columns.x?.length ?? 0;
  }

  setGeometry(x: Float32Array, y: Float32Array): void {
    if (x.length !== this.rows) {
      for (const name of ["category", "confidence", "selected"] as const) {
        this.set(name, new Uint8Array(x.length).fill(name === "category" ? 255 : 0));
      }
    }
    this.set("x", x);
    this.set("y", y);
    const { codes, cellArea } = crowdingOf(x, y);
    this.cellArea = cellArea;
    this.set("crowding", codes);
    if (this.resources) this.uploadSample(this.resources);
  }

  /** Class and confidence (0 to 255) of every row: line and column of the palette. */
  setColor(classes: Uint8Array, confidences: Uint8Array): void {
    this.set("category", ofLength(classes, this.rows, NO_CLASS));
    this.set("confidence", ofLength(confidences, this.rows, 0));
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    if (this.resources) this.uploadPalette(this.resources.palette);
  }

  /** The rows to stand out; null where all are alike. */
  setSelected(bits: Uint32Array | null): void {
    this.anySelected = bits !== null;
    const bytes = new Uint8Array(this.rows);
    unpack(bits ?? emptyBits(this.rows), bytes);
    this.set("selected", bytes);
  }

  /** Returns whether they are others than before. */
  setGlyphs(glyphs: readonly Glyph[]): boolean {
    const view = new DataView(new ArrayBuffer(glyphs.length * GLYPH_BYTES));
    glyphs.forEach((glyph, i) => {
      const at = i * GLYPH_BYTES;
      view.setFloat32(at, glyph.x, true);
      view.setFloat32(at + 4, glyph.y, true);
      view.setFloat32(at + 8, glyph.diameter, true);
      view.setUint32(at + 12, KIND[glyph.kind], true);
      const rgba = [...glyph.rgb, Math.round(255 * (glyph.alpha ?? 1))];
      rgba.forEach((value, channel) => view.setUint8(at + 16 + channel, value));
    });
    const before = new Uint8Array(this.glyphBytes);
    const now = new Uint8Array(view.buffer);
    if (now.length === before.length && now.every((byte, i) => byte === before[i])) return false;
    this.glyphBytes = view.buffer;
    if (this.resources) this.uploadGlyphs(this.resources.glyphBuffer);
    return true;
  }

  /** Whether drawing all points takes long. */
  get isSlow(): boolean {
    return this.rows > MOVING_MOST && this.pace.isSlow;
  }

  /** Call back when the GPU has nothing else to do. */
  whenFree(then: () => void): void {
    this.pace.free(then);
  }

  /** Whether this browser can draw densities. */
  get hasDensity(): boolean {
    return this.resources?.density !== null;
  }

  /** `viewport` in CSS pixels; `ratio` device pixels to one of them; `size` of a point in CSS pixels. */
  draw(camera: Camera, viewport: Viewport, ratio: number, size: number, look: Look): void {
    const { gl, resources, canvas } = this;
    if (!resources) return;
    const unit = pixelsPerUnit(camera, viewport);
    const scale = [(2 * unit) / viewport.width, (2 * unit) / viewport.height] as const;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const use = (pass: Pass): void => {
      gl.useProgram(pass.program);
      gl.bindVertexArray(pass.array);
      gl.uniform2f(pass.uniform("centre"), camera.x, camera.y);
      gl.uniform2f(pass.uniform("scale"), ...scale);
    };
    const drawn = look.moving && this.isSlow ? this.pace.moving(this.rows) : this.rows;
    const cover = ((drawn / Math.max(1, this.rows)) * Math.PI * (size / 2) ** 2) / (this.cellArea * unit * unit);
    const points = (sums: boolean): void => {
      use(resources.points);
      gl.uniform1f(resources.points.uniform("cover"), cover);
      gl.uniform1i(resources.points.uniform("sums"), Number(sums));
      gl.uniform1f(resources.points.uniform("size"), size * ratio);
      gl.uniform1f(resources.points.uniform("ratio"), ratio);
      gl.uniform1i(resources.points.uniform("selecting"), Number(this.anySelected));
      if (this.anySelected && !sums) gl.enable(gl.DEPTH_TEST);
      if (drawn < this.rows) gl.drawElements(gl.POINTS, drawn, gl.UNSIGNED_INT, 0);
      else gl.drawArrays(gl.POINTS, 0, drawn);
      gl.disable(gl.DEPTH_TEST);
    };
    if (drawn && look.density && resources.density) {
      resources.density.draw(canvas.width, canvas.height, drawn / this.rows, () => points(true));
    } else if (drawn) points(false);
    const glyphs = this.glyphBytes.byteLength / GLYPH_BYTES;
    if (glyphs) {
      use(resources.glyphs);
      gl.uniform1f(resources.glyphs.uniform("ratio"), ratio);
      gl.drawArrays(gl.POINTS, 0, glyphs);
    }
    gl.bindVertexArray(null);
    if (drawn > MOVING_MOST) this.pace.drawn();
  }

  private build(): Resources {
    const { gl } = this;
    const made = {
      points: newPass(gl, POINT_VERTEX, POINT_FRAGMENT),
      glyphs: newPass(gl, GLYPH_VERTEX, GLYPH_FRAGMENT),
      glyphBuffer: gl.createBuffer(),
      sample: gl.createBuffer(),
      density: Density.on(gl),
      palette: gl.createTexture(),
      buffers: {},
    };
    this.uploadPalette(made.palette);
    this.resources = made;
    for (const [name, values] of Object.entries(this.columns)) this.set(name as Column, values);
    this.uploadGlyphs(made.glyphBuffer);
    this.uploadSample(made);
    gl.bindVertexArray(made.glyphs.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, made.glyphBuffer);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, GLYPH_BYTES, 0);
    gl.vertexAttribPointer(1, 1, gl.FLOAT, false, GLYPH_BYTES, 8);
    gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_INT, GLYPH_BYTES, 12);
    gl.vertexAttribPointer(3, 4, gl.UNSIGNED_BYTE, true, GLYPH_BYTES, 16);
    for (let location = 0; location < 4; location++) gl.enableVertexAttribArray(location);
    gl.bindVertexArray(null);
    return made;
  }

  private set(name: Column, values: Float32Array | Uint8Array): void {
    const { gl, resources } = this;
    const fresh = this.columns[name]?.length !== values.length || !resources?.buffers[name];
    this.columns[name] = values;
    if (!resources) return;
    const buffer = (resources.buffers[name] ??= gl.createBuffer());
    gl.bindVertexArray(resources.points.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    if (fresh) {
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(LOCATION[name]);
      if (values instanceof Float32Array) gl.vertexAttribPointer(LOCATION[name], 1, gl.FLOAT, false, 0, 0);
      else gl.vertexAttribIPointer(LOCATION[name], 1, gl.UNSIGNED_BYTE, 0, 0);
    } else gl.bufferSubData(gl.ARRAY_BUFFER, 0, values);
    gl.bindVertexArray(null);
  }

  private uploadPalette(texture: WebGLTexture): void {
    const { gl, palette } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const { width, height, rgba } = palette;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  private uploadSample({ points, sample }: Resources): void {
    const { gl, rows } = this;
    gl.bindVertexArray(points.array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, sample);
    const count = rows > MOVING_MOST ? MOVING_MOST : 0;
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, fairSample(rows, count), gl.STATIC_DRAW);
    gl.bindVertexArray(null);
  }

  private uploadGlyphs(buffer: WebGLBuffer): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, this.glyphBytes, this.gl.DYNAMIC_DRAW);
  }
}

/** Points that came before their colours have none yet, and colours that came before their points wait. */
function ofLength(values: Uint8Array, length: number, missing: number): Uint8Array {
  if (values.length >= length) return values.subarray(0, length);
  const longer = new Uint8Array(length).fill(missing);
  longer.set(values);
  return longer;
}
