/** Imports point one way: experiments → mod → distillers, networks → layers → kernels, ops; exp → run → step, compile → tensorflow. */
import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { needs } from "./needs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Who may import what of ours: of two rules that fit a file the first counts. */
const arrows: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^lib\/tensorflow\//, /^lib\/(tensorflow\/|(failure|cannot_write|status)\.ts$)/],
  [/^lib\/kernels\//, /^lib\/(kernels\/\w+|tensorflow\/(backend|binding)|random|tensor)\.ts$/],
  [/^lib\/tasks\//, /^lib\/((confusion|input|json|network|ops|tensor)\.ts$|(kernels|tasks)\/)/],
  [/^lib\/(engine|compile|eager)\.ts$/, /^lib\/((engine|input|tensor|variables)\.ts$|tensorflow\/)/],
  [/^lib\/networks\//, /^lib\/((failure|layers|network|variables|tensor)\.ts$|(kernels|networks)\/)/],
  // A part serves several methods and knows none of them.
  [
    /^lib\/distillers\/parts\//,
    /^lib\/((distiller|failure|layers|network|ops|tensor|variables)\.ts$|(distillers\/parts|kernels)\/)/,
  ],
  [
    /^lib\/distillers\//,
    /^lib\/((distiller|failure|layers|network|ops|tail|tap_pairs|tensor|variables)\.ts$|(distillers|kernels)\/)/,
  ],
  [/^lib\/optimizers\//, /^lib\/(failure|optimizer|rates|schedule|tensor|variables)\.ts$/],
  [/^lib\/layers\.ts$/, /^lib\/(kernels\/|(failure|ops|variables|tensor)\.ts$)/],
  [
    /^lib\/distiller\.ts$/,
    /^lib\/(dataset|json|layers|network|tap_pairs|tensor|variables|kernels\/random_uniform)\.ts$/,
  ],
  [/^lib\/ops\.ts$/, /^lib\/(kernels\/|tensor\.ts$)/],
  [/^lib\/std\//, /^lib\/std\//],
  // The commands say where the data are.
  [/^lib\/(describe|doctor|eval|export|run_flags)\.ts$/, /^(lib\/|datasets\/files\.ts$)/],
  [/^lib\//, /^lib\//],
  [
    /^datasets\//,
    /^(datasets\/|lib\/(dataset|download|failure|json|random|reason|split|stays_inside|zip|tasks\/classification)\.ts$)/,
  ],
  [/^experiments\//, /^(experiments\/|datasets\/|mod\.ts$)/],
  [/^mod\.ts$/, /^(lib|datasets)\//],
];

/** What no distiller, no optimiser and no network may reach, however far. */
const engine = /^lib\/(run|step|compile|eager|exp|open_engine|prepare|assemble)\.ts$/;

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory) yield* modules(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

interface Import {
  readonly path: string;
  readonly isType: boolean;
}

/** The modules of ours that each module imports, and whether for their types only. */
async function graph(): Promise<Map<string, Import[]>> {
  const found = new Map<string, Import[]>();
  for (const folder of ["lib", "datasets", "experiments"]) {
    for await (const path of modules(folder)) found.set(path, await imports(path));
  }
  found.set("mod.ts", await imports("mod.ts"));
  return found;
}

async function imports(path: string): Promise<Import[]> {
  const text = await Deno.readTextFile(join(root, path));
  const lines = text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+\sfrom\s+)?"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm,
  );
  return Array.from(lines, ([, type, fixed, dynamic]) => ({
    path: relative(root, join(root, dirname(path), fixed ?? dynamic)),
    isType: type !== undefined,
  }));
}

await needs(["read"], "every import points the right way", async () => {
  const wrong: string[] = [];
  for (const [from, targets] of await graph()) {
    const rule = arrows.find(([files]) => files.test(from))![1];
    for (const { path } of targets) if (!rule.test(path)) wrong.push(`${from} must not import ${path}`);
  }
  assertEquals(wrong, []);
});

await needs(["read"], "only experiments and their tables import an experiment, and nothing in lib does", async () => {
  const wrong: string[] = [];
  for (const [from, targets] of await graph()) {
    for (const { path } of targets) {
      if (path.startsWith("experiments/") && !from.startsWith("experiments/")) wrong.push(`${from} imports ${path}`);
    }
  }
  assertEquals(wrong, []);
});

await needs(["read"], "TensorFlow's C functions are called in lib/tensorflow alone", async () => {
  const callers = new Set<string>();
  for (const [from, targets] of await graph()) {
    if (targets.some(({ path }) => path === "lib/tensorflow/c_api.ts")) callers.add(dirname(from));
  }
  assertEquals([...callers], ["lib/tensorflow"]);
});

await needs(["read"], "no distiller, optimiser, network or layer reaches the engine, however far", async () => {
  const known = await graph(), wrong: string[] = [];
  const follow = (path: string, way: readonly string[], seen: Set<string>): void => {
    if (engine.test(path)) wrong.push([...way, path].join(" → "));
    if (seen.has(path)) return;
    seen.add(path);
    for (const target of known.get(path) ?? []) follow(target.path, [...way, path], seen);
  };
  for (const path of known.keys()) {
    if (/^lib\/(distillers|optimizers|networks|layers)/.test(path)) follow(path, [], new Set());
  }
  assertEquals(wrong, []);
});

await needs(["read"], "no module needs itself to be loaded", async () => {
  const known = await graph(), done = new Set<string>(), wrong: string[] = [];
  const load = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) wrong.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (way.includes(path) || done.has(path)) return;
    for (const { path: target, isType } of known.get(path) ?? []) if (!isType) load(target, [...way, path]);
    done.add(path);
  };
  for (const path of known.keys()) load(path, []);
  assertEquals(wrong, []);
});

await needs(["read"], "no module of a run reaches itself, types counted", async () => {
  const known = await graph(), wrong: string[] = [];
  const follow = (path: string, way: readonly string[], seen: Set<string>): void => {
    for (const { path: target } of known.get(path)!) {
      if (target === way[0]) wrong.push([...way, target].join(" → "));
      if (seen.has(target)) continue;
      seen.add(target);
      follow(target, [...way, target], seen);
    }
  };
  for (const name of ["declared", "measured", "plan", "prepare", "queue", "run", "stages", "teachers", "trained"]) {
    follow(`lib/${name}.ts`, [`lib/${name}.ts`], new Set());
  }
  assertEquals(wrong, []);
});

await needs(["read"], "the graph is read: known imports are in it", async () => {
  const known = await graph();
  const has = (from: string, to: string) => known.get(from)?.some(({ path }) => path === to);
  assertEquals(has("lib/distillers/kd.ts", "lib/ops.ts"), true);
  assertEquals(has("mod.ts", "lib/experiment.ts"), true);
  assertEquals(has("lib/compile.ts", "lib/tensorflow/session.ts"), true);
});
