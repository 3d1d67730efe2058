import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { cases, main, methodCases } from "./bench.ts";
import {
  type Compared,
  type DetectorCase,
  experimentsOf,
  type PairCase,
  type VitCase,
} from "./case.ts";
import { compare, comparisonTable } from "./compare.ts";
import { dataRates, dataTable } from "./data_rates.ts";
import { METHODS } from "./methods.ts";
import { ownTable } from "./own_costs.ts";
import { MEASURED_BY } from "./own_steps.ts";
import type { OurStepTime } from "./step.ts";
import { byOp, spans } from "./timeline.ts";
import { nameOf, type TimeWay } from "./torch_ways.ts";

const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
const message = (
  field: number,
  content: readonly number[],
): number[] => [field * 8 + 2, content.length, ...content];
const node = (
  label: readonly number[],
  start: readonly number[],
  end: readonly number[],
): number[] => message(2, [...message(1, bytes("n")), 24, ...start, 32, ...end, ...label]);
const labelled = (text: string): number[] => message(8, bytes(text));
const metadata = (...devices: number[][]): Uint8Array =>
  Uint8Array.from(message(1, devices.flatMap((nodes) => message(1, nodes))));

Deno.test("a timeline has the kind and the time of each op of each device", () => {
  const relu = node(labelled("a/b = Relu(c, d)"), [5], [7]);
  // 1,500 takes two bytes. The fields of a fixed size before it are skipped.
  const conv = message(2, [
    ...[9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 10 * 8 + 5, 1, 2, 3, 4],
    ...message(1, bytes("n")),
    ...[24, 0, 32, 0xdc, 0x0b],
    ...labelled("x = _FusedConv2D(y)"),
  ]);
  const cpu = [...message(1, bytes("/device:CPU:0")), ...relu, ...conv];
  assertEquals(spans(metadata(cpu, relu)), [
    { op: "Relu", micros: 2 },
    { op: "_FusedConv2D", micros: 1500 },
    { op: "Relu", micros: 2 },
  ]);
  assertEquals(spans(new Uint8Array()), []);
});

Deno.test("a node without a label has its name as its kind, one without times took no time", () => {
  assertEquals(spans(metadata(message(2, message(1, bytes("_SOURCE"))))), [{
    op: "_SOURCE",
    micros: 0,
  }]);
});

Deno.test("a timeline that ends within a field is an error", () => {
  const whole = metadata(node(labelled("a = Relu(b)"), [5], [7]));
  for (let length = 1; length < whole.length; length++) {
    assertThrows(() => spans(whole.subarray(0, length)), RangeError, "ends within a field");
  }
  assertThrows(() => spans(Uint8Array.of(15)), RangeError, "unknown kind 7");
});

Deno.test("a profile adds up each kind of op, the longest first", () => {
  const timeline = [{ op: "Add", micros: 30 }, { op: "Conv2D", micros: 1000 }, {
    op: "Add",
    micros: 40,
  }];
  assertEquals(byOp(timeline), [{ op: "Conv2D", ms: 1, count: 1 }, {
    op: "Add",
    ms: 0.07,
    count: 2,
  }]);
});

const cells = (table: string): string[][] =>
  table.split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));

const calls: string[] = [];

/**
 * Makes a measurement that returns these milliseconds in turn. Its first step takes ten times as
 * long.
 */
const measureAs = (framework: string, times: number[]) => (): Promise<OurStepTime> => {
  calls.push(framework);
  const min_ms = times.shift()!;
  return Promise.resolve({
    framework,
    batch: 64,
    min_ms,
    median_ms: min_ms + 1,
    first_ms: min_ms * 10,
  });
};

const what: PairCase = { pair: "vgg13-vgg8", precision: "float32" };

/** PyTorch whose ways take this long. Each measurement is among the calls. */
const torchAs = (
  times: Readonly<Record<string, number | string>>,
): TimeWay<Compared> =>
async (_, way, steps) => {
  const name = nameOf(way);
  const time = times[name];
  if (typeof time === "string") {
    calls.push(`${name} failed`);
    return { failed: time };
  }
  return await measureAs(steps === undefined ? name : `${name}, ${steps} steps`, [time])();
};

