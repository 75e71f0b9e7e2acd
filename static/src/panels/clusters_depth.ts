// How a cluster lies in depth: its points counted in equal steps, as bars.

import { element } from "../element";
import type { Axis } from "../protocol";
import type { Cluster } from "../protocol_explore";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [64, 14];

/** `ends`: the least and the greatest depth of any cluster, in micrometres. */
export function depthProfile(cluster: Cluster, ends: readonly [number, number], axis: Axis): Element {
  const { depths, depth_um } = cluster;
  const most = Math.max(...depths, 1);
  const [low, high] = ends;
  if (!depths.length || high <= low) return element("small", {}, "–");
  const title = depthText(cluster, axis);
  const svg = drawn("svg", { class: "depth", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  const step = WIDTH / depths.length;
  depths.forEach((count, i) => {
    const height = (HEIGHT * count) / most;
    svg.append(drawn("rect", { x: i * step, y: HEIGHT - height, width: step - 0.5, height }));
  });
  const middle = (WIDTH * (depth_um[1] - low)) / (high - low);
  svg.append(drawn("line", { x1: middle, x2: middle, y1: 0, y2: HEIGHT }));
  const said = drawn("title", {});
  said.textContent = title;
  svg.append(said);
  return svg;
}

/** "depth (y) 3.5 to 5.0 µm (the middle half), 4.3 in the middle" */
export function depthText({ depth_um: [low, middle, high] }: Cluster, axis: Axis): string {
  return `depth (${axis}) ${low.toFixed(1)} to ${high.toFixed(1)} µm (the middle half), ${middle.toFixed(1)} in the middle`;
}

function drawn(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
