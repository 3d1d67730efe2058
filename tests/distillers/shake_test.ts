import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aekd } from "../../lib/distillers/aekd.ts";
import { combine } from "../../lib/distillers/combine.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { shake, type ShakeOptions, type ShakeTokenOptions } from "../../lib/distillers/shake.ts";
import type { Values } from "../../lib/engine/engine.ts";
import type { Distiller, SeveralTeachers } from "../../lib/experiment/distiller.ts";
import { resnet50 } from "../../lib/networks/deep_resnet.ts";
import { vgg13 } from "../../lib/networks/vgg.ts";
import { wrn_40_2 } from "../../lib/networks/wrn.ts";
import type { Classifier, Net } from "../../lib/nn/network.ts";
import type { Stage } from "../../lib/nn/stage.ts";
import type { TrainValues } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { measured, type Rows } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { assertNear } from "../support/tolerance.ts";
import {
  CLASSES,
  large,
  small,
  type Toy,
  toy,
  type TwoHeadedToy,
  twoHeadedToy,
} from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

const several: SeveralTeachers<Toy> = [large, toy("larger", 6)];

await method("shake", () => shake());
await method("shake as released", () => shake({ released: true }));
await method("shake on the student's backbone", () => shake({ backbone: "student" }));
await method("shake by a proxy teacher", () => shake({ backbone: "own" }));
await method(
  "shake with two heads and all terms",
  () => shake({ heads: 2, direct: 0.5, labels: 0.1 }),
);
await method("shake of two teachers", () => shake(), { teacher: several });
await method("shake of two teachers, adaptive", () => shake({ weights: "adaptive" }), {
  teacher: several,
});

const twoHeads = twoHeadedToy("two heads", 2);

await method("shake on the distillation token", () => shake({ backbone: "token" }), {
  student: twoHeads,
});
await method(
  "shake on the distillation token with all terms",
  () =>
    shake({
      backbone: "token",
      by: "hard",
      labels: 0.5,
      direct: 0.5,
      normalised: true,
      perClass: true,
      joint: true,
    }),
  { student: twoHeads },
);
masks(
  "shake on the distillation token",
  () => keepTerms(shake({ backbone: "token", direct: 1 }), "shadow", "direct"),
  { student: { heads: [2, 5], logits: [5] }, teacher: { logits: [5] } },
);

for (const released of [false, true]) {
  const taps = { student: { logits: [5] }, teacher: { map: [3, 3, 4], pooled: [4], logits: [5] } };
  const terms = ["shadow", "direct"];
  masks(
    `shake, released: ${released}`,
    () =>
      keepTerms(
        shake({ released, taps: ["map"], direct: 1 }) as Distiller<Toy, Toy>,
        ...terms,
      ) as never,
    taps,
  );
}

/** The terms of the first step, the student's gradient, and the method's own by variable. */
async function first(options: ShakeOptions<never>) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, shake(options));
  const { terms } = await step();
  const student = flat(await read("velocity.student."));
  const own = await read("velocity.distiller.");
  engine.close();
  return { terms, student, own };
}

Deno.test("shake: a shadow's loss never reaches the student, unless they share a backbone", async () => {
  const much = { follow: 7, reverse: 5, labels: 3 };
  const usual = await first({});
  assertEquals((await first(much)).student, usual.student);
  const [one, other] = [
    await first({ backbone: "student" }),
    await first({ backbone: "student", ...much }),
  ];
  assert(one.student.some((value, i) => value !== other.student[i]));
});

Deno.test("shake: the student's loss never reaches a shadow", async () => {
  const [one, other] = [await first({}), await first({ kd: 9, ce: 3, direct: 2 })];
  assertEquals(flat(one.own), flat(other.own));
});

Deno.test("shake: only terms with a weight exist", async () => {
  const names = async (options: ShakeOptions<never>) => Object.keys((await first(options)).terms);
  assertEquals(await names({}), ["task", "shadow", "follow", "reverse"]);
  assertEquals(await names({ reverse: 0 }), ["task", "shadow", "follow"]);
  assertEquals(await names({ released: true }), [
    "task",
    "shadow",
    "follow",
    "reverse",
    "labels",
  ]);
});

Deno.test("shake: `direct` is kd's term", async () => {
  const engine = await open("cpu");
  const { terms } = await first({ direct: 0.9 });
  const values = await (await training(engine, kd({ kd: 0.9 }))).step();
  engine.close();
  assertAlmostEquals(terms.direct[0], values.terms.kd[0], 1e-5);
});