const WAYS = {
  "eager channels_last": 220,
  "eager contiguous": 200,
  "compiled contiguous": 190,
  "autotuned contiguous": 210,
};

Deno.test("a short round picks PyTorch's two fastest ways, which then alternate with ours", async () => {
  calls.length = 0;
  const timed = await compare(what, 2, measureAs("retort", [160, 150]), torchAs(WAYS));
  const round = ["retort", "compiled contiguous", "eager contiguous"];
  assertEquals(calls, [
    ...Object.keys(WAYS).map((name) => `${name}, 3 steps`),
    ...round,
    ...round,
  ]);
  assertEquals(timed, {
    ...what,
    ms: 150,
    torch_ms: 190,
    ratio: 0.789,
    median_ratio: 0.791,
    way: "compiled contiguous",
    failures: [],
    first: 1.5,
    compiled_first: 1.9,
  });
});

Deno.test("a way that does not compile is named in the row, and the others count", async () => {
  const timed = await compare(
    what,
    1,
    measureAs("retort", [160]),
    torchAs({ ...WAYS, "compiled contiguous": "no C++ compiler", "autotuned contiguous": "a | b" }),
  );
  assertEquals([timed.torch_ms, timed.way], [200, "eager contiguous"]);
  const [, , row] = cells(comparisonTable([timed]));
  assertEquals(row.slice(7), [
    "1.6",
    "",
    "compiled contiguous: no C++ compiler; autotuned contiguous: a / b",
  ]);
});

Deno.test("a detector is compared with both layouts of torchvision, which does not compile it", async () => {
  calls.length = 0;
  const detector: DetectorCase = { detector: "resnet18", precision: "float32" };
  const timed = await compare(detector, 1, measureAs("retort", [110]), torchAs(WAYS));
  const layouts = ["eager contiguous", "eager channels_last"];
  assertEquals(calls, [
    "eager channels_last, 3 steps",
    "eager contiguous, 3 steps",
    "retort",
    ...layouts,
  ]);
  const [, , row] = cells(comparisonTable([timed]));
  assertEquals(row, [
    ...["resnet18", "float32", "110.0", "200.0", "eager contiguous", "0.550", "0.552", "1.1"],
    "",
    "",
  ]);
});

Deno.test("a way that fails in a later round counts no more", async () => {
  const ways = torchAs(WAYS);
  const torch: TimeWay<PairCase> = (what, way, steps) =>
    steps === undefined && way.mode === "compiled"
      ? Promise.resolve({ failed: "killed" })
      : ways(what, way, steps);
  const timed = await compare(what, 2, measureAs("retort", [160, 150]), torch);
  assertEquals([timed.torch_ms, timed.way], [200, "eager contiguous"]);
  assertEquals(timed.failures, ["compiled contiguous: killed"]);
});

Deno.test("without PyTorch its time and the ratio are null, and empty in the table", async () => {
  const timed = await compare(what, 2, measureAs("retort", [150, 140]), undefined);
  assertEquals([timed.torch_ms, timed.ratio, timed.way, timed.compiled_first], [
    null,
    null,
    null,
    null,
  ]);
  const method = { method: "at", precision: "float32" } as const;
  const vit: VitCase = { vit: "deit", precision: "float32" };
  const beside = await compare(method, 1, measureAs("retort", [150]), torchAs(WAYS));
  const deit = await compare(vit, 1, measureAs("retort", [150]), torchAs(WAYS));
  const [header, , ...rows] = cells(comparisonTable([timed, beside, deit]));
  assertEquals(header.slice(0, 5), ["step", "precision", "ours ms", "PyTorch ms", "its best way"]);
  assertEquals(rows.map(([step]) => step), ["vgg13-vgg8", "at", "deit"]);
  assertEquals(rows[0].slice(1), ["float32", "140.0", "", "", "", "", "1.4", "", ""]);
  assertEquals(rows[1].slice(2), [
    ...["150.0", "190.0", "compiled contiguous", "0.789", "0.791", "1.5", "1.9", ""],
  ]);
  assertEquals(experimentsOf(method)[0].distiller.id, "at");
  assertEquals(experimentsOf(what)[0].distiller.id, "kd");
  const [{ student, schedule }] = experimentsOf(vit);
  assertEquals([student.id, schedule.id, schedule.batch], ["deit_tiny_p4", "adamw", 64]);
});

