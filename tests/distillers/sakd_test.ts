import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { synthetic } from "../../datasets/synthetic.ts";
import { at } from "../../lib/distillers/at.ts";
import { cc } from "../../lib/distillers/cc.ts";
import { crd } from "../../lib/distillers/crd.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { ft, ftInit } from "../../lib/distillers/ft.ts";
import { kdsvd } from "../../lib/distillers/kdsvd.ts";
import { nst } from "../../lib/distillers/nst.ts";
import { ofd } from "../../lib/distillers/ofd.ts";
import { pkt } from "../../lib/distillers/pkt.ts";
import { reviewkd } from "../../lib/distillers/reviewkd.ts";
import { rkd } from "../../lib/distillers/rkd.ts";
import { type Noise, sakd, type SakdOptions, sakdWithNoise } from "../../lib/distillers/sakd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { sp } from "../../lib/distillers/sp.ts";
import { vid } from "../../lib/distillers/vid.ts";
import {
  type Distiller,
  type HardLabels,
  type SpottedDistiller,
  within,
} from "../../lib/experiment/distiller.ts";
import type { Values } from "../../lib/engine/engine.ts";
import { Failure } from "../../lib/values/failure.ts";
import { logitsOutput, type Scorer } from "../../lib/nn/network.ts";
import { stream } from "../../lib/values/random.ts";
import type { TrainValues } from "../../lib/training/step.ts";
import { sizeOf } from "../../lib/nn/variables.ts";
import {
  aver,
  type Dataset,
  experiment,
  from,
  kd,
  type Mix,
  resnet20,
  resnet8,
  sgd,
  type Trained,
  vgg13,
  vgg8,
  wrn,
} from "../../mod.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { type Kind, open } from "../support/engines.ts";
import { method } from "../support/method.ts";
import { everything, needs } from "../support/needs.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { scriptedRandom } from "../support/scripted_random.ts";
import { assertNear } from "../support/tolerance.ts";
import { CLASSES, IMAGE, large, small, type Toy } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";
import { untrainedModule } from "../support/untrained_module.ts";

await method("sakd over fitnets", () => sakd(fitnets(), { gamma: 2 }));
await method(
  "sakd over spots of two sizes",
  () => sakd(fitnets({ guided: "block1", hint: "block2", weight: 10 }), { statistics: "chosen" }),
);
await method("sakd always", () => sakd(fitnets(), { routing: "always" }));
// With this seed, samples go both ways at every spot of these methods, too. If all samples went one
// way, an adapter would have no gradient.
const seed = 7;
await method(
  "sakd over several spots, reversed",
  () => sakd(at({ weight: 10 }), { routing: "reversed" }),
  { seed },
);
await method("sakd at random", () => sakd(cc(), { routing: "random" }), { seed });
await method(
  "sakd with a teacher that learns too",
  () => sakd(at({ weight: 10 }), { routing: "both" }),
  { seed },
);

/**
 * Noise that sends each sample its way of `ways`. Samples after the last of these go its way, too.
 */
const sendAlong =
  (...ways: readonly ("teacher" | "student")[]): Noise => (_, spots) => ({ index }) => {
    const high = 1 - 1e-6;
    const batch = Array.from({ length: index.shape[0]! }, (_, i) => ways[i] ?? ways.at(-1)!);
    return tf.tensor3d(
      batch.map((way) => new Array(spots).fill(way === "teacher" ? [high, 0] : [0, high])),
    );
  };

/** Takes a first step on tfjs's own backend: its values, and the variables after it. */
async function first(distiller: Distiller<Toy, Toy, never>): Promise<{
  values: Values<TrainValues>;
  all: ReadonlyMap<string, Float32Array>;
  gradient: Float32Array;
}> {
  const engine = await open("cpu");
  const { step, read } = await training(engine, distiller);
  const values = await step();
  const all = await read("");
  const gradient = flat(await read("velocity.student."));
  engine.close();
  return { values, all, gradient };
}

const matching = (all: ReadonlyMap<string, Float32Array>, name: RegExp) =>
  flat(new Map([...all].filter(([variable]) => name.test(variable))));