/** The terms of the first step on a distillation token, and the gradient of the class head. */
async function onToken(options: Omit<ShakeTokenOptions, "backbone">) {
  const engine = await open("cpu");
  const distiller = shake({ backbone: "token", ...options });
  const { step, read } = await training(engine, distiller, { student: twoHeads });
  const { terms } = await step();
  const heads = await read("velocity.student.heads.");
  engine.close();
  const gradient = (head: string) => [...heads].find(([name]) => name.includes(head))![1];
  return { terms, s: gradient("class"), h: gradient("distillation") };
}

Deno.test("shake on the distillation token: neither head learns as the other's teacher, unless `joint`", async () => {
  const much = { follow: 7, reverse: 5, labels: 3 };
  const [usual, other] = [await onToken({}), await onToken(much)];
  assertEquals(other.s, usual.s);
  assertEquals((await onToken({ kd: 9, ce: 3, direct: 2 })).h, usual.h);
  const joint = await onToken({ joint: true });
  assertEquals(joint.terms, usual.terms);
  assert(joint.s.some((value, i) => value !== usual.s[i]));
  assert(joint.h.some((value, i) => value !== usual.h[i]));
});

Deno.test("shake on the distillation token: `perClass` divides every KL by the number of classes", async () => {
  const whole = await onToken({ direct: 1 });
  const { terms } = await onToken({ direct: 1, perClass: true });
  assertEquals(terms.task, whole.terms.task);
  for (const name of ["shadow", "direct", "follow", "reverse"]) {
    assertAlmostEquals(terms[name][0], whole.terms[name][0] / CLASSES, 1e-6, name);
  }
});

Deno.test("shake on the distillation token: the declaration has no options of maps", () => {
  const losses = {
    ...{ temperature: 4, ce: 1, kd: 1, follow: 1, by: "kl", reverse: 1, labels: 0, direct: 0 },
    normalised: false,
  };
  assertEquals(
    canonical(shake({ backbone: "token" }).options),
    canonical({ backbone: "token", ...losses }),
  );
  assertEquals(
    canonical(shake({ backbone: "token", perClass: true, joint: true }).options),
    canonical({ backbone: "token", ...losses, perClass: true, joint: true }),
  );
  assertEquals(
    canonical(shake({ perClass: false, joint: false }).options),
    canonical({ backbone: "teacher", taps: "maps", heads: 1, weights: "equal", ...losses }),
  );
});

const S: Rows = [[8, -4, 2], [6, -2, 0]];
const CLASS = [1, 0];
const T: readonly Rows[] = [[[0, 9, 4], [12, -4, 4]], [[-3, 2, 10], [7, 7, -5]]];
const H: readonly Rows[] = [
  [[4, 1, -6], [0, 3, 8]],
  [[9, 9, 1], [-4, 8, 2]],
  [[2, -7, 3], [1, 0, 0]],
  [[-5, 6, 0], [10, -3, 5]],
];

const vectors = networkOfVariables({ map: [2, 1, 1, 2], pooled: [2, 3], logits: [2, 3] });

/**
 * A teacher whose last stage returns its own logits and then those of each of its shadows, whatever
 * vector these have fused.
 */
function scriptedTeacher(...scores: readonly Rows[]): Classifier<"map"> {
  let next = 0;
  const run = () => {
    const out = tf.tensor2d(scores[next++ % scores.length].map((row) => [...row]));
    return { out, pre: out };
  };
  const logits: Stage = () => Object.assign(run, { shape: [3], multiplyAdds: 0 });
  return { ...vectors, stages: (...given) => ({ ...vectors.stages(...given), logits }) };
}

/**
 * Takes the first step with these logits, each teacher's before its shadows'. Returns its terms and
 * the student's gradient.
 */
async function scriptedStep(options: ShakeOptions<"map">, teachers: readonly (readonly Rows[])[]) {
  const networks = teachers.map((scores) => scriptedTeacher(...scores));
  const made = assembleStep({
    student: networkOfVariables({ logits: [2, 3] }),
    teacher: (networks.length === 1 ? networks[0] : networks) as Classifier<"map">,
    distiller: shake({ ...options, taps: ["map"] }),
    image: [1, 1, 1],
    classes: 3,
    values: new Map([["student.logits.value", Float32Array.from(S.flat())]]),
  });
  const engine = await open("cpu");
  const image = { shape: [2, 1, 1, 1], data: new Float32Array(2) };
  const { values, after } = await firstStep(engine, made)(image, Int32Array.from(CLASS));
  engine.close();
  return { values, gradient: after("student.logits.value") };
}

