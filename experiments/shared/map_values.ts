/** Maps each value of a record by `make`, and keeps the keys. */
export function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  make: (value: V, name: K) => R,
): { readonly [N in K]: R } {
  const made = Object.entries<V>(record).map(([name, value]) => [name, make(value, name as K)]);
  return Object.fromEntries(made) as { readonly [N in K]: R };
}
