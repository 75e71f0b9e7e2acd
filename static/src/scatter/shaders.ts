// GLSL of the two passes: all rows as round points, and a few glyphs (rings, diamonds, crosses) over them.

/**
 * Points: colour from the palette by class (line) and confidence (column); rows outside the selection are dimmed and
 * lie behind, so that one pass draws both.
 */
export const POINT_VERTEX = `#version 300 es
layout(location=0) in float x;
layout(location=1) in float y;
layout(location=2) in uint category;
layout(location=3) in uint confidence;
layout(location=4) in uint selected;
layout(location=5) in uint crowding;
uniform vec2 centre, scale;
uniform float size;
uniform float cover; // what a point covers of the cell that crowding is counted in
uniform bool sums; // adding up densities
uniform bool selecting; // whether some rows stand out
uniform float ratio;
uniform sampler2D palette;
out vec4 colour;
out float radius;
void main() {
  int line = min(int(category), textureSize(palette, 0).y - 1);
  colour = texelFetch(palette, ivec2(int(confidence), line), 0);
  bool hidden = colour.a == 0.0;
  bool inside = selecting && selected != 0u;
  bool dimmed = selecting && selected == 0u;
  if (dimmed) colour = vec4(mix(colour.rgb, vec3(0.3), 0.75), colour.a * 0.35);
  if (inside) colour.a = 1.0;
  float over = 1.0 + min(cover, 1.0) * (exp2(float(crowding) / 4.0) - 1.0);
  if (sums) colour.a = dimmed ? 0.25 : 1.0;
  else colour.a *= clamp(6.0 / over, inside ? 0.5 : 0.18, 1.0);
  float diameter = inside ? size + ratio : size;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((vec2(x, y) - centre) * scale, inside ? -0.5 : 0.5, 1.0);
  gl_PointSize = diameter + 1.0;
  radius = 0.5 * diameter;
}`;

export const POINT_FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
in float radius;
out vec4 pixel;
void main() {
  float outside = length(gl_PointCoord - 0.5) * (2.0 * radius + 1.0) - radius;
  float alpha = colour.a * clamp(0.5 - outside, 0.0, 1.0);
  if (alpha == 0.0) discard; // it would keep the points behind from being drawn
  pixel = vec4(colour.rgb * alpha, alpha);
}`;

/** Glyphs (KIND in renderer.ts): drawn from a distance to the shape's line, with a dark rim so that they show on any colour. */
export const GLYPH_VERTEX = `#version 300 es
layout(location=0) in vec2 position;
layout(location=1) in float diameter;
layout(location=2) in uint kind;
layout(location=3) in vec4 tint;
uniform vec2 centre, scale;
uniform float ratio;
out vec4 colour;
out float extent;
flat out uint shape;
void main() {
  gl_Position = vec4((position - centre) * scale, 0.0, 1.0);
  extent = diameter * ratio + 6.0;
  gl_PointSize = extent;
  colour = tint;
  shape = kind;
}`;

export const GLYPH_FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
in float extent;
flat in uint shape;
uniform float ratio;
out vec4 pixel;
void main() {
  vec2 p = (gl_PointCoord - 0.5) * extent;
  float reach = 0.5 * extent - 3.0;
  float width = 1.0 * ratio;
  float distance;
  if (shape == 0u) distance = abs(length(p) - reach + width) - width;
  else if (shape == 3u) distance = abs(max(abs(p.x), abs(p.y)) - reach + width) - width;
  else if (shape == 1u) distance = (abs(p.x) + abs(p.y) - reach) * 0.7071;
  else {
    vec2 q = abs(p);
    distance = max(abs(q.x - q.y) * 0.7071 - 1.2 * width, max(q.x, q.y) - 0.75 * reach);
  }
  float ink = clamp(0.5 - distance, 0.0, 1.0);
  float rim = clamp(0.5 - (distance - 1.3 * ratio), 0.0, 1.0) * 0.75;
  float alpha = max(ink, rim) * colour.a;
  pixel = vec4(colour.rgb * ink * colour.a, alpha);
}`;
