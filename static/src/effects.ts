// What follows from a new state outside the panels: columns to fetch, the scatter's picture, the viewer's layers.
// Each effect names the parts of the state that it depends on and runs when one of them is another one.

import { CLASS_TITLE, type Tint, type Tints } from "./coloring";
import { paletteBy } from "./colormap";
import { fetchCoordinates, fetchMask, fetchPrediction, fetchRows } from "./columns";
import type { Mark, ViewerBridge } from "./neuroglancer";
import { NO_CLASS, overlayColors, paletteOf } from "./paint";
import { focusOf, isBlind } from "./queue";
import { glyphsOf } from "./scatter/glyphs";
import type { Scatter } from "./scatter/scatter";
import { classesOf, placeOf, whereabouts, type State } from "./state";
import type { Event } from "./store";
import { isCutOtherwise, partsOf } from "./surfaces";

const OVERTAKEN_MS = 1000; // within which the announcement of newer predictions is there
const SURFACES_MOST = 500;
const SURFACES_FEW = 20; // are drawn with the sections everywhere
const MARK_COLOR = "#c8cdd6";

/** `before` is null the first time. */
export type Effect = (state: State, before: State | null) => void;

function changed(state: State, before: State | null, ...names: readonly (keyof State)[]): boolean {
  return before === null || names.some((name) => state[name] !== before[name]);
}

/**
 * Fetch what the server has announced; a column that is no longer wanted when it arrives is dropped by the store. Of
 * predictions the server has the newest only: those that fast labelling has overtaken are missed by nobody.
 */
export function fetching(dispatch: (event: Event) => void, now: () => State): Effect {
  const report = (error: unknown): void => {
    const text = error instanceof TypeError ? "The server cannot be reached." : (error as Error).message;
    dispatch({ type: "problem", text });
  };
  return (state, before) => {
    const { hello, layout, points } = state;
    const mask = state.selected?.mask ?? null;
    if (hello && mask !== null && mask !== before?.selected?.mask) {
      fetchMask(mask, hello.rows).then((bits) => dispatch({ type: "mask", mask, bits }), report);
    }
    if (hello && hello.table_version !== before?.hello?.table_version) {
      fetchRows(hello.table_version, hello.rows).then((rows) => dispatch({ type: "rows", rows }), report);
    }
    if (layout && layout.id !== before?.layout?.id) {
      const coming = fetchCoordinates(layout.id, layout.url, layout.rows);
      coming.then((coordinates) => dispatch({ type: "coordinates", coordinates }), report);
    }
    if (points && points.url !== before?.points?.url) {
      const coming = fetchPrediction(points.stamp, points.task, points.url, points.rows);
      coming.then(
        (prediction) => dispatch({ type: "prediction", prediction }),
        (error: unknown) =>
          setTimeout(() => {
            if (now().points?.url === points.url) report(error);
          }, OVERTAKEN_MS),
      );
    }
  };
}

/** What of a layout's id stays when there are more points. */
function stemOf(id: string): string {
  return id.split("~")[0];
}

/** `name` is what a screen reader calls the picture, with what its colours are of. */
export function drawing(scatter: Scatter, tints: Tints, name = "Scatter of the embeddings"): Effect {
  let shown: Tint | null = null;
  return (state, before) => {
    const { coordinates, prediction, selected, hidden, target, here } = state;
    if (changed(state, before, "tool")) scatter.setTool(state.tool);
    if (changed(state, before, "density")) scatter.setDensity(state.density);
    if (changed(state, before, "coordinates") && coordinates) {
      const more = before?.coordinates != null && stemOf(before.coordinates.id) === stemOf(coordinates.id);
      scatter.setGeometry(coordinates.x, coordinates.y, more);
    }
    const tint = tints(state);
    const tinted = tint !== shown;
    if (tinted || before === null) scatter.setName(`${name}, coloured by ${tint?.scale.title ?? CLASS_TITLE}`);
    shown = tint;
    if (tinted || changed(state, before, "coordinates", "prediction")) {
      const codes = tint?.codes ?? prediction?.confidences;
      if (codes) scatter.setColor(prediction?.classes ?? new Uint8Array(codes.length).fill(NO_CLASS), codes);
    }
    if (tinted || blinded(state, before) || changed(state, before, "prediction", "hello", "threshold", "hidden")) {
      const classes = classesOf(state, prediction?.task);
      const palette = tint ? paletteBy(tint.colors, classes.length, hidden) : paletteOf(classes, thresholdOf(state), hidden);
      scatter.setPalette(palette, (row) => !hidden.has(prediction?.classes[row] ?? NO_CLASS));
    }
    if (changed(state, before, "coordinates", "selected", "here")) {
      const chosen = selected && selected.row_total > 0 && selected.origin !== "start" ? selected.bits : null;
      scatter.setMask(here ? here.bits : chosen);
    }
    if (changed(state, before, "labels", "places", "pins", "target", "coordinates", "task", "hidden", "selected", "hello")) {
      scatter.setGlyphs(glyphsOf(state), state.places);
    }
    const place = target?.kind === "place" && changed(state, before, "target") ? placeOf(state, target.place) : null;
    if (place) scatter.reveal(...place.xy);
  };
}

