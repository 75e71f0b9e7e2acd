// How many points lie where, and their mean colour: drawn into a float target that adds them up, then mapped to tones.
// The order of drawing does not count, so nothing hides behind what was drawn last.

import { newPass, type Pass } from "./program";

// a half float stops growing at 2000 to 3200 equal increments; the tones are saturated long before
const TONE_VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  gl_Position = vec4(4.0 * corner - 1.0, 0.0, 1.0);
}`;
const TONE_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D sums;
uniform float typical; // points on a pixel that make it half as bright as can be
out vec4 pixel;
void main() {
  vec4 sum = texelFetch(sums, ivec2(gl_FragCoord.xy), 0);
  if (sum.a <= 0.0) discard;
  float count = sum.a;
  float tone = log2(1.0 + count / typical) / (1.0 + log2(1.0 + count / typical));
  vec3 hue = sum.rgb / sum.a;
  float alpha = clamp(0.12 + 0.88 * tone, 0.0, 1.0);
  pixel = vec4(mix(hue, vec3(1.0), 0.35 * tone * tone) * alpha, alpha);
}`;
const TYPICAL = 3;

export class Density {
  private readonly tone: Pass;
  private readonly framebuffer: WebGLFramebuffer;
  private readonly texture: WebGLTexture;
  private width = 0;
  private height = 0;

  private constructor(private readonly gl: WebGL2RenderingContext) {
    this.tone = newPass(gl, TONE_VERTEX, TONE_FRAGMENT);
    this.framebuffer = gl.createFramebuffer();
    this.texture = gl.createTexture();
  }

  /** null where the browser cannot add up in float targets. */
  static on(gl: WebGL2RenderingContext): Density | null {
    return gl.getExtension("EXT_color_buffer_float") ? new Density(gl) : null;
  }

  /** Draw a `share` of the points with `draw`, called with the target bound, and map their sums onto the canvas. */
  draw(width: number, height: number, share: number, draw: () => void): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    this.fit(width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.blendFunc(gl.ONE, gl.ONE);
    draw();
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.tone.program);
    gl.bindVertexArray(this.tone.array);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.uniform1i(this.tone.uniform("sums"), 1);
    gl.uniform1f(this.tone.uniform("typical"), TYPICAL * share);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.activeTexture(gl.TEXTURE0);
  }

  private fit(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    [this.width, this.height] = [width, height];
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, width, height, 0, gl.RGBA, gl.HALF_FLOAT, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.texture, 0);
    gl.activeTexture(gl.TEXTURE0);
  }
}
