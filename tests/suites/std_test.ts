/**
 * Our replacements of `@std/assert`, `@std/cli` and `@std/yaml` export the same as the published
 * packages.
 */
import * as assertions from "@std/assert";
import { assert, assertEquals, AssertionError, assertRejects, assertThrows } from "@std/assert";
import * as cli from "@std/cli";
import { parseArgs } from "@std/cli/parse-args";
import * as yaml from "@std/yaml";
import project from "../../deno.json" with { type: "json" };
import assertPackage from "../../lib/std/assert/deno.json" with { type: "json" };
import cliPackage from "../../lib/std/cli/deno.json" with { type: "json" };
import yamlPackage from "../../lib/std/yaml/deno.json" with { type: "json" };

/** The published class parameter. `never[]` accepts every class that `any[]` accepts. */
type Class<T> = abstract new (...args: never[]) => T;
type Falsy = false | 0 | 0n | "" | null | undefined;

/** The published signatures of the parts of `@std/assert` 1.x that we use. */
interface PublishedAssert {
  AssertionError: new (message: string, options?: ErrorOptions) => Error;
  assert(expr: unknown, msg?: string): asserts expr;
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;
  assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  assertEquals<T>(actual: T, expected: T, msg?: string): void;
  assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  assertFalse(expr: unknown, msg?: string): asserts expr is Falsy;
  assertGreater<T>(actual: T, expected: T, msg?: string): void;
  assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  assertInstanceOf<T>(actual: unknown, expectedType: Class<T>, msg?: string): asserts actual is T;
  assertIsError<E extends Error = Error>(
    error: unknown,
    ErrorClass?: Class<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  assertLess<T>(actual: T, expected: T, msg?: string): void;
  assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  assertMatch(actual: string, expected: RegExp, msg?: string): void;
  assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  assertRejects: {
    (fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
    <E extends Error = Error>(
      fn: () => PromiseLike<unknown>,
      ErrorClass: Class<E>,
      msgIncludes?: string,
      msg?: string,
    ): Promise<E>;
  };
  assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  assertStringIncludes(actual: string, expected: string, msg?: string): void;
  assertThrows: {
    (fn: () => unknown, msg?: string): unknown;
    <E extends Error = Error>(
      fn: () => unknown,
      ErrorClass: Class<E>,
      msgIncludes?: string,
      msg?: string,
    ): E;
  };
  fail(msg?: string): never;
  unreachable(msg?: string): never;
}

/** The published options of `parseArgs` in `@std/cli` 1.x, without type parameters. */
interface PublishedParseArgs {
  "--"?: boolean;
  alias?: Record<string, string | string[]>;
  boolean?: boolean | string | readonly string[];
  default?: Record<string, unknown>;
  stopEarly?: boolean;
  string?: string | readonly string[];
  collect?: string | readonly string[];
  negatable?: string | readonly string[];
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The published signatures of `@std/cli` 1.x. */
interface PublishedCli {
  parseArgs(
    args: string[],
    options?: PublishedParseArgs,
  ): Record<string, unknown> & { _: Array<string | number> };
}

/** The published signatures of `@std/yaml` 1.x. */
interface PublishedYaml {
  parse(content: string, options?: { allowDuplicateKeys?: boolean }): unknown;
  stringify(
    data: unknown,
    options?: { indent?: number; lineWidth?: number; sortKeys?: boolean; skipInvalid?: boolean },
  ): string;
}

/** The links of `deno.json` to our packages. Without them these tests check the published ones. */
const links = (project as { links?: string[] }).links ?? [];

const names = <T>(list: Record<keyof T, true>): string[] => Object.keys(list).sort();

Deno.test("std: our packages export exactly the listed parts of the published ones, with their signatures", () => {
  const ours: [PublishedAssert, PublishedCli, PublishedYaml] = [assertions, cli, yaml];
  const listed = [
    names<PublishedAssert>({
      AssertionError: true,
      assert: true,
      assertAlmostEquals: true,
      assertArrayIncludes: true,
      assertEquals: true,
      assertExists: true,
      assertFalse: true,
      assertGreater: true,
      assertGreaterOrEqual: true,
      assertInstanceOf: true,
      assertIsError: true,
      assertLess: true,
      assertLessOrEqual: true,
      assertMatch: true,
      assertNotEquals: true,
      assertRejects: true,
      assertStrictEquals: true,
      assertStringIncludes: true,
      assertThrows: true,
      fail: true,
      unreachable: true,
    }),
    names<PublishedCli>({ parseArgs: true }),
    names<PublishedYaml>({ parse: true, stringify: true }),
  ];
  ours.forEach((module, i) => {
    const exported = Object.keys(module).sort();
    assertEquals(
      links.length > 0 ? exported : exported.filter((name) => listed[i].includes(name)),
      listed[i],
    );
  });
  assert(cli.parseArgs === parseArgs);
});

Deno.test("std: without the links the imports resolve to published packages of the same version range", () => {
  const imports: Record<string, string> = project.imports;
  for (const { name, version } of [assertPackage, cliPackage, yamlPackage]) {
    assertEquals(imports[name], `jsr:${name}@^1.0.0`);
    assert(version.startsWith("1."));
    if (links.length > 0) assert(links.includes(name.replace("@std", "./lib/std")));
  }
});

Deno.test("std: assertions pass and fail as documented", () => {
  const holds: (() => void)[] = [
    () => assert(1),
    () => assertions.assertFalse(""),
    () =>
      assertEquals({ a: [NaN, new Map([["x", new Set([1])]])] }, {
        a: [NaN, new Map([["x", new Set([1])]])],
      }),
    () => assertEquals(Float32Array.of(1, 2), Float32Array.of(1, 2)),
    () => assertions.assertNotEquals({ a: 1 }, { a: 2 }),
    () => assertions.assertStrictEquals(NaN, NaN),
    () => assertions.assertAlmostEquals(0.1 + 0.2, 0.3),
    () => assertions.assertAlmostEquals(1, 2, 1),
    () => assertions.assertAlmostEquals(Infinity, Infinity),
    () => assertions.assertGreater(2, 1),
    () => assertions.assertGreaterOrEqual(2n, 2n),
    () => assertions.assertLess("a", "b"),
    () => assertions.assertLessOrEqual(1, 1),
    () => assertions.assertExists(0),
    () => assertions.assertInstanceOf(new TypeError(), Error),
    () => assertions.assertStringIncludes("teacher", "each"),
    () => assertions.assertMatch("vgg8", /\d$/),
    () => assertions.assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
    () => assertions.assertIsError(new RangeError("too far"), RangeError, /far$/),
  ];
  const fails: (() => void)[] = [
    () => assert(0, "why"),
    () => assertions.assertFalse(1, "why"),
    () => assertEquals<unknown>({ a: 1, b: undefined }, { a: 1 }, "why"),
    () => assertEquals<unknown>(Float32Array.of(1), [1], "why"),
    () => assertions.assertNotEquals([1], [1], "why"),
    () => assertions.assertStrictEquals({}, {}, "why"),
    () => assertions.assertAlmostEquals(1, 1 + 2e-7, undefined, "why"),
    () => assertions.assertAlmostEquals(NaN, 1, 1, "why"),
    () => assertions.assertGreater(1, 1, "why"),
    () => assertions.assertGreaterOrEqual(1, 2, "why"),
    () => assertions.assertLess(1, 1, "why"),
    () => assertions.assertLessOrEqual(2, 1, "why"),
    () => assertions.assertExists(undefined, "why"),
    () => assertions.assertInstanceOf({}, Error, "why"),
    () => assertions.assertStringIncludes("teacher", "student", "why"),
    () => assertions.assertMatch("vgg", /\d$/, "why"),
    () => assertions.assertArrayIncludes([1], [2], "why"),
    () => assertions.assertIsError("thrown", undefined, undefined, "why"),
    () => assertions.assertIsError(new Error("too far"), RangeError, undefined, "why"),
    () => assertions.assertIsError(new RangeError("too far"), RangeError, "near", "why"),
    () => assertions.fail("why"),
    () => assertions.unreachable("why"),
    () => assertThrows(() => {}, "why"),
    () => assertThrows(() => {}, Error, "", "why"),
  ];
  for (const hold of holds) hold();
  for (const failure of fails) {
    const error = assertThrows(failure, AssertionError, "why");
    assertEquals(error.name, "AssertionError");
  }
});

Deno.test("std: assertThrows and assertRejects return the error and check its class and text", async () => {
  const thrown = new RangeError("too far");
  const throwing = () => {
    throw thrown;
  };
  assert(assertThrows(throwing) === thrown);
  const typed: RangeError = assertThrows(throwing, RangeError, "far");
  assert(typed === thrown);
  assertThrows(() => assertThrows(throwing, TypeError), AssertionError, "TypeError");
  assertThrows(() => assertThrows(throwing, RangeError, "near"), AssertionError, "near");

  const rejecting = () => Promise.reject(thrown);
  assert(await assertRejects(rejecting) === thrown);
  const awaited: RangeError = await assertRejects(rejecting, RangeError, "far");
  assert(awaited === thrown);
  await assertRejects(() => assertRejects(rejecting, TypeError), AssertionError, "TypeError");
  await assertRejects(
    () => assertRejects(() => Promise.resolve(), "why"),
    AssertionError,
    "reject: why",
  );
  await assertRejects(
    () => assertRejects(throwing),
    AssertionError,
    "throws when expected to reject",
  );
});

Deno.test("std: a difference is shown", () => {
  const error = assertThrows(() => assertEquals({ a: [1, 2] }, { a: [1, 3] }), AssertionError);
  assertions.assertMatch(error.message, /[-+]\s+2/);
  assertions.assertMatch(error.message, /[-+]\s+3/);
});

Deno.test("std: parseArgs parses like the published one", () => {
  const read = (line: string, options?: PublishedParseArgs): unknown =>
    parseArgs(line.split(" "), options);
  assertEquals(read("--foo --bar=baz ./quux.txt 3"), {
    _: ["./quux.txt", 3],
    foo: true,
    bar: "baz",
  });
  assertEquals(read("-ab 5 --x 0x10 -- y 2"), { _: ["y", "2"], a: true, b: 5, x: 16 });
  assertEquals(read("a -- b", { "--": true }), { _: ["a"], "--": ["b"] });
  assertEquals(read("--n 3 7", { string: ["n", "_"] }), { _: ["7"], n: "3" });
  assertEquals(read("--n --m 1", { string: "n" }), { _: [], n: "", m: 1 });
  assertEquals(read("--on a --off false", { boolean: ["on", "off", "no"] }), {
    _: ["a"],
    on: true,
    off: false,
    no: false,
  });
  assertEquals(read("--any a", { boolean: true }), { _: ["a"], any: true });
  assertEquals(read("--no-color --no-other", { boolean: "color", negatable: "color" }), {
    _: [],
    color: false,
    "no-other": true,
  });
  assertEquals(read("--t 1 --t=2", { collect: ["t", "u"], string: "u" }), {
    _: [],
    t: [1, 2],
    u: [],
  });
  assertEquals(read("--t 1 --t 2"), { _: [], t: 2 });
  assertEquals(read("-h", { alias: { help: "h" }, boolean: "help" }), {
    _: [],
    help: true,
    h: true,
  });
  assertEquals(read("--a 1", { default: { a: 2, b: 3 }, alias: { b: "c" } }), {
    _: [],
    a: 1,
    b: 3,
    c: 3,
  });
  assertEquals(read("--a x --b", { stopEarly: true, boolean: "a" }), { _: ["x", "--b"], a: true });
  const seen: unknown[] = [];
  const unknown = (...args: unknown[]) => {
    seen.push(args);
    return false;
  };
  assertEquals(read("--what 1 x --known 2", { string: "known", unknown }), { _: [], known: "2" });
  assertEquals(seen, [["--what", "what", "1"], ["x"]]);
});

Deno.test("std: parseArgs' result is typed by its options", () => {
  const args = parseArgs(["--list", "a", "--flag"], {
    string: ["text", "list", "given"],
    boolean: ["flag"],
    collect: ["list", "rest"],
    default: { given: "x" },
  });
  const flag: boolean = args.flag;
  const list: string[] = args.list;
  const given: string = args.given;
  // @ts-expect-error a flag that is not declared a string may be a number
  const rest: string[] = args.rest;
  // @ts-expect-error an optional string may be undefined
  const text: string = args.text;
  assertEquals([flag, list, given, text, rest], [true, ["a"], "x", undefined, []]);
});

Deno.test("std: yaml is parsed by the published package's default schema, and written text parses back", () => {
  const text = `
common: &common { unit: "%", values: [79.42, null, 0x10] }
table: { <<: *common, title: "a: b" }
when: 2023-04-22
text: |
  two
  lines
`;
  const common = { unit: "%", values: [79.42, null, 16] };
  const value = {
    common,
    table: { ...common, title: "a: b" },
    when: new Date("2023-04-22T00:00:00Z"),
    text: "two\nlines\n",
  };
  assertEquals(yaml.parse(text), value);
  assertEquals(yaml.parse(yaml.stringify(value)), value);
  assertEquals(
    yaml.stringify({ b: [1], a: "x" }, { sortKeys: true, indent: 4 }),
    "a: x\nb:\n    - 1\n",
  );
  assertThrows(() => yaml.parse("a: 1\na: 2"), Error, "duplicate");
  assertEquals(yaml.parse("a: 1\na: 2", { allowDuplicateKeys: true }), { a: 2 });
  assertThrows(() => yaml.parse("a: [1"), Error);
});
