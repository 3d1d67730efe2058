import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Distiller, LossWithMemory, Terms } from "../../lib/experiment/distiller.ts";
import { constant, Variable } from "../../lib/nn/variables.ts";
import { checkLoss } from "../../lib/training/check_loss.ts";
import { checkedTrainStep, trainStep } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { alone } from "../support/alone.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { CLASSES, IMAGE, inputs, large, small, type Toy } from "../support/toy.ts";

const BATCH = 4;
const ok = () => tf.ones([BATCH]);

/** Expects a `Failure` (exit 2) of a loss's result, with these words. */
function refuses(result: unknown, ...words: string[]): void {
  const failure = assertThrows(() => checkLoss(result, BATCH), Failure);
  assertEquals(failure.exit, 2);
  for (const word of words) assertStringIncludes(failure.message, word);
}

function variable(name: string, shape: number[], trainable = false): Variable {
  const options = { trainable, paramGroup: {}, fixed: false };
  return new Variable(name, shape, () => constant(0)(1, undefined!), options);
}

Deno.test("checkLoss: a valid loss is itself", async () => {
  await tf.setBackend("cpu");
  const terms: Terms = { a: [1, ok(), "task"], b: [tf.scalar(2), ok()] };
  assertEquals(checkLoss(terms, BATCH), { terms, writes: [] });
  const memory = variable("memory", [3]);
  const loss: LossWithMemory = {
    terms,
    writes: [[memory, tf.zeros([3])]],
    reports: { hits: tf.equal(ok(), 1) },
  };
  assertEquals(checkLoss(loss, BATCH), loss);
});

Deno.test("checkLoss: one number per sample, or an error with the term, its shape and the way out", async () => {
  await tf.setBackend("cpu");
  refuses({ match: [1, tf.ones([BATCH, 7])] }, "the term match is [4,7]", "[4]", "tf.mean(x, 1)");
  refuses({ match: [1, tf.ones([BATCH, 2, 3])] }, "match", "[4,2,3]", "tf.mean(x, [1,2])");
  refuses({ match: [1, tf.ones([7])] }, "match", "[7]", "do not average over the samples");
  refuses({ match: [1, tf.scalar(1)] }, "match is []", "do not average over the samples");
  refuses({ match: [1, tf.ones([1])] }, "match is [1]");
  refuses({ match: [1, 3] }, "match has 3 in place of a tensor");
  refuses({ match: [1] }, "match has undefined in place of a tensor");
  refuses({ match: ok() }, "the term match is no term");
  refuses({ match: [1, tf.ones([BATCH], "int32")] }, "match is int32", "reports");
  const reports = { hits: tf.scalar(1) };
  refuses({ terms: { a: [1, ok()] }, writes: [], reports }, "the report hits is []");
});

Deno.test("checkLoss: a weight is a finite number or a scalar tensor", async () => {
  await tf.setBackend("cpu");
  refuses({ kd: [NaN, ok()] }, "the weight of the term kd is NaN");
  refuses({ kd: [Infinity, ok()] }, "kd is Infinity");
  refuses({ kd: [ok(), ok()] }, "the weight of the term kd is [4]", "multiply the term itself");
  refuses({ kd: [tf.ones([1]), ok()] }, "the weight of the term kd is [1]");
  refuses({ kd: ["1", ok()] }, "the weight of the term kd is 1");
  refuses({ kd: [1, ok(), "labels"] }, 'the term kd has the role "labels"');
});

Deno.test("checkLoss: no terms, a promise and nothing are refused in our words", async () => {
  await tf.setBackend("cpu");
  refuses({}, "no terms");
  refuses(undefined, "returns no terms");
  refuses(Promise.resolve({}), "asynchronous", "no await");
  refuses({ terms: { a: [1, ok()] } }, "{ terms, writes, reports }");
});

Deno.test("checkLoss: a write has its memory's shape and sets nothing that learns", async () => {
  await tf.setBackend("cpu");
  const write = (memory: unknown, value: unknown) => ({
    terms: { a: [1, ok()] },
    writes: [[memory, value]],
  });
  refuses(write(variable("bank", [3]), tf.zeros([4])), "bank is [4]", "the memory is [3]");
  refuses(write(variable("bank", [3]), tf.zeros([3], "int32")), "bank is int32");
  refuses(write(variable("weight", [3], true), tf.zeros([3])), "weight learns");
  refuses(write("bank", tf.zeros([3])), "a write is a memory");
  const frozen = variable("head", [3], true);
  checkLoss(write(frozen, tf.zeros([3])), BATCH, new Set([frozen]));
});

/** The first step of a loss on a toy, whose batch has 4 images. */
async function firstStep(kind: Kind, loss: (logits: tf.Tensor) => Terms, checked: boolean) {
  const distiller: Distiller<Toy, Toy> = {
    id: "own",
    options: {},
    build: () => ({ student }) => loss(student.taps.logits),
  };
  const { parts, variables } = assembleUntrained({
    student: small,
    teacher: large,
    distiller,
    dataset: {
      task: classification,
      augmentation: { crop: 1, flip: true },
      normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    },
  }, {
    seed: 1,
    image: IMAGE,
    classes: CLASSES,
    train: { size: 100, labels: new Int32Array(100) },
    schedule: sgd({ epochs: 1, batch: BATCH, lr: 0.1 }),
  });
  const engine = await open(kind);
  try {
    await engine.hold([...variables.values()]);
    const step = engine.compile(alone((checked ? checkedTrainStep : trainStep)([parts])));
    const losses = [(await step(inputs(0))).loss[0]];
    losses.push((await step(inputs(1))).loss[0]);
    return losses;
  } finally {
    engine.close();
  }
}

await needs(
  everything,
  "checkedTrainStep: [classes] in a batch of as many images does not pass",
  async () => {
    // The mean over the batch of 5 of the classes but one: as long as the batch.
    const perClass = (logits: tf.Tensor): Terms => ({
      match: [1, tf.mean(tf.square(tf.slice(logits, [0, 0], [-1, BATCH])), 0)],
    });
    const perSample = (logits: tf.Tensor): Terms => ({ match: [1, tf.mean(tf.square(logits), 1)] });
    for (const kind of ["compiled", "cpu"] as const) {
      await firstStep(kind, perClass, false);
      const failure = await assertRejects(() => firstStep(kind, perClass, true), Failure);
      assertStringIncludes(failure.message, "the term match is [4] in a batch of 8");
      const before = tf.memory().numTensors;
      assertEquals(await firstStep(kind, perSample, true), await firstStep(kind, perSample, false));
      assertEquals(tf.memory().numTensors, before, "tensors are left over");
    }
  },
);
