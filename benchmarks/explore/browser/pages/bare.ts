// regl-scatterplot as its documentation shows it. New colours need the points again; it is spared building its index anew.

import createScatterplot from "regl-scatterplot";
import { rampColor } from "../../../../static/src/colormap";
import { Bench, type Plot, type Points } from "./harness";

const CLASSES = 13;

function newPlot(): Plot {
  const canvas = document.createElement("canvas");
  document.body.append(canvas);
  const { width, height } = canvas.getBoundingClientRect();
  const hex = (at: number): string => `#${rampColor("viridis", at / CLASSES).map((v) => v.toString(16).padStart(2, "0")).join("")}`;
  const plot = createScatterplot({
    canvas,
    width,
    height,
    pointSize: 2,
    colorBy: "valueA",
    pointColor: Array.from({ length: CLASSES }, (_, at) => hex(at)),
  });
  const drawn = (): Promise<void> => new Promise((done) => plot.subscribe("draw", () => done(), 1));
  const data = ({ x, y, classes, confidences }: Points) => ({ x, y, z: classes, w: confidences });
  const moved = async (x: number): Promise<void> => {
    const next = drawn();
    plot.view([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, 0, 0, 1]);
    await next;
  };
  const types = { zDataType: "categorical", wDataType: "continuous" } as const;
  let at = 0;
  return {
    gl: () => (plot.get("regl") as unknown as { _gl: WebGLRenderingContext })._gl,
    first: (points) => plot.draw(data(points), types),
    recolor: (points) => plot.draw(data(points), { ...types, spatialIndex: plot.get("spatialIndex") }),
    pan: (pixels) => moved((at += pixels / 400)),
    look: (x) => moved((at = x)),
    select: async (polygon, found) => {
      const next = drawn();
      plot.lassoSelect(polygon.map(([px, py]) => [px, py]), { isGl: true });
      found(plot.get("selectedPoints").length);
      await next;
    },
  };
}

window.bench = new Bench(newPlot());
