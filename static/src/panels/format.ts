// How numbers are written on the page.

const COUNT = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
  return COUNT.format(value);
}

/** "1 label", "47 labels" */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** Of 0 to 1; certainty is never rounded up to 100 %. */
export function percent(fraction: number): string {
  return `${fraction < 1 ? Math.min(99, Math.round(fraction * 100)) : 100} %`;
}

export function milliseconds(value: number): string {
  return value < 10
    ? `${value.toFixed(1)} ms`
    : value < 10_000
      ? `${Math.round(value)} ms`
      : `${(value / 1000).toFixed(1)} s`;
}

export function micrometres(nanometres: number): string {
  return `${(nanometres / 1000).toFixed(nanometres < 100_000 ? 2 : 0)} µm`;
}

/** "3 Nov 09:15" of an ISO date, in the user's zone; of this year, else with the year. */
export function dayAndTime(iso: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return date.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${day} ${date.getFullYear()}`;
}

/** Time of day of an ISO date, in the user's zone; the text itself where it is none. */
export function clock(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleTimeString("en-GB");
}
