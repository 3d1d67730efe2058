import { assertEquals } from "@std/assert";
import "@tensorflow/tfjs";
import { join } from "node:path";
import { changedCode, ownCode, ownFunctions } from "../../lib/project/own_code.ts";
import { project } from "../support/toy_project.ts";
import { needs } from "../support/needs.ts";

const MOD = new URL("../../mod.ts", import.meta.url).href;

/** A project with a method, its helper, and two experiments that differ in their methods. */
const FILES = {
  "x.ts": `import { mine } from "./my/method.ts";
    import type { Options } from "./my/types.ts";
    const shared: Options = { batch: 4 };
    export const a = [shared, mine(1)];
    export const b = [shared, 2];
    export default { c: [mine(3)], d: [4] };`,
  "my/method.ts": `import { kl, mse } from "${MOD}";
    import { scale } from "../helper.ts";
    import fixed from "./fixed.json" with { type: "json" };
    export const mine = (weight: number) => () => kl(scale(weight), fixed.x);
    export const other = () => mse(1);`,
  "my/types.ts": `export interface Options { batch: number }`,
  "my/fixed.json": `{ "x": 1 }`,
  "helper.ts": `export * from "./deeper.ts";`,
  "deeper.ts": `export function scale(x) { return 2 * x; }`,
};

/** The fingerprints of a project's experiments, with changes of its files. */
async function prints(changes: Readonly<Record<string, (text: string) => string>> = {}) {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([name, text]) => [name, changes[name]?.(text) ?? text]),
  );
  const found: Record<string, Awaited<ReturnType<typeof ownCode>>> = {};
  await project(files, async (folder) => {
    for (const name of ["a", "b", "c", "d"]) {
      found[name] = await ownCode({ id: name, module: join(folder, "x.ts"), name }, folder);
    }
  });
  return found;
}

/** What changes in each experiment. */
async function changes(of: Parameters<typeof prints>[0]) {
  const [before, now] = [await prints(), await prints(of)];
  return Object.fromEntries(
    Object.keys(before).map((name) => [name, changedCode(before[name], now[name])] as const)
      .filter(([, modules]) => modules.length > 0),
  );
}

await needs(
  ["read", "write"],
  "ownCode: the modules that an experiment runs, without the package and without types",
  async () => {
    const { a, b } = await prints();
    assertEquals(Object.keys(a), ["deeper.ts", "my/fixed.json", "my/method.ts", "x.ts"]);
    assertEquals(Object.keys(b), ["x.ts"]);
  },
);

await needs(
  ["read", "write"],
  "ownCode: comments, types and what other experiments run do not count",
  async () => {
    const unchanged = {
      "my/method.ts": (text: string) =>
        text.replace("export const mine", "/** A doc. */\nexport  const mine")
          .replace("mse(1)", "mse(2)"),
      "my/types.ts": (text: string) => text.replace("batch", "batches"),
      "x.ts": (text: string) => text.replace("batch:", "// which\n batch:"),
    };
    assertEquals(await changes(unchanged), {});
    const onlyB = { "x.ts": (text: string) => text.replace("shared, 2", "shared, 5") };
    assertEquals(await changes(onlyB), { b: ["x.ts"] });
    const onlyD = { "x.ts": (text: string) => text.replace("[4]", "[5]") };
    assertEquals(await changes(onlyD), { d: ["x.ts"] });
  },
);

await needs(
  ["read", "write"],
  "ownCode: another member of a record changes nothing of the others",
  async () => {
    const longer = [
      (text: string) => text.replace("d: [4] }", "d: [4], e: [5] }"),
      (text: string) => text.replace("d: [4] }", "d: [4], }"),
      (text: string) => text.replace("{ c:", "{ e: [mine(5)], c:"),
      (text: string) => text.replace(", d:", ", e: [5], d:"),
    ];
    for (const change of longer) assertEquals(await changes({ "x.ts": change }), {});

    const spread = (rows: string, last: string, base = 1) => ({
      "x.ts": `import { ablation } from "${MOD}";
      const base = ${base};
      export default { ...ablation(import.meta, base, { ${rows} }), ${last} };`,
    });
    const printOf = async (name: string, files: Readonly<Record<string, string>>) => {
      let found = {};
      await project(files, async (folder) => {
        found = await ownCode({ id: name, module: join(folder, "x.ts"), name }, folder);
      });
      return found;
    };
    const first = await printOf("one", spread("one: [1], two: [2]", "three: [3]"));
    const others = [
      spread("one: [1], two: [5]", "three: [3]"),
      spread("one: [1]", "three: [3], four: [4]"),
    ];
    for (const other of others) assertEquals(await printOf("one", other), first);
    for (const other of [spread("one: [5]", "three: [3]"), spread("one: [1]", "three: [3]", 2)]) {
      assertEquals(changedCode(first, await printOf("one", other)), ["x.ts"]);
    }
  },
);

