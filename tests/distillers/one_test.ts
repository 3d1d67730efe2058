import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { experiment, one, resnet8, sgd, wrn } from "../../mod.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Net } from "../../lib/nn/network.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { method } from "../support/method.ts";
import { large } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const alone = { teacher: undefined };
await method("one", () => one({ shared: "block1" }), alone);
await method("one of two heads", () => one({ shared: "block2", branches: 2, rampUp: 0 }), alone);

Deno.test("one: branches start with different values and have their own terms, beside an ensemble", async () => {
  const engine = await open("cpu");
  const { step } = await training(engine, one({ shared: "block1" }), alone);
  const losses = await step();
  engine.close();
  assertEquals(Object.keys(losses.terms).sort(), [
    "branch2_kd",
    "branch2_task",
    "branch3_kd",
    "branch3_task",
    "ensemble_task",
    "kd",
    "task",
  ]);
  assertNotEquals(losses.terms.branch2_task, losses.terms.branch3_task);
  assert(losses.terms.kd[0] > 0);
});

Deno.test("one: the ensemble's weight starts at exp(−5), and is full without a ramp", async () => {
  const first = async (rampUp: number) => {
    const engine = await open("cpu");
    const { step } = await training(engine, one({ shared: "block1", rampUp }), alone);
    const losses = await step();
    engine.close();
    return losses.terms.kd[0];
  };
  assertAlmostEquals(await first(80) / await first(0), Math.exp(-5), 1e-5);
});

Deno.test("one: a tap that is no map and a single branch are refused", () => {
  const made = (student: Net<"map" | "logits">, options: { branches?: number } = {}) => () =>
    assembleStep({
      student,
      teacher: undefined,
      distiller: one({ shared: "map", ...options }),
      image: [8, 8, 3],
      classes: 5,
      values: new Map(),
    });
  const vector = assertThrows(made(networkOfVariables({ map: [2, 7], logits: [2, 5] })), Failure);
  assertEquals([vector.exit, vector.message.includes("map of [7]")], [2, true]);
  const single = assertThrows(
    made(networkOfVariables({ map: [2, 3, 3, 7], logits: [2, 5] }), { branches: 1 }),
    Failure,
  );
  assertEquals(single.exit, 2);
});

declare const dataset: Dataset;

Deno.test("one: a tap that the student does not have is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  experiment(meta, { dataset, student: resnet8, schedule, distiller: one() });
  experiment(meta, {
    dataset,
    student: wrn(16, 2),
    schedule,
    distiller: one({ shared: "block1" }),
  });
  // @ts-expect-error: there is no such tap.
  experiment(meta, { dataset, student: resnet8, schedule, distiller: one({ shared: "block4" }) });
  // @ts-expect-error: nor such a tap of the toy.
  method("never", () => one({ shared: "block3" }), { ...alone, student: large });
}
