// The page's hands inside the viewer's iframe: selection, colours, camera, marks, and refetching what was repainted.
// The only file that reaches into `contentWindow.viewer`. Those are internals of the packaged client (2.41), so every
// reach is guarded: what is missing is said once, and the rest of the page goes on.

import { Ahead } from "./neuroglancer_ahead";
import { Camera, voxelAt } from "./neuroglancer_camera";
import type { Client, Id, Layer, ManagedLayer } from "./neuroglancer_client";
import { Cross, HINT } from "./neuroglancer_cross";
import { colorIn, layersAreThere, showIn, visibleIn } from "./neuroglancer_layers";
import { takeKeys } from "./neuroglancer_keys";
import { Renewal } from "./neuroglancer_refetch";
import { spotlight } from "./neuroglancer_spotlight";
import { fieldOf, type Field } from "./neuroglancer_view";
import type { RGB } from "./paint";
import type { XYZ } from "./protocol";

export interface Part {
  readonly id: string;
  /** The segment that this part of a surface belongs to. */
  readonly segment: string;
  readonly rgb: RGB;
}

export interface Mark {
  readonly position_nm: XYZ;
  /** "#rrggbb" */
  readonly color: string;
}

export interface ViewerEvents {
  /** The layers are there; `cells` are the segments selected so far. */
  ready(cells: string[]): void;
  /** The user changed the selected segments. */
  selected(cells: string[]): void;
  /** The viewer has drawn, perhaps another place. */
  moved(): void;
  problem(text: string): void;
  /** A key was pressed in the viewer; true if the page has done what it says. */
  key(event: KeyboardEvent): boolean;
}

type ClientWindow = Window & { viewer?: Client; BigInt: typeof BigInt };

const POLL_MS = 60;
const PATIENCE_MS = 45_000;
const UNDRAWN_MS = 250;

export class ViewerBridge {
  private ready = false;
  private writing = false;
  /** The visible segments that the page has been told of, or has set itself. */
  private known: readonly string[] = [];
  private readonly ahead = new Ahead();
  private cross: Cross | null = null;
  private cursor: Cross | null = null;
  private announced = 0;
  private segmentOfPart = new Map<string, string>();
  private readonly hooked = new WeakSet<Layer>();
  private readonly complained = new Set<string>();
  readonly camera = new Camera(
    () => this.client(),
    (action) => this.reach("camera", action),
  );
  private readonly renewal = new Renewal({
    client: () => (this.ready ? this.client() : null),
    layer: (name) => this.layer(name),
    reach: (action) => this.reach("repaint", action),
  });

  constructor(
    private readonly frame: HTMLIFrameElement,
    private readonly events: ViewerEvents,
  ) {}

  /** Show the viewer at `url` and report when its layers are there. */
  open(url: string): void {
    this.ready = false;
    this.frame.src = url;
    this.waitForLayers();
  }

  /** The server is away, which the page says: the viewer's own word for it is not shown beside. */
  away(isAway: boolean): void {
    this.frame.contentDocument?.documentElement.classList.toggle("away", isAway);
  }

  /** Make exactly these segments visible. */
  select(cells: readonly string[]): void {
    this.reach("selection", () => {
      this.setVisible("cells", cells);
      this.known = this.visible("cells");
    });
  }

  /** Show the surfaces of the segments that are visible, whoever made them so: other windows share this selection. */
  showSurfaces(partsOf: (cells: readonly string[]) => readonly Part[]): void {
    this.reach("surfaces", () => {
      const parts = partsOf(this.visible("cells"));
      this.segmentOfPart = new Map(parts.map((part) => [part.id, part.segment]));
      this.renewal.showing([...new Set(parts.map((part) => part.segment))]);
      this.setColors("surfaces", new Map(parts.map((part) => [part.id, part.rgb])));
      this.setVisible("surfaces", [...this.segmentOfPart.keys()]);
    });
  }

  /** Let the shown cells stand out in the sections, or no more. */
  spotlight(on: boolean): void {
    this.reach("opacity", () => {
      const [image, classes, cells] = [this.layer("em"), this.managed("classes"), this.layer("cells")];
      if (!image || !classes || !cells) return; // without an image there is nothing to light
      spotlight(on, classes, cells);
      if (!on) this.renewal.ask(() => false); // the classes may be older than what was learnt meanwhile
    });
  }