Deno.test("a paper's own step is shown beside the sum of the steps that it is compared with", () => {
  const costs = MEASURED_BY.map(([step, ...by]) => ({ step, by, ms: 300, sum: 100 * by.length }));
  const [header, , ...rows] = cells(ownTable(costs));
  assertEquals(header, ["step", "ms", "beside", "ms", "ratio"]);
  assertEquals(rows[0], ["shake vgg13-vgg8", "300.0", "kd vgg13-vgg8", "100.0", "3.000"]);
  assertEquals(rows[2], [
    "slkd vgg13-vgg8",
    "300.0",
    "scratch vgg8 + 2 × scratch vgg13",
    "300.0",
    "1.000",
  ]);
  for (const own of MEASURED_BY.flat()) {
    const [method] = own.split(/[ (]/);
    assertEquals(experimentsOf({ own, precision: "float32" })[0].distiller.id, method);
  }
});

Deno.test("the bench compares every method in float32, or the cases of its flags", () => {
  assertEquals(methodCases().map(({ method }) => method), Object.keys(METHODS));
  assertEquals(methodCases("kd"), [{ method: "kd", precision: "float32" }]);
  assertEquals(methodCases("kd", "bfloat16"), [{ method: "kd", precision: "bfloat16" }]);
});

await needs(["read"], "PyTorch's side has the same methods", async () => {
  const script = await Deno.readTextFile(new URL("torch_methods.py", import.meta.url));
  const [, theirs] = script.match(/^METHODS = \{\n(.*?)^\}/ms)!;
  assertEquals(
    Array.from(theirs.matchAll(/^ {4}"(.+?)":/gm), ([, name]) => name),
    Object.keys(METHODS),
  );
});

Deno.test("the bench compares seven pairs in two precisions, or the cases of its flags", () => {
  assertEquals(cases().length, 14);
  assertEquals(cases("a-b"), [{ pair: "a-b", precision: "float32" }, {
    pair: "a-b",
    precision: "bfloat16",
  }]);
  assertEquals(
    cases(undefined, "bfloat16").map(({ precision }) => precision),
    Array(7).fill("bfloat16"),
  );
  assertEquals(cases("a-b", "float32"), [{ pair: "a-b", precision: "float32" }]);
});

Deno.test("the bench rejects wrong arguments before it measures anything", async () => {
  for (
    const args of [
      ["--pair", "vgg13"],
      ["--pair", "vgg13-nothing"],
      ["--pair", "vgg13-vgg8-vgg8"],
      ["--json", "--profile"],
      ["--json", "--only=memory"],
      ["--only=everything"],
      ["--only=methods", "--pair=vgg13-vgg8"],
      ["--only=own", "--pair=vgg13-vgg8"],
      ["--only=vit", "--pair=vgg13-vgg8"],
      ["--only=vit", "--json"],
      ["--only=steps", "--method=kd"],
      ["--method=kd", "--pair=vgg13-vgg8"],
      ["--method=nothing"],
      ["vgg13-vgg8"],
      ["--rounds=0"],
    ]
  ) {
    const failure = await assertRejects(() => main(args), Failure);
    assertEquals(failure.exit, 2);
  }
  const lines: string[] = [];
  await main(["--help"], (line) => lines.push(line));
  assertEquals(lines[0].split("\n")[0], "usage: deno task bench");
});

Deno.test("readers are measured by turns, and the best rate of each counts", async () => {
  const turns: string[] = [];
  const reader = (name: string, rates: number[]) => () => {
    turns.push(name);
    const alone = rates.shift()!;
    return Promise.resolve({ alone, bare: 20, beside: alone / 10 });
  };
  const measured = await dataRates(
    { workers: 2, steps: 4 },
    2,
    reader("ours", [150, 180]),
    reader("torchvision", [100, 90]),
  );
  assertEquals(turns, ["ours", "torchvision", "ours", "torchvision"]);
  assertEquals(cells(dataTable([measured]))[2], [
    ...["2", "180.0", "20.0", "18.0"],
    ...["100.0", "20.0", "10.0", "1.80"],
  ]);
});