/** The names of the terms from which the student learns. */
const STUDENT_TERMS = /^(task|kd|at_)/;
const studentTerms = ({ terms }: Values<TrainValues>) =>
  Object.fromEntries(
    Object.entries(terms).filter(([name]) => STUDENT_TERMS.test(name)).map((
      [name, [value]],
    ) => [name, value]),
  );

Deno.test("sakd: the policy's terms give the student a gradient of exactly 0, and the student's the policy", async () => {
  for (const routing of ["adaptive", "reversed"] as const) {
    const distiller = sakd(fitnets(), { routing, gamma: 2 });
    const policyVariables = /^velocity\.distiller\.(policy|hint|anti)/;
    const { all: afterPolicy, gradient } = await first(keepTerms(distiller, "policy", "balance"));
    assertEquals(gradient, new Float32Array(gradient.length));
    const regressor = matching(afterPolicy, /^velocity\.distiller\.method/);
    assertEquals(regressor, new Float32Array(regressor.length));
    for (const part of ["policy", "hint_block2", "anti_block2"]) {
      assert(
        matching(afterPolicy, new RegExp(`^velocity\\.distiller\\.${part}`)).some((value) =>
          value !== 0
        ),
        part,
      );
    }
    const { all: afterStudent, gradient: students } = await first(
      keepTerms(distiller, "task", "hint", "kd"),
    );
    assert(students.some((value) => value !== 0));
    assertEquals(
      matching(afterStudent, policyVariables),
      new Float32Array(matching(afterStudent, policyVariables).length),
    );
  }
});

Deno.test("sakd: if all actions are the teacher's, as with `always`, the loss is the method's and the KL; if all are the student's, only CE", async () => {
  const expected = await first(at({ kd: 1 }));
  const alone = await first(keepTerms(at(), "task"));
  const students = (distiller: Distiller<Toy, Toy>) =>
    first(keepTerms(distiller, "task", "kd", "at_block1", "at_block2"));
  const same = async (distiller: Distiller<Toy, Toy>) => {
    const { values, gradient } = await students(distiller);
    const terms = studentTerms(values);
    const expectedTerms = studentTerms(expected.values);
    assertEquals(Object.keys(terms).sort(), Object.keys(expectedTerms).sort());
    for (const [name, value] of Object.entries(expectedTerms)) {
      assertAlmostEquals(terms[name], value, 1e-5, name);
    }
    assertNear("the student's gradient", gradient, expected.gradient, 1e-6);
  };
  await same(sakdWithNoise(at(), {}, sendAlong("teacher")));
  await same(sakdWithNoise(at(), { routing: "reversed" }, sendAlong("student")));
  await same(sakd(at(), { routing: "always" }));
  await same(sakd(at({ weight: 10 }), { routing: "always", beta: 100 }));
  const { values, gradient } = await students(sakdWithNoise(at(), {}, sendAlong("student")));
  assertEquals([values.terms.kd[0], values.terms.at_block1[0], values.terms.at_block2[0]], [
    0,
    0,
    0,
  ]);
  assertEquals(values.loss, alone.values.loss);
  assertNear("the student's gradient", gradient, alone.gradient, 1e-6);
});

/** The losses of the teacher and of the student by its running statistics. */
const frozen: Distiller<Toy, Toy> = {
  id: "frozen",
  options: {},
  build: ({ student }) => ({ task, image, teacher, frozen, student: { taps } }) => ({
    task: [1, task(logitsOutput(taps.logits))],
    teacher: [1, task(logitsOutput(teacher.taps.logits))],
    student: [1, task(student.run(image, frozen) as Parameters<typeof task>[0])],
  }),
};

Deno.test("sakd: a sample that always goes one way gets that network's output", async () => {
  const { values: expected } = await first(frozen);
  const routable: readonly SpottedDistiller<Toy, Toy>[] = [
    at(),
    fitnets({ guided: "block1", hint: "block2" }),
    cc(),
  ];
  for (const base of routable) {
    for (const way of ["teacher", "student"] as const) {
      const { values } = await first(sakdWithNoise(base, {}, sendAlong(way)));
      assertAlmostEquals(values.terms.policy[0], expected.terms[way][0], 1e-5);
      assertEquals(values.terms.balance[0], way === "teacher" ? 0 : 2);
    }
  }
});