export function viewing(bridge: ViewerBridge): Effect {
  let newest: (() => void) | null = null;
  const inTurn = (show: () => void, many: boolean): void => {
    newest = show;
    if (!many) return show();
    // the sections show first what was chosen: the surfaces of many cells take a second where drawing is slow
    bridge.showSurfaces(() => []);
    void bridge.drawn().then(() => {
      if (newest === show) show();
    });
  };
  return (state, before) => {
    const { hello, points, selected, lit, rows, prediction, target } = state;
    if (!hello) return;
    if (hello.viewer_url !== before?.hello?.viewer_url) bridge.open(new URL(hello.viewer_url, location.href).href);
    if (changed(state, before, "viewerReady", "connection")) bridge.away(state.connection !== "open");
    const classes = classesOf(state);
    // without predictions of these classes the viewer shows those of the classes before, in their colours
    const known = points !== null && (before === null || before.points === null);
    const turned = blinded(state, before);
    if (points && classes.length && (known || turned || changed(state, before, "viewerReady", "hello", "task", "threshold", "hidden"))) {
      bridge.paint(overlayColors(classes, thresholdOf(state), state.hidden));
    }
    const focus = focusOf(state);
    const refocused = focus !== (before && focusOf(before)) || changed(state, before, "others");
    const chosen = !selected?.waiting && (refocused || changed(state, before, "viewerReady", "selected", "lit"));
    const others = focus === null || state.others ? (selected?.segments ?? []) : [];
    const light = isLit(state);
    if (light !== (before !== null && isLit(before)) || changed(state, before, "viewerReady")) bridge.spotlight(light);
    if (chosen) bridge.select([...new Set([...(lit === null ? [] : [lit]), ...others])]);
    if (rows && prediction && points && (known || chosen || turned || changed(state, before, "rows", "prediction", "hidden", "hello"))) {
      const painted = isBlind(state) ? [] : classesOf(state, prediction.task);
      const shown = (cells: readonly string[]): readonly string[] => cells.slice(0, SURFACES_MOST);
      const show = (): void => bridge.showSurfaces((cells) => partsOf(shown(cells), rows, prediction, painted, state.hidden, focus));
      inTurn(show, chosen && others.length > SURFACES_FEW);
    }
    if (rows && prediction && points && changed(state, before, "prediction")) {
      // what was numbered anew on this page is cut by the old numbers there
      const shown = before?.prediction?.stamp ? before.prediction : null;
      bridge.refetch((segment) => isCutOtherwise(segment, rows, shown, prediction));
    }
    if (turned || changed(state, before, "viewerReady", "selected", "rows", "hello", "prediction")) bridge.mark(marksOf(state), hello.resolution_nm);
    if (changed(state, before, "viewerReady", "target", "rows")) {
      bridge.markPlace((target && whereabouts(state, target)?.position_nm) ?? null, hello.resolution_nm);
    }
  };
}

const ALL_GREY = 2; // above every confidence

/** Confidence below which colours are grey: at a place that is asked blind no class is told. */
function thresholdOf(state: State): number {
  return isBlind(state) ? ALL_GREY : state.threshold;
}

function blinded(state: State, before: State | null): boolean {
  return isBlind(state) !== (before !== null && isBlind(before));
}

/** Whether the sections show the cell that is asked about alone. */
function isLit(state: State): boolean {
  return focusOf(state) !== null && !state.others;
}

/** The selection's marks in the colour of their class. */
function marksOf(state: State): Mark[] {
  const { selected, prediction } = state;
  const classes = isBlind(state) ? [] : classesOf(state, prediction?.task);
  return (selected?.marks ?? []).map((position_nm, i): Mark => {
    const row = selected?.mark_rows[i] ?? -1;
    return { position_nm, color: classes[prediction?.classes[row] ?? NO_CLASS]?.color ?? MARK_COLOR };
  });
}
