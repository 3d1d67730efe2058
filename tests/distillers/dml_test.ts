import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import type { Dataset } from "../../lib/data/dataset.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { dense, globalAveragePool } from "../../lib/nn/layers.ts";
import { classifier, type Scorer } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { dml, dmlDagger, experiment, from, resnet20, resnet8, scratch, sgd } from "../../mod.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { termWeights } from "../support/term_weights.ts";
import { large, small } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

const alone = { teacher: undefined };
await method("dml", () => dml({ peer: large }), alone);
termWeights("dml", (weights) => dml({ peer: large, ...weights }), {
  ce: ["task", "peer_task"],
  kd: ["kd"],
  reverse: ["peer_kd"],
}, alone);
await method(
  "dml with the student's own network as its peer",
  () => dml({ peer: small, temperature: 3 }),
  alone,
);
await method(
  "dml whose peers are not constants",
  () => dml({ peer: large, constant: false, floor: 1e-7 }),
  alone,
);
await method("dml of standardised logits", () => dml({ peer: large, standardised: true }), alone);
await method("dml_dagger", () => dmlDagger({ peer: large }), alone);

const dull = classifier("dull", {}, (classes) => ({
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));
masks("dml", () => keepTerms(dml({ peer: dull }), "kd"), { student: { logits: [5] }, teacher: {} });

/** The first step's losses and the gradients of student and peer. */
async function first(distiller: Distiller<Scorer>) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, distiller, alone);
  const losses = await step();
  const student = flat(await read("velocity.student."));
  const peer = flat(await read("velocity.distiller.peer."));
  engine.close();
  return { losses, student, peer };
}

Deno.test("dml: each network learns from the other, which is a constant by default", async () => {
  const peer = small;
  const both = await first(dml({ peer }));
  assertNotEquals(both.peer, (await first(dml({ peer, reverse: 2 }))).peer);
  assertNotEquals(both.student, (await first(dml({ peer, kd: 2 }))).student);
  assertEquals(both.student, (await first(dml({ peer, reverse: 2 }))).student);
  assertEquals(both.peer, (await first(dml({ peer, kd: 2 }))).peer);
  assertNotEquals(both.student, (await first(dml({ peer, constant: false }))).student);
});

Deno.test("dml: student and peer of one network start differently", async () => {
  const { losses } = await first(dml({ peer: small }));
  assert(losses.terms.kd[0] > 0);
  assertNotEquals(losses.terms.task, losses.terms.peer_task);
});

Deno.test("dml_dagger: the peer learns from labels alone, the student as in dml", async () => {
  const peer = small;
  const dagger = await first(dmlDagger({ peer }));
  const both = await first(dml({ peer }));
  assertEquals(Object.keys(dagger.losses.terms), [
    "task",
    "kd",
    "peer_task",
  ]);
  assertEquals(dagger.student, both.student);
  assertNotEquals(dagger.peer, both.peer);
  assertEquals(dagger.peer, (await first(dmlDagger({ peer, kd: 7 }))).peer);
  assertAlmostEquals(dagger.losses.terms.kd[0], both.losses.terms.kd[0], 1e-6);
});

Deno.test("dml: the declaration holds the peer's id and options", () => {
  assertEquals(
    JSON.stringify(dml({ peer: resnet20 }).options).includes(
      '"peer":{"id":"resnet20","options":{}}',
    ),
    true,
  );
  assertEquals(dmlDagger({ peer: resnet20 }).id, "dml_dagger");
});

declare const dataset: Dataset;

Deno.test("dml: a teacher, no peer or one that scores no classes is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: resnet8, schedule };
  const teacher = from(experiment(meta, { ...shared, distiller: scratch() }));
  experiment(meta, { ...shared, distiller: dml({ peer: resnet20 }) });
  // @ts-expect-error: it takes no teacher.
  experiment(meta, { ...shared, teacher, distiller: dml({ peer: resnet20 }) });
  // @ts-expect-error: no peer.
  dml();
  // @ts-expect-error: the peer learns from scratch.
  dml({ peer: teacher });
  // @ts-expect-error: there is no reverse direction.
  dmlDagger({ peer: resnet20, reverse: 1 });
}