Deno.test("sakd: γ multiplies the policy's term if the student is better, and divides it if it is worse", async () => {
  const seen = new Set<boolean>();
  for (const way of ["teacher", "student"] as const) {
    const { values: { terms: { policy: [once], task: [task] } } } = await first(
      sakdWithNoise(at(), {}, sendAlong(way)),
    );
    const { values: { terms: { policy: [value] } } } = await first(
      sakdWithNoise(at(), { gamma: 4 }, sendAlong(way)),
    );
    assertAlmostEquals(value, once > task ? 4 * once : once / 4, 1e-4);
    seen.add(once > task);
  }
  assertEquals(seen.size, 2);
  const { message, exit } = assertThrows(() => sakd(at(), { gamma: 0 }), Failure);
  assertEquals([message.includes("gamma"), exit], [true, 2]);
});

Deno.test("sakd: the share of samples that learn is reported for each spot", async () => {
  const report = async (noise: Noise, options: SakdOptions = {}) => {
    const { values } = await first(sakdWithNoise(at(), options, noise));
    return Object.fromEntries(
      Object.entries(values.reports).map(([name, [value]]) => [name, value]),
    );
  };
  const all = (share: number) => ({ spot_block1: share, spot_block2: share, spot_logits: share });
  assertEquals(await report(sendAlong("teacher", "student")), all(0.25));
  assertEquals(await report(sendAlong("teacher", "student"), { routing: "reversed" }), all(0.75));
  assertEquals(await report(sendAlong("student"), { routing: "always" }), {});
  assertEquals(
    Object.keys(await report(sendAlong("student"), { routing: "random" })),
    Object.keys(all(0)),
  );
});

Deno.test("sakd: at random, each sample learns at a spot if its own coin there is below a half, without a policy", async () => {
  const coins = [[0, 0.499, 0.501], [0.499, 0.501, 0.99], [0.501, 0.499, 0.5], [0.499, 0.99, 0.7]];
  const chosen = new Map<string, number[]>();
  const base = at();
  const shapes: (readonly number[])[] = [];
  const recording: SpottedDistiller<Toy, Toy> = {
    ...base,
    build(context) {
      const loss = base.build(context);
      return (step) => {
        for (const spot of ["block1", "block2", "logits"]) {
          chosen.set(spot, [...step.mask(spot)!.dataSync()]);
        }
        return loss(step);
      };
    },
  };
  const method: Distiller<Toy, Toy> = sakd(recording, { routing: "random" });
  const toss = (shape: readonly number[]) => (shapes.push(shape), tf.tensor2d(coins));
  const random = scriptedRandom(toss);
  const tossed: Distiller<Toy, Toy> = {
    ...method,
    build(context) {
      const loss = method.build(context);
      return (step) => loss({ ...step, random });
    },
  };
  const { values, all } = await first(tossed);
  assertEquals(shapes, [[4, 3]]);
  assertEquals(Object.fromEntries(chosen), {
    block1: [1, 1, 0, 1],
    block2: [1, 0, 1, 0],
    logits: [0, 0, 0, 0],
  });
  assertEquals(Object.keys(values.terms).sort(), ["at_block1", "at_block2", "kd", "task"]);
  assertEquals([...all.keys()].filter((name) => name.startsWith("distiller.")), []);
});

Deno.test("sakd: the method's own norms use the batch's statistics, or those of the samples that learn there", async () => {
  const mean = async (statistics: SakdOptions["statistics"], noise: Noise) => {
    const { all } = await first(sakdWithNoise(fitnets(), { statistics }, noise));
    return all.get("distiller.method.regressor.0.1.mean")!;
  };
  const some = sendAlong("teacher", "teacher", "student");
  const whole = await mean("batch", sendAlong("teacher"));
  assertEquals(await mean("batch", some), whole);
  assertNear("of all samples", await mean("chosen", sendAlong("teacher")), whole, 1e-5);
  assertNotEquals(await mean("chosen", some), whole);
});

