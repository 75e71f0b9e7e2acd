// Small changes of lists and records that are never changed in place.

export function without<T extends { readonly request: string }>(list: readonly T[], request: string): readonly T[] {
  return list.filter((item) => item.request !== request);
}

export function omit<T>(
  record: Readonly<Record<string | number, T>>,
  key: string | number,
): Readonly<Record<string | number, T>> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== String(key)));
}