  /** The colour of every overlay code; codes that are not among them disappear. */
  paint(colors: ReadonlyMap<number, RGB>): void {
    this.reach("colours", () => {
      const entries = new Map([...colors].map(([code, rgb]) => [String(code), rgb]));
      this.setColors("classes", entries);
      this.setVisible("classes", [...entries.keys()]);
    });
  }

  mark(marks: readonly Mark[], resolution_nm: XYZ): void {
    this.reach("marks", () => {
      const points = marks.map((mark, i) => ({
        type: "point",
        id: String(i),
        point: mark.position_nm.map((value, axis) => value / resolution_nm[axis]),
        props: [mark.color],
      }));
      this.layer("marks")?.localAnnotations?.restoreState(points);
    });
  }

  /** Put a cross at the exact place that is asked or chosen, or nowhere. */
  markPlace(position_nm: XYZ | null, resolution_nm: XYZ): void {
    this.reach("cross", () => {
      this.cross ??= new Cross(this.client());
      this.cross.at(position_nm && voxelAt(position_nm, resolution_nm));
    });
  }

  /** Put a light cursor at a place, or nowhere; the viewer stays where it looks. */
  hint(position_nm: XYZ | null, resolution_nm: XYZ): void {
    this.reach("cursor", () => {
      this.cursor ??= new Cross(this.client(), HINT);
      this.cursor.at(position_nm && voxelAt(position_nm, resolution_nm));
    });
  }

  /** What of the volume is shown; null where the viewer cannot be asked. */
  field(resolution_nm: XYZ): Field | null {
    let field: Field | null = null;
    this.reach("field", () => (field = fieldOf(this.client(), resolution_nm)));
    return field;
  }

  /** A place is being shown: what was looked for ahead is given up, and repaints wait until `arrived`. */
  arrive(): void {
    this.renewal.hold();
    this.reach("prefetch", () => this.ahead.stop());
  }

  arrived(): void {
    this.renewal.release();
  }

  /** Fetch what these panels will show at a place to come, surfaces included, behind everything else. */
  expect(position_nm: XYZ, resolution_nm: XYZ, parts: readonly Part[]): void {
    this.reach("prefetch", () => {
      this.setVisible("ahead", parts.map((part) => part.id));
      this.renewal.expecting([...new Set(parts.map((part) => part.segment))]);
      this.ahead.look(this.client(), this.layer("ahead"), voxelAt(position_nm, resolution_nm));
    });
  }

  /** Whether the viewer guesses by the last move what will be wanted; of use to who pans, a burden to who jumps. */
  guessAhead(on: boolean): void {
    this.reach("prefetch", () => {
      const { enablePrefetch } = this.client().chunkQueueManager;
      if (enablePrefetch.value !== on) enablePrefetch.value = on;
    });
  }

  /**
   * Fetch the overlay's chunks again, and the surfaces' meshes if a segment that the viewer may have kept has other parts
   * now; the last picture stays until the new one is there.
   */
  refetch(hasOtherParts: (segment: string) => boolean): void {
    if (!this.ready && !this.clientWindow()?.viewer) return; // nothing has been fetched yet
    this.renewal.ask(hasOtherParts);
  }

  /** Let the viewer have the keys, unless the user is not in this window at all. */
  takeFocus(): void {
    if (document.hasFocus() && document.activeElement !== this.frame) this.frame.contentWindow?.focus();
  }

  /** Whether all that is to be seen is loaded, and nothing is being fetched again. */
  get settled(): boolean {
    return this.renewal.done && this.loaded;
  }

  /** Whether all sections and surfaces on screen are loaded, be it in colours that are just being renewed. */
  get loaded(): boolean {
    return this.asks(() => this.ready && this.client().isReady());
  }

  /** Whether all that was expected is there. */
  get expected(): boolean {
    return this.asks(() => this.ready && this.ahead.ready);
  }

  /** Resolves once the viewer has had its turn to draw; a window that is not shown does not draw. */
  drawn(): Promise<void> {
    return new Promise((done) => {
      setTimeout(done, UNDRAWN_MS);
      this.frame.contentWindow?.requestAnimationFrame(() => setTimeout(done, 0));
    });
  }

  /** Whether the user is typing into one of the viewer's own text fields. */
  get typing(): boolean {
    const active = this.frame.contentDocument?.activeElement;
    return active instanceof (this.frame.contentWindow as unknown as typeof globalThis).HTMLElement
      ? active.matches("input, textarea, [contenteditable]")
      : false;
  }