Deno.test("sakd: with `both`, the teacher's copy learns from the labels and from the terms that it shares", async () => {
  const distiller = sakdWithNoise(at(), { routing: "both" }, sendAlong("teacher"));
  const copyVariables = /^velocity\.distiller\.teacher\./;
  for (const term of ["teacher_task", "at_block1", "kd"]) {
    const { all } = await first(keepTerms(distiller, term));
    assert(matching(all, copyVariables).some((value) => value !== 0), term);
  }
  const { all } = await first(keepTerms(distiller, "task", "policy", "balance"));
  assertEquals(matching(all, copyVariables), new Float32Array(matching(all, copyVariables).length));
});

Deno.test("sakd: with `homogeneous`, the policy starts at the teacher", async () => {
  const bias = async (homogeneous: boolean) => {
    const engine = await open("cpu");
    const { read } = await training(engine, sakd(at(), { homogeneous }));
    const values = (await read("distiller.policy.0.bias")).get("distiller.policy.0.bias")!;
    engine.close();
    return values;
  };
  const usual = await bias(false);
  assertNear(
    "bias",
    await bias(true),
    usual.map((value, i) => value + (i % 2 === 0 ? 10 : 0)),
    1e-6,
  );
});

const paraphraser = untrainedModule(ftInit(), "paraphraser");

/** Every method that has spots, and its spots between the toys. */
const METHODS: Readonly<
  Record<string, readonly [SpottedDistiller<Toy, Toy, HardLabels>, readonly string[]]>
> = {
  fitnets: [fitnets(), ["block2"]],
  at: [at(), ["block1", "block2"]],
  sp: [sp(), ["block2"]],
  cc: [cc(), ["pooled"]],
  vid: [vid(), ["block1", "block2"]],
  rkd: [rkd(), ["pooled"]],
  pkt: [pkt(), ["pooled"]],
  ft: [ft({ paraphraser }), ["block2"]],
  nst: [nst(), ["block1", "block2"]],
  crd: [crd({ negatives: 8, dimensions: 4 }), ["pooled"]],
  kdsvd: [kdsvd({ over: "columns" }), ["block1", "block2"]],
  ofd: [ofd(), ["block1", "block2"]],
  reviewkd: [reviewkd({ channels: 4 }), ["block1", "block2", "pooled"]],
};

for (const [name, [base, spots]] of Object.entries(METHODS)) {
  Deno.test(`sakd over ${name}: the method masks the spots that it declares, and a step is finite`, async () => {
    const masked = new Set<string>();
    const recording: SpottedDistiller<Toy, Toy, HardLabels> = {
      ...base,
      build(context) {
        const loss = base.build(context);
        return (step) =>
          loss({ ...step, mask: (spot: string) => (masked.add(spot), step.mask(spot)) });
      },
    };
    const { values } = await first(sakd(recording));
    assertEquals([...masked].filter((spot) => spot !== "logits").sort(), [...spots].sort());
    assertEquals(Object.keys(values.reports), [...spots, "logits"].map((spot) => `spot_${spot}`));
    for (const [term, [value]] of Object.entries(values.terms)) {
      assert(Number.isFinite(value), `${term} is ${value}`);
    }
    const unchosen = await first(
      sakdWithNoise(recording, { statistics: "chosen" }, sendAlong("student")),
    );
    for (const [variable, value] of unchosen.all) assert(value.every(Number.isFinite), variable);
  });
}

Deno.test("sakd: it declares the method, cites both papers, has the method's needs and keeps its terms' names", async () => {
  const { id, options, paper, needs } = sakd(ft({ paraphraser }), { beta: 2 });
  assertEquals([id, needs], ["sakd", [paraphraser]]);
  const { id: base, options: of } = ft({ paraphraser });
  assertEquals((options as { method: unknown }).method, { id: base, options: of });
  assertStringIncludes(paper!, "Spot-Adaptive");
  assertStringIncludes(paper!, ft({ paraphraser }).paper!);
  const { values } = await first(sakd(at({ kd: 0.5 })));
  const names = ["task", "kd", "policy", "balance", "at_block1", "at_block2", "at_kd"];
  assertEquals(Object.keys(values.terms).sort(), names.sort());
});

Deno.test("sakd: a method that never asks for the masks of its spots is refused", async () => {
  const masked = at();
  const deaf: typeof masked = {
    ...masked,
    build: (context) => {
      const loss = masked.build(context);
      return (step) => loss(within(step, { mask: () => undefined }));
    },
  };
  const { exit, message } = await assertRejects(() => first(sakd(deaf)), Failure);
  assertEquals([exit, message], [
    2,
    'sakd routes at at block1, but its loss never asks for mask("block1")',
  ]);
});

