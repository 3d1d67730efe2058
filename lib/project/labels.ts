import { basename, dirname, sep } from "node:path";
import type { Identity } from "./identify.ts";

/**
 * Short names of experiments, each unlike the others: the name of its export or of its module, if no
 * other one has it, else both, else the id, or the module's path if another project has that id.
 */
export function labelsOf(identities: readonly Identity[]): string[] {
  const names = identities.map(({ id, name, module }) => {
    const file = basename(module, ".ts");
    if (name === undefined) return [file, file, id, module];
    return [name, `${file}#${name}`, id, `${module}#${name}`];
  });
  return names.map((own) =>
    own.find((name, i) => names.filter((others) => others[i] === name).length === 1) ?? own[2]
  );
}

/** The folder that the modules of all these experiments are below. */
export function commonFolder(identities: readonly Identity[]): string {
  const [first, ...others] = identities.map(({ module }) => dirname(module));
  const parts = first.split(sep);
  const length = parts.findIndex((_, i) => {
    const start = parts.slice(0, i + 1).join(sep);
    return !others.every((other) => other === start || other.startsWith(start + sep));
  });
  return length < 0 ? first : parts.slice(0, length).join(sep);
}
