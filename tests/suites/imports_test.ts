/**
 * Imports point one way, from room to room: the table below is the whole of it, imports of types
 * included.
 */
import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { needs } from "../support/needs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The rooms that each room may import, lowest first: a room stands below every room that imports
 * it.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  values: [],
  std: [],
  files: ["values"],
  terminal: ["values"],
  tensorflow: ["files", "terminal", "values"],
  kernels: ["tensorflow", "values"],
  nn: ["kernels", "values"],
  networks: ["nn", "kernels", "values"],
  tasks: ["nn", "kernels", "values"],
  data: ["tasks", "nn", "kernels", "values"],
  engine: ["tensorflow", "nn", "kernels", "values"],
  experiment: ["data", "nn", "kernels", "values"],
  distillers: ["experiment/distiller.ts", "nn", "kernels", "values"],
  optimizers: ["experiment", "nn", "kernels", "values"],
  weights: ["experiment", "nn", "files", "values"],
  training: ["engine/engine.ts", "experiment", "data", "tasks", "nn", "kernels", "values"],
  project: ["experiment", "networks", "tasks", "nn", "files", "values"],
  evaluation: [
    "training",
    "engine",
    "weights",
    "experiment",
    "data",
    "tasks",
    "nn",
    "kernels",
    "terminal",
    "values",
  ],
  analysis: ["evaluation", "engine/engine.ts", "data", "nn", "kernels", "values"],
  run: [
    "evaluation",
    "training",
    "engine",
    "weights",
    "project",
    "experiment",
    "data",
    "tasks",
    "nn",
    "files",
    "terminal",
    "values",
  ],
  export: [
    "run",
    "project",
    "weights",
    "tensorflow",
    "experiment",
    "tasks",
    "data",
    "nn",
    "kernels",
    "values",
  ],
  tables: ["project", "experiment", "tasks", "values"],
  figures: [
    "run",
    "distillers/slkd.ts",
    "analysis",
    "evaluation",
    "project",
    "experiment",
    "nn",
    "tasks",
    "values",
  ],
  report: [
    "figures/pixels.ts",
    "figures/reports.ts",
    "export",
    "run",
    "evaluation",
    "project",
    "experiment",
    "tasks",
    "values",
  ],
  schedulers: ["values"],
  datasets: ["data", "tasks", "tensorflow", "files", "values"],
  commands: [
    "datasets",
    "schedulers",
    "report",
    "figures",
    "tables",
    "export",
    "run",
    "evaluation",
    "project",
    "weights",
    "tensorflow",
    "engine/precision_times.ts",
    "experiment",
    "data",
    "tasks",
    "nn",
    "terminal",
    "files",
    "values",
  ],
  mod: [
    "evaluation/given_network.ts",
    "evaluation/loss_on.ts",
    "distillers",
    "networks",
    "optimizers",
    "experiment",
    "data",
    "nn",
    "kernels",
    "values",
  ],
  experiments: ["mod", "datasets"],
};

/** A module, the modules of ours that it imports, and the room it is in. */
type Graph = ReadonlyMap<string, readonly string[]>;

function roomOf(path: string): string {
  const [top, below] = path.split("/");
  if (path === "mod.ts") return "mod";
  return top === "lib" ? below : top;
}

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory) yield* modules(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

async function graph(): Promise<Graph> {
  const found = new Map<string, readonly string[]>([["mod.ts", await imports("mod.ts")]]);
  for (const folder of ["lib", "datasets", "experiments"]) {
    for await (const path of modules(folder)) found.set(path, await imports(path));
  }
  return found;
}

const IMPORT =
  /^(?:import|export)\s+(?:type\s)?(?:[\w*{}\s,$]+\sfrom\s+)?"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;

async function imports(path: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(join(root, path));
  const targets = Array.from(text.matchAll(IMPORT), ([, fixed, dynamic]) => fixed ?? dynamic);
  return targets.map((target) => relative(root, join(root, dirname(path), target)));
}

/** The entry of `from`'s row that lets it import `to`; undefined where none does. */
function allowing(from: string, to: string): string | undefined {
  return ROOMS[roomOf(from)]?.find((entry) => entry === roomOf(to) || `lib/${entry}` === to);
}

/** The arrows from one room into another. */
function* arrows(known: Graph): Generator<readonly [from: string, to: string]> {
  for (const [from, targets] of known) {
    for (const to of targets) if (roomOf(from) !== roomOf(to)) yield [from, to];
  }
}

/** The first circle that is found; empty where there is none. */
function circle(known: Graph): readonly string[] {
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): readonly string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const target of known.get(path) ?? []) {
      const found = follow(target, [...way, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  for (const path of known.keys()) {
    const found = follow(path, []);
    if (found.length > 0) return found;
  }
  return [];
}

await needs(["read"], "every import goes to a room that the table allows", async () => {
  const wrong = Array.from(arrows(await graph()))
    .filter(([from, to]) => allowing(from, to) === undefined)
    .map(([from, to]) => `${from} must not import ${to}`);
  assertEquals(wrong, []);
});

await needs(["read"], "every arrow of the table is used", async () => {
  const used = new Set(
    Array.from(arrows(await graph()), ([from, to]) => `${roomOf(from)} → ${allowing(from, to)}`),
  );
  const unused = Object.entries(ROOMS)
    .flatMap(([from, entries]) => entries.map((entry) => `${from} → ${entry}`))
    .filter((arrow) => !used.has(arrow));
  assertEquals(unused, []);
});

await needs(["read"], "every module is in a room of the table", async () => {
  const homeless = Array.from((await graph()).keys()).filter((path) => !(roomOf(path) in ROOMS));
  assertEquals(homeless, []);
});

await needs(["read"], "no module reaches itself by its imports, types included", async () => {
  assertEquals(circle(await graph()), []);
});

Deno.test("no room reaches itself by the table's arrows, and none imports a room above it", () => {
  const rooms = Object.keys(ROOMS);
  const entries = Object.entries(ROOMS)
    .map(([from, targets]) => [from, targets.map((target) => target.split("/")[0])] as const);
  assertEquals(circle(new Map(entries)), []);
  const up = entries.flatMap(([from, targets]) =>
    targets.filter((to) => rooms.indexOf(to) > rooms.indexOf(from)).map((to) => `${from} → ${to}`)
  );
  assertEquals(up, []);
});

await needs(["read"], "the graph is read: known imports are in it", async () => {
  const known = await graph();
  const has = (from: string, to: string) => known.get(from)?.includes(to);
  assertEquals(has("lib/distillers/kd.ts", "lib/nn/ops.ts"), true);
  assertEquals(has("mod.ts", "lib/experiment/experiment.ts"), true);
  assertEquals(has("lib/engine/graph_engine.ts", "lib/tensorflow/session.ts"), true);
});