const logSoftmax = (row: readonly number[]) => {
  const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  return row.map((value) => value - log);
};

/** The mean over samples of 4² · KL(softmax(of / 4) ‖ softmax(to / 4)). */
const divergence = (of: Rows, to: Rows) =>
  of.reduce((sum, row, i) => {
    const [p, q] = [row, to[i]].map((scores) => logSoftmax(scores.map((score) => score / 4)));
    return sum + 16 * p.reduce((sum, log, j) => sum + Math.exp(log) * (log - q[j]), 0) / of.length;
  }, 0);

const crossEntropy = (rows: Rows) =>
  rows.reduce((sum, row, i) => sum - logSoftmax(row)[CLASS[i]] / rows.length, 0);

/**
 * Asserts the cross-entropy's term and those of each shadow, which are numbered if there are
 * several.
 */
function assertLosses(
  { terms }: Values<TrainValues>,
  task: number,
  own: readonly Readonly<Record<string, number>>[],
): void {
  const numbered = own.flatMap((losses, i) =>
    Object.entries(losses).map(([name, value]) =>
      [own.length === 1 ? name : `${name}${i + 1}`, value] as const
    )
  );
  const expected = [["task", task] as const, ...numbered];
  assertEquals(Object.keys(terms).sort(), expected.map(([name]) => name).sort());
  for (const [name, value] of expected) assertAlmostEquals(terms[name][0], value, 1e-4, name);
}

/** Each teacher's logits before its shadows'. */
const LOGITS = {
  "one teacher": [[T[0], H[0]]],
  "two teachers": [[T[0], H[0]], [T[1], H[1]]],
  "two heads": [[T[0], H[0], H[1]]],
  "two teachers, two heads each": [[T[0], H[0], H[1]], [T[1], H[2], H[3]]],
};

for (const [name, teachers] of Object.entries(LOGITS)) {
  const shadows = teachers.flatMap(([t, ...own]) => own.map((h) => ({ t, h })));
  const { length } = shadows;
  const heads = length / teachers.length;

  Deno.test(`shake: the losses are the submission's, and the shadows share kd: ${name}`, async () => {
    const { values } = await scriptedStep({ heads }, teachers);
    const own = shadows.map(({ t, h }) => ({
      shadow: divergence(h, S) / length,
      follow: divergence(t, h),
      reverse: divergence(S, h),
    }));
    assertLosses(values, crossEntropy(S), own);
  });

  Deno.test(`shake: each term has its own weight, and the shadows share the student's: ${name}`, async () => {
    const weights = { ce: 2, kd: 3, follow: 5, reverse: 7, labels: 11, direct: 13 };
    const { values } = await scriptedStep({ heads, ...weights }, teachers);
    const own = shadows.map(({ t, h }) => ({
      shadow: 3 * divergence(h, S) / length,
      follow: 5 * divergence(t, h),
      reverse: 7 * divergence(S, h),
      labels: 11 * crossEntropy(h),
      direct: 13 * divergence(t, S) / length,
    }));
    assertLosses(values, 2 * crossEntropy(S), own);
  });

  if (length === 1) continue;
  Deno.test(`shake: adaptive weights of shadows are those of AE-KD's teachers, not equal: ${name}`, async () => {
    const { values: equal } = await scriptedStep({ heads, kd: 3 }, teachers);
    const { values, gradient } = await scriptedStep(
      { heads, kd: 3, weights: "adaptive" },
      teachers,
    );
    const teacher = shadows.map(({ h }) => h);
    const { terms, gradient: expected } = await measured(aekd({ kd: 3 }), {
      student: S,
      teacher,
      label: CLASS,
    });
    assertEquals(Object.keys(values.terms), Object.keys(equal.terms));
    for (const name of Object.keys(values.terms)) {
      if (!name.startsWith("shadow")) assertEquals(values.terms[name], equal.terms[name], name);
    }
    for (const i of shadows.keys()) {
      const [adaptive] = values.terms[`shadow${i + 1}`];
      const [usual] = equal.terms[`shadow${i + 1}`];
      assertAlmostEquals(adaptive, terms[`teacher${i + 1}`], 1e-5);
      assert(Math.abs(adaptive / usual - 1) > 0.05, `${adaptive}, with equal weights ${usual}`);
    }
    assertNear("the student's gradient", gradient, Float32Array.from(expected), 1e-5);
  });
}

