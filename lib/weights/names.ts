/**
 * A state dict by the names that the network alone gives its tensors, in the same order. `module.`, which data
 * parallelism puts before every name, comes off; of a distiller saved as a whole, as mdistiller does, the `student.`
 * stays; counters of batches, which no network of ours has, are left out.
 */
export function plainNames<Held>(tensors: ReadonlyMap<string, Held>): Map<string, Held> {
  let names = [...tensors.keys()].map((name): [plain: string, name: string] => [name, name]);
  const cut = (prefix: string) => {
    names = names.filter(([plain]) => plain.startsWith(prefix)).map((
      [plain, name],
    ) => [plain.slice(prefix.length), name]);
  };
  const has = (prefix: string) => ([plain]: [string, string]) => plain.startsWith(prefix);
  while (names.length > 0 && names.every(has("module."))) cut("module.");
  if (names.some(has("student."))) cut("student.");
  while (names.length > 0 && names.every(has("module."))) cut("module.");
  const kept = names.filter(([plain]) => !/(^|\.)num_batches_tracked$/.test(plain));
  return new Map(kept.map(([plain, name]) => [plain, tensors.get(name)!]));
}
