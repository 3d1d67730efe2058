import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseModule, textModule } from "../../lib/project/own_module.ts";

/** The text of the only part. */
const textOf = (source: string): string => {
  const { parts } = parseModule(source);
  assertEquals(parts.length, 1);
  return parts[0].text;
};

Deno.test("parseModule: comments, blank space, quotes and types leave the text of a part as it is", () => {
  const plain = textOf(`export function f(x) { return g("a", [x, 1]); }`);
  const same = [
    `/** A doc. */\nexport function f(x) {\n  // why\n  return g('a', [\n    x,\n    1,\n  ]);\n}`,
    `export function f(x: number): string { return g<string>("a" as const, [x, 1] satisfies number[])!; }`,
  ];
  for (const source of same) assertEquals(textOf(source), plain);
  const others = [
    `export function f(x) { return g("b", [x, 1]); }`,
    `export function f(x) { return g("a", [x, 2]); }`,
    `export function h(x) { return g("a", [x, 1]); }`,
    `export function f(x) { return g("a", [1, x]); }`,
  ];
  for (const source of others) assert(textOf(source) !== plain, source);
});

Deno.test("parseModule: a part knows what it declares and uses of the module, not what it names inside", () => {
  const { parts, imports, exports } = parseModule(`
    import { kl as divergence, type Net } from "./ops.ts";
    import * as tf from "@tensorflow/tfjs";
    import plain from "./plain.ts";
    const teacher = 1, weight = 2;
    interface Options { weight: number }
    export const f = ({ teacher }: Options) => divergence(teacher, { weight: tf.x.plain });
    export { weight as other };
  `);
  assertEquals(parts.map(({ declares, uses }) => [[...declares], [...uses]]), [
    [["teacher", "weight"], ["teacher", "weight"]],
    [["f"], ["divergence", "tf", "f"]],
  ]);
  assertEquals(Object.fromEntries(imports), {
    divergence: { specifier: "./ops.ts", name: "kl" },
    tf: { specifier: "@tensorflow/tfjs", name: "*" },
  });
  assertEquals(Object.fromEntries(exports), { f: ["f"], other: ["weight"] });
});

Deno.test("parseModule: what comes from other modules is named, also while the code runs", () => {
  const { parts, exports, stars, effects } = parseModule(`
    import "./effect.ts";
    export { a as b } from "./a.ts";
    export * from "./all.ts";
    export * as names from "./names.ts";
    export const later = () => import("./later.ts");
    console.log(1);
  `);
  assertEquals(Object.fromEntries(exports), {
    b: { specifier: "./a.ts", name: "a" },
    names: { specifier: "./names.ts", name: "*" },
    later: ["later"],
  });
  assertEquals([stars, effects], [["./all.ts"], ["./effect.ts"]]);
  assertEquals(parts.map(({ loads, declares }) => [loads, declares.size]), [
    [["./later.ts"], 1],
    [[], 0],
  ]);
});

Deno.test("parseModule: each member of a default record is a part, of an ablation too", () => {
  for (const open of ["(", "ablation(import.meta, base, "]) {
    const { parts, members, exports } = parseModule(
      `const one = 1; const base = 2; export default ${open}{ a: one, "b-c": base, ...one });`,
    );
    assertEquals([...members.keys()], ["a", "b-c"]);
    const texts = parts.map(({ text }) => text);
    assertEquals(texts.slice(3), ["a : one", '"b-c" : base']);
    assert(!texts[2].includes("base }") && texts[2].includes("... one"));
    assertEquals(exports.get("default"), ["*default*", "*default*.a", "*default*.b-c"]);
  }
  assertEquals(parseModule("export default make({ a: 1 });").members.size, 0);
});

Deno.test("parseModule: what does not parse is refused, and counts as a text", () => {
  assertThrows(() => parseModule(`{ "a": 1 }`));
  assertEquals(textModule(`{ "a": 1 }`).parts[0].text, `{ "a": 1 }`);
});
