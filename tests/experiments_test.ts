/** Suites over every module in `experiments/`. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { checkTypes } from "../lib/check_types.ts";
import { creator } from "../lib/create.ts";
import { type Experiment, isExperiment, networkOf } from "../lib/experiment.ts";
import { identify } from "../lib/identify.ts";
import { main } from "../lib/list.ts";
import { build, type Net } from "../lib/network.ts";
import { declarationHash } from "../lib/result.ts";
import { variables } from "../lib/variables.ts";
import { needs } from "./needs.ts";

const root = fileURLToPath(new URL("..", import.meta.url)), experiments = join(root, "experiments");

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* modules(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Every experiment that a module of `experiments/` exports, once. */
async function all(): Promise<Set<Experiment>> {
  const found = new Set<Experiment>();
  for await (const path of modules(experiments)) {
    const { default: standard, ...named } = await import(path);
    const record = typeof standard === "object" && !isExperiment(standard) ? standard : { standard };
    for (const value of Object.values({ ...record, ...named })) if (isExperiment(value)) found.add(value);
  }
  return found;
}

await needs(["read", "run", "env"], "experiments: every module compiles", async () => {
  await checkTypes(await Array.fromAsync(modules(experiments)));
});

await needs(
  ["read"],
  "experiments: each has an id of its own, and two modules of the papers declare nothing twice",
  async () => {
    const ids = new Set<string>(), hashes = new Map<string, string>();
    for (const experiment of await all()) {
      const { id } = await identify(experiment);
      assert(!ids.has(id), `${id} is there twice`);
      ids.add(id);
      if (!/^experiments\/(cifar100|teachers|shake|slkd|sakd)\//.test(id)) continue;
      const hash = await declarationHash(experiment), other = hashes.get(hash);
      assertEquals(other, undefined, `${id} is ${other}: import it`);
      hashes.set(hash, id);
    }
    assert(hashes.size > 300, `${hashes.size}`);
  },
);

await needs(["read"], "experiments: each method of the papers can be built for its pair", async () => {
  const image = [32, 32, 3], classes = 100;
  for (const { url, student, teachers, several, distiller } of await all()) {
    if (!/^(cifar100|teachers|shake|slkd|sakd)$/.test(relative(experiments, dirname(fileURLToPath(url))))) continue;
    const collected = new Map(), seed = 1;
    const network = (net: Net, prefix: string) => build(net, variables({ seed, collected, prefix }), image, classes);
    const taught = teachers.map((teacher, i) => network(networkOf(teacher), `teacher${i + 1}.`));
    const create = creator(variables({ seed, collected }).in("distiller"), image, classes);
    distiller.build({
      create,
      student: network(student, "student."),
      teacher: several ? taught : taught[0],
      dataset: { size: 50_000, classes, labels: Int32Array.from({ length: 50_000 }, (_, i) => i % classes) },
    });
  }
});

await needs(["read"], "experiments: every cell of the papers' tables has one", async () => {
  const lines: string[] = [];
  for (const paper of ["shake", "slkd", "sakd"]) await main(["--paper", paper, "--json"], (line) => lines.push(line));
  const cells = lines.map((line) => JSON.parse(line)), missing = cells.filter(({ id }) => id === null);
  assertEquals(missing, []);
  // The printed numbers, without two dashes of NST; columns that measure several things of one pair are one.
  const printed = { shake: 152 + 5 + 5 + 20 + 14, slkd: 66 + 55 + 12 + 12 + 6 + 24 + 20, sakd: 115 + 115 - 2 };
  const count = (paper: string) => cells.filter((cell) => cell.paper === paper).length;
  assertEquals(Object.keys(printed).map((paper) => [paper, count(paper)]), Object.entries(printed));
});