await needs(
  ["read", "write"],
  "ownCode: another space or method of a sweep changes none of its points",
  async () => {
    const file = (space: string, method: string, rate = 1) => ({
      "x.ts": `import { sweep } from "${MOD}";
      export default sweep({ space: ${space}, method: ${method}, make: ({ lr }) => lr * ${rate} });`,
    });
    const printOf = async (files: Readonly<Record<string, string>>) => {
      let found = {};
      await project(files, async (folder) => {
        found = await ownCode({ id: "a", module: join(folder, "x.ts"), name: "lr=1" }, folder);
      });
      return found;
    };
    const first = await printOf(file("{ lr: [1, 2] }", '"grid"'));
    assertEquals(await printOf(file("{ lr: [1, 2, 3] }", "{ random: 3 }")), first);
    assertEquals(changedCode(first, await printOf(file("{ lr: [1, 2] }", '"grid"', 2))), ["x.ts"]);
  },
);

await needs(
  ["read", "write"],
  "ownCode: a name that a module imports and exports is followed",
  async () => {
    const files = (factor: number) => ({
      "x.ts": `import { mine as own } from "./barrel.ts"; export const a = own(1);`,
      "barrel.ts": `export { mine }; import { mine } from "./m.ts";`,
      "m.ts": `export const mine = (weight) => ${factor} * weight; export const other = 3;`,
    });
    const printOf = async (factor: number) => {
      let found = {};
      await project(files(factor), async (folder) => {
        found = await ownCode({ id: "a", module: join(folder, "x.ts"), name: "a" }, folder);
      });
      return found;
    };
    const first = await printOf(2);
    assertEquals(Object.keys(first), ["m.ts", "x.ts"]);
    assertEquals(changedCode(first, await printOf(3)), ["m.ts"]);
  },
);

await needs(
  ["read", "write"],
  "ownCode: a change anywhere below an experiment names its module",
  async () => {
    const deep = { "deeper.ts": (text: string) => text.replace("2 * x", "3 * x") };
    assertEquals(await changes(deep), { a: ["deeper.ts"], c: ["deeper.ts"] });
    const loss = {
      "my/method.ts": (text: string) => text.replace("kl, mse", "mse as kl, kl as mse"),
    };
    assertEquals(await changes(loss), { a: ["my/method.ts"], c: ["my/method.ts"] });
    const data = { "my/fixed.json": () => `{ "x": 2 }` };
    assertEquals(await changes(data), { a: ["my/fixed.json"], c: ["my/fixed.json"] });
    const shared = { "x.ts": (text: string) => text.replace("batch: 4", "batch: 8") };
    assertEquals(await changes(shared), { a: ["x.ts"], b: ["x.ts"] });
  },
);

Deno.test("changedCode: modules that came, went or differ, and not those that moved", () => {
  assertEquals(changedCode({ a: "1", b: "2" }, { a: "1", c: "2" }), []);
  assertEquals(changedCode({ a: "1", b: "2" }, { a: "3", b: "2" }), ["a"]);
  assertEquals(changedCode({ a: "1", b: "2" }, { a: "1", d: "4" }), ["d", "b"]);
});

await needs(
  ["read", "write"],
  "ownFunctions: what a training calls counts, and what only declares it does not",
  async () => {
    const file = (epochs: number, weight = 1, factor = 2, scale = 3) => `
    import * as retort from "${MOD}";
    const { experiment, sgd } = retort;
    const EPOCHS = ${epochs};
    const over = (epochs) => sgd({ epochs });
    const schedule = over(EPOCHS);
    const scale = ${scale};
    const mine = (weight) => ({ build: () => ${factor} * scale * weight });
    const taught = (epochs) =>
      experiment(import.meta, { schedule: over(epochs), distiller: mine(${weight}) });
    export const a = experiment({ schedule, distiller: mine(${weight}) });
    export const b = experiment({ distiller: mine(${weight}), schedule: over(EPOCHS + 4) });
    export const c = experiment({ schedule, distiller: { build() { return ${factor}; } } });
    export const d = taught(EPOCHS);
    void [schedule];`;
    const printOf = async (name: string, text: string) => {
      let found = {};
      await project({ "x.ts": text }, async (folder) => {
        found = await ownFunctions({ id: name, module: join(folder, "x.ts"), name }, folder);
      });
      return found;
    };
    const first = await printOf("a", file(5));
    assertEquals(Object.keys(first), ["x.ts"]);
    assertEquals(await printOf("a", file(6)), first);
    assertEquals(await printOf("b", file(5)), first);
    for (const other of [file(5, 2), file(5, 1, 4), file(5, 1, 2, 5)]) {
      assertEquals(changedCode(first, await printOf("a", other)), ["x.ts"]);
    }
    const made = await printOf("d", file(5));
    assertEquals(await printOf("d", file(6)), made);
    assertEquals(changedCode(made, await printOf("d", file(5, 2))), ["x.ts"]);
    const inline = await printOf("c", file(5));
    assertEquals(changedCode(inline, await printOf("c", file(5, 1, 4))), ["x.ts"]);
  },
);

await needs(
  ["read", "write"],
  "ownCode: a module of a registry is not part of it, wherever this process has its file",
  async () => {
    // Deno resolves what is loaded to its file, in the cache of npm's packages.
    const tfjs = import.meta.resolve("@tensorflow/tfjs");
    assertEquals(/^file:.*\/npm\//.test(tfjs), true, tfjs);
    const text = `import * as tf from "@tensorflow/tfjs"; export const a = [tf.scalar];`;
    await project({ "x.ts": text }, async (folder) => {
      const code = await ownCode({ id: "a", module: join(folder, "x.ts"), name: "a" }, folder);
      assertEquals(Object.keys(code), ["x.ts"]);
    });
  },
);
