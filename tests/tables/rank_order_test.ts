import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import type { LabelledOutcome } from "../../lib/tables/own_rows.ts";
import type { PrintedColumn } from "../../lib/tables/printed_column.ts";
import { rankOrder, rankOrderText } from "../../lib/tables/rank_order.ts";
import { outcomeOf, student, taught, teacher } from "../support/toy_outcomes.ts";
import { trial } from "../support/trial.ts";

const column = (values: Record<string, number>, other: Partial<PrintedColumn> = {}) => ({
  ...{ title: "P, 240 epochs", source: "t1", metric: "top1", epoch: "last" } as const,
  values: new Map(Object.entries(values).map(([row, mean]) => [row, { mean }])),
  ...other,
});

const rows = (values: Record<string, readonly number[]>): LabelledOutcome[] =>
  Object.entries(values).map(([label, top1]) => {
    const experiment = label === "teacher" ? teacher : label === "scratch" ? student : taught;
    return [label, outcomeOf(experiment, top1.map((one, i) => trial(i + 1, one)))];
  });

Deno.test("rank order: pairs that we reverse, over the rows that have both numbers", () => {
  const order = rankOrder(
    rows({ teacher: [1], scratch: [70, 72], kd: [69, 70], at: [75], dkd: [80], crd: [] }),
    column({ teacher: 80, scratch: 60, kd: 61, at: 62, crd: 63 }),
  )!;
  assertEquals(order.rows, ["at", "kd", "scratch"]);
  assertEquals(order.reversed, [["kd", "scratch"]]);
  assertAlmostEquals(order.tau, 1 / 3);
  assertEquals(order.seeds, 1);
  assertEquals(
    rankOrderText(order),
    "P, 240 epochs: Kendall's τ 0.33 over 3 rows, ours after the last epoch. The paper's order: " +
      "at, kd, scratch. Ours reverses kd over scratch. With one seed this decides nothing.",
  );
});

Deno.test("rank order: with two seeds and the same order", () => {
  const order = rankOrder(rows({ a: [70, 72], b: [69, 70, 71] }), column({ a: 61, b: 60 }))!;
  assertEquals([order.tau, order.reversed, order.seeds], [1, [], 2]);
  const text = rankOrderText(order);
  assertStringIncludes(text, "Ours reverses no pair. At least 2 seeds a row.");
});

Deno.test("rank order: values that print alike are a tie, and less is better where it is", () => {
  const tie = rankOrder(rows({ a: [70.001], b: [70.002] }), column({ a: 61, b: 60 }))!;
  assertEquals([tie.tau, tie.reversed], [0, []]);
  const kl = (label: string, kl: number): LabelledOutcome => {
    const one = trial(1, 70);
    return [label, outcomeOf(taught, [{ ...one, metric: { ...one.metric, kl } }])];
  };
  const order = rankOrder([kl("a", 0.5), kl("b", 0.4)], column({ a: 1, b: 2 }, { metric: "kl" }))!;
  assertEquals([order.rows, order.reversed], [["a", "b"], [["a", "b"]]]);
});

Deno.test("rank order: fewer than two rows have none", () => {
  assertEquals(rankOrder(rows({ a: [70], b: [] }), column({ a: 61, b: 60 })), undefined);
});