Deno.test("shake: weighs at most eight shadows by their gradients", () => {
  const three = [large, large, large] as const;
  const { exit, message } = assertThrows(
    () =>
      assembleStep({
        student: small,
        teacher: three,
        distiller: shake({ heads: 3, weights: "adaptive" }) as Distiller<Toy, SeveralTeachers<Toy>>,
        image: [8, 8, 3],
        classes: CLASSES,
        values: new Map(),
      }),
    Failure,
  );
  assertEquals([exit, message.includes("8 shadows at most, not 9")], [2, true]);
});

Deno.test("shake: the shadow fuses the first three maps, or the last three if those do not fit the head", () => {
  const shadow = (teacher: typeof wrn_40_2 | typeof vgg13 | typeof resnet50) => {
    const { collected } = assembleStep({
      student: small,
      teacher,
      distiller: shake() as Distiller<Toy, typeof teacher>,
      image: [32, 32, 3],
      classes: 100,
      values: new Map(),
    });
    const own = [...collected.values()].filter(({ name }) => name.startsWith("distiller."));
    const maps = own.flatMap(({ name }) => name.match(/side_(\w+)\.0\.0\.weight$/)?.[1] ?? []);
    const learned = own.filter(({ trainable }) => trainable);
    return [maps, learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0)];
  };
  assertEquals(shadow(wrn_40_2), [["block2", "block3"], 261_120]);
  assertEquals(shadow(vgg13), [["block2", "block3"], 4_165_632]);
  assertEquals(shadow(resnet50)[0], ["block3", "block4"]);
});

Deno.test("shake: taps and options that make no shadow are refused", async () => {
  const engine = await open("cpu");
  const refused = async (distiller: Distiller<Toy, Toy>) => {
    const { exit, message } = await assertRejects(() => training(engine, distiller), Failure);
    assertEquals(exit, 2);
    return message;
  };
  const flatly = await refused(shake({ taps: ["pooled"] }));
  assert(flatly.includes("shake: large has no map at pooled, but [8]"), flatly);
  const backwards = await refused(shake({ taps: ["block2", "block1"] }));
  assert(backwards.includes("does not lead to block1"), backwards);
  engine.close();
  assertEquals(assertThrows(() => shake({ heads: 0 }), Failure).exit, 2);
  const unused = assertThrows(() => shake({ backbone: "own", taps: ["block1"] }), Failure);
  assertEquals([unused.exit, unused.message.includes("leave `taps` out")], [2, true]);
});

/** Wrong uses of `shake`, each a compile error; never run. */
export function wrong(
  fits: (method: Distiller<Toy, Toy>) => void,
  both: (method: Distiller<Toy, SeveralTeachers<Toy>>) => void,
  onToken: (method: Distiller<TwoHeadedToy, Toy>) => void,
  deeper: (method: Distiller<Net<"block9" | "logits">, Toy>) => void,
) {
  fits(shake());
  both(shake({ weights: "adaptive" }));
  fits(shake({ taps: ["block1", "block2"] }));
  fits(combine(shake(), fitnets()));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(shake({ taps: ["block9"] }));
  deeper(shake({ backbone: "student", taps: ["block9"] }));
  // @ts-expect-error: the student, whose maps the shadow fuses, has no tap of this name.
  deeper(shake({ backbone: "student", taps: ["block1"] }));
  // @ts-expect-error: there is no such backbone.
  fits(shake({ backbone: "teachers" }));

  onToken(shake({ backbone: "token", by: "hard", joint: true }));
  onToken(combine(shake({ backbone: "token" }), fitnets()));
  onToken(shake({ backbone: "student" }));
  // @ts-expect-error: the student has no distillation head.
  fits(shake({ backbone: "token" }));
  // @ts-expect-error: the shadow on the token fuses no maps.
  onToken(shake({ backbone: "token", taps: ["block1"] }));
  // @ts-expect-error: there is one distillation head.
  onToken(shake({ backbone: "token", heads: 2 }));
  // @ts-expect-error: there is no released code for tokens.
  onToken(shake({ backbone: "token", released: true }));
}

Deno.test("shake: two copies of a teacher are refused, which would stay the same", () => {
  const failure = assertThrows(
    () => shake({ backbone: "own", heads: 2 }),
    Failure,
    "stay the same",
  );
  assertEquals(failure.exit, 2);
});