Deno.test("sakd: spots without a possible route are refused", () => {
  const refused = (distiller: Distiller<Toy, Toy>) => {
    const made = () =>
      assembleStep({
        student: small,
        teacher: large,
        distiller,
        image: IMAGE,
        classes: CLASSES,
        values: new Map(),
      });
    const { exit, message } = assertThrows(made, Failure);
    assertEquals(exit, 2);
    return message;
  };
  const crossed = refused(sakd(at({ taps: [["block1", "block2"], ["block2", "block1"]] })));
  for (const tap of ["block1", "block2"]) assertStringIncludes(crossed, tap);
  const flat = refused(sakd(cc({ student: "pooled", teacher: "block2" })));
  for (const part of ["pooled", "block2", "[2,2,8]"]) assertStringIncludes(flat, part);
});

Deno.test("sakd: taps in another order are routed in the order of the stages", async () => {
  const { values } = await first(sakd(at({ taps: [["block2", "block2"], ["block1", "block1"]] })));
  assertEquals(Object.keys(values.reports), ["spot_block1", "spot_block2", "spot_logits"]);
});

await needs(
  everything,
  "sakd: between networks that end in a norm, the policy learns alike, compiled",
  async () => {
    const batch = 2;
    const pixels = stream(1, "pixels");
    const shape = [batch, 16, 16, 3];
    const image = {
      shape,
      data: Uint8Array.from({ length: sizeOf(shape) }, () => pixels.below(256)),
    };
    for (const [teacher, student] of [[wrn(10, 2), resnet8], [resnet8, wrn(10, 1)]]) {
      const distiller = sakd(at());
      const made = { student, teacher, distiller, image: shape.slice(1), classes: CLASSES };
      const of = async (kind: Kind) => {
        const engine = await open(kind);
        const step = firstStep(engine, assembleStep({ ...made, values: new Map() }));
        const { after } = await step(image, Int32Array.of(1, 2));
        engine.close();
        return after("distiller.policy.0.weight");
      };
      assertNear("the policy's gradient", await of("compiled"), await of("cpu"), 1e-4);
    }
  },
);

declare const mixed: Dataset<Mix>;
declare const spotless: Distiller<Scorer, Scorer>;

Deno.test("sakd: a method that cannot be routed is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const dataset = synthetic();
  const shared = { dataset, student: vgg8, schedule };
  const meta = { url: "" };
  const teacher = from(
    experiment(meta, { dataset, student: vgg13, distiller: scratch(), schedule }),
  );
  const other: Trained<typeof resnet20> = from(
    experiment(meta, { dataset, student: resnet20, distiller: scratch(), schedule }),
  );

  // Correct uses.
  experiment(meta, {
    ...shared,
    teacher,
    distiller: sakd(fitnets({ guided: "block3", hint: "block4" })),
  });
  experiment(meta, { ...shared, teacher, distiller: sakd(crd(), { routing: "random" }) });
  experiment(meta, { ...shared, dataset: mixed, teacher, distiller: sakd(at()) });

  // @ts-expect-error: kd has no spots.
  sakd(kd());
  // @ts-expect-error: a method that declares no spots.
  sakd(spotless);
  // @ts-expect-error: several teachers.
  sakd(aver());
  // @ts-expect-error: no such routing.
  sakd(at(), { routing: "sometimes" });
  // @ts-expect-error: a misspelt option.
  sakd(at(), { gama: 2 });
  // @ts-expect-error: the student has no tap of this name.
  experiment(meta, { ...shared, teacher, distiller: sakd(fitnets({ guided: "block9" })) });
  // @ts-expect-error: the teacher has no tap of this name.
  experiment(meta, { ...shared, teacher: other, distiller: sakd(fitnets({ hint: "block4" })) });
  // @ts-expect-error: sakd needs a teacher.
  experiment(meta, { ...shared, distiller: sakd(at()) });
  // @ts-expect-error: crd needs each image's one class.
  experiment(meta, { ...shared, dataset: mixed, teacher, distiller: sakd(crd()) });
}
