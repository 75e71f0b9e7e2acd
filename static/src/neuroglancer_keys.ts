// Keys pressed while the viewer has the focus that the page takes before Neuroglancer sees them.

const listening = new WeakSet<Window>();

/** Hand each key press in the viewer's window to `take`; one that it takes goes no further. */
export function takeKeys(viewer: Window, typing: () => boolean, take: (event: KeyboardEvent) => boolean): void {
  if (listening.has(viewer)) return;
  listening.add(viewer);
  viewer.addEventListener(
    "keydown",
    (event) => {
      if (typing() || !take(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