  private waitForLayers(polls = 0): void {
    if (!layersAreThere(() => this.clientWindow()?.viewer)) {
      if (polls * POLL_MS === PATIENCE_MS) {
        this.events.problem("The viewer has not loaded its layers yet: if it stays empty, reload the page.");
      }
      setTimeout(() => this.waitForLayers(polls + 1), POLL_MS);
      return;
    }
    this.ready = true;
    this.reach("events", () => {
      const client = this.client();
      client.layerManager.layersChanged.add(() => this.hook());
      client.display.updateFinished.add(() => this.events.moved());
      client.element.addEventListener("action:select", (event) => this.pickedSurface(event), true);
      takeKeys(this.frame.contentWindow as Window, () => this.typing, (event) => this.events.key(event));
      this.hook();
      this.known = this.visible("cells");
      this.events.ready([...this.known]);
      this.renewal.next(); // what was repainted while the first chunks were on their way
    });
  }

  /** Listen to the user's selection, on the layer that there is now: a change of the shared state makes new ones. */
  private hook(): void {
    this.reach("events", () => {
      const cells = this.layer("cells");
      if (!cells || this.hooked.has(cells)) return;
      this.hooked.add(cells);
      cells.displayState.segmentationGroupState.value.visibleSegments.changed.add(() => {
        if (!this.writing) this.announce();
      });
    });
  }

  /**
   * Tell of a change by the user; several within one turn of the loop are one. What another window has selected arrives
   * here too, by the shared state: then this window does not have the focus, or nothing is new once all layers are set.
   */
  private announce(): void {
    const focused = document.hasFocus();
    clearTimeout(this.announced);
    this.announced = window.setTimeout(() => {
      this.reach("events", () => {
        const before = new Set(this.known);
        this.known = this.visible("cells");
        const same = this.known.length === before.size && this.known.every((id) => before.has(id));
        if (focused && !same) this.events.selected([...this.known]);
      });
    }, 0);
  }

  /** A double click on a surface in 3-D would switch off one part of it: switch the whole cell instead. */
  private pickedSurface(event: Event): void {
    this.reach("selection", () => {
      const client = this.client();
      client.mouseState.updateUnconditionally();
      const part = client.layerSelectedValues.get(this.layer("surfaces"));
      const value = (part as { value?: unknown } | undefined)?.value;
      const segment = value === undefined || value === null ? undefined : this.segmentOfPart.get(String(value));
      if (segment === undefined) return;
      event.stopPropagation();
      this.events.selected(this.visible("cells").filter((id) => id !== segment));
    });
  }

  private visible(name: string): string[] {
    const layer = this.layer(name);
    return layer ? visibleIn(layer) : [];
  }

  private setVisible(name: string, ids: readonly string[]): void {
    const layer = this.layer(name);
    if (!layer) return;
    this.writing = true;
    try {
      showIn(layer, ids, (id) => this.big(id));
    } finally {
      this.writing = false;
    }
  }

  private setColors(name: string, colors: ReadonlyMap<string, RGB>): void {
    const layer = this.layer(name);
    if (layer) colorIn(layer, colors, (id) => this.big(id));
  }

  private clientWindow(): ClientWindow | null {
    return this.frame.contentWindow as ClientWindow | null;
  }

  private client(): Client {
    const client = this.clientWindow()?.viewer;
    if (!client) throw new Error("the viewer has no client");
    return client;
  }

  private managed(name: string): ManagedLayer | undefined {
    return this.client().layerManager.managedLayers.find((managed) => managed.name === name);
  }

  private layer(name: string): Layer | undefined {
    return this.managed(name)?.layer ?? undefined;
  }

  /** The viewer's own BigInt: values of another window's realm are refused by some of its checks. */
  private big(value: string | number): Id {
    return (this.clientWindow() ?? window).BigInt(value);
  }

  /** An answer from inside the viewer; no where it cannot be asked. */
  private asks(question: () => boolean): boolean {
    try {
      return question();
    } catch {
      return false;
    }
  }

  /** Do something inside the viewer. A missing internal is said once for each kind of thing and otherwise ignored. */
  private reach(what: string, action: () => void): void {
    if (!this.ready) return;
    try {
      action();
    } catch (error) {
      console.warn("viewer:", what, error);
      if (this.complained.has(what)) return;
      this.complained.add(what);
      this.events.problem(
        `This version of the viewer does not let the page change its ${what}; everything else works.`,
      );
    }
  }
}
