import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type Distiller,
  type LossWithMemory,
  type Teachers,
  type Terms,
  withMemory,
} from "../../lib/experiment/distiller.ts";
import {
  aver,
  camkd,
  combine,
  type Dataset,
  dml,
  ensemble,
  experiment,
  fitnets,
  from,
  ftInit,
  kd,
  type Mix,
  type Net,
  resnet20,
  scratch,
  sgd,
  slkd,
  sp,
  vgg13,
  vgg8,
} from "../../mod.ts";
import { Failure } from "../../lib/values/failure.ts";
import { constant } from "../../lib/nn/variables.ts";
import { open } from "../support/engines.ts";
import { method } from "../support/method.ts";
import { rolesOf } from "../support/roles_of.ts";
import { assertNear } from "../support/tolerance.ts";
import { large, small, type Toy, toy } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

const larger = toy("larger", 6);
const pair: readonly [Toy, Toy] = [large, larger];

await method("combine(kd, fitnets)", () => combine(kd(), fitnets()));
await method(
  "combine(slkd, combine(sp, fitnets))",
  () => combine(slkd(), combine(sp(), fitnets())),
);
await method("combine(aver, camkd)", () => combine(aver(), camkd({ begin: 1 })), { teacher: pair });
await method("combine(scratch, fitnets)", () => combine(scratch(), fitnets()));

Deno.test("combine refuses a method that trains modules for others", () => {
  const { exit, message } = assertThrows(() => combine(fitnets(), ftInit()), Failure);
  assertEquals(exit, 2);
  assertEquals(
    message,
    "combine: ft_init trains modules for others, so it needs an experiment of its own",
  );
});

/**
 * A method alone, with or without its task. Its modules and random numbers are those of a `place`.
 */
function alone<S extends Net, T extends Teachers, D>(
  distiller: Distiller<S, T, D>,
  place: "first" | "second",
  isTask = true,
): Distiller<S, T, D> {
  return {
    ...distiller,
    build(context) {
      const loss = distiller.build({ ...context, create: context.create.in(place) });
      return (step) => {
        const { task, ...terms } =
          withMemory(loss({ ...step, random: step.random.in(place) })).terms;
        return isTask ? { task, ...terms } : terms;
      };
    },
  };
}

/** The first step's loss and terms, and the gradients of the student's variables. */
async function first<T extends Teachers, D>(distiller: Distiller<Toy, T, D>, teacher: T) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, distiller, { teacher });
  const { loss: [loss], terms } = await step();
  const gradient = flat(await read("velocity.student."));
  engine.close();
  return {
    loss,
    terms: Object.fromEntries(Object.entries(terms).map(([name, [value]]) => [name, value])),
    gradient,
  };
}

/**
 * Asserts that a combination is the sum of its methods. `newNames` maps the second one's terms to
 * their names in it.
 */
async function assertSum<T extends Teachers, U extends Teachers, V extends T & U, D, E>(
  a: Distiller<Toy, T, D>,
  b: Distiller<Toy, U, E>,
  teacher: V,
  newNames: Readonly<Record<string, string>> = {},
): Promise<void> {
  const methods = [
    combine(a, b),
    alone(a, "first"),
    alone(b, "second", false),
  ] as unknown as Distiller<Toy, V>[];
  const [both, one, other] = await Promise.all(methods.map((method) => first(method, teacher)));
  const { loss, terms } = both;
  assertAlmostEquals(loss, one.loss + other.loss, 1e-4 * Math.abs(loss));
  const parts = {
    ...one.terms,
    ...Object.fromEntries(
      Object.entries(other.terms).map(([name, value]) => [newNames[name] ?? name, value]),
    ),
  };
  assertEquals(Object.keys(terms).sort(), Object.keys(parts).sort());
  for (const [name, value] of Object.entries(terms)) {
    assertAlmostEquals(value, parts[name], 1e-5 * Math.max(1, value));
  }
  assertNear(
    "the student's gradient",
    both.gradient,
    one.gradient.map((value, i) => value + other.gradient[i]),
    1e-5,
  );
}

Deno.test("a combination is the sum of its methods without the second one's task, values and gradients", async () => {
  await assertSum(kd(), fitnets(), large);
  await assertSum(fitnets({ ce: 3 }), kd(), large);
  await assertSum(slkd(), sp(), large);
  await assertSum(aver(), camkd({ begin: 1 }), pair, {
    teacher1: "camkd_teacher1",
    teacher2: "camkd_teacher2",
  });
});

Deno.test("terms of the same name get prefixes until their names differ", async () => {
  await assertSum(kd(), sp({ kd: 1 }), large, { kd: "sp_kd" });
  const { terms } = await first(combine(combine(kd(), fitnets()), combine(kd(), fitnets())), large);
  const names = ["task", "kd", "hint", "kd+fitnets_kd", "kd+fitnets_hint"];
  assertEquals(Object.keys(terms).sort(), names.sort());
  const { terms: thrice } = await first(combine(combine(kd(), kd()), kd()), large);
  assertEquals(Object.keys(thrice).sort(), ["kd", "kd_kd", "kd_kd_kd", "task"]);
});

Deno.test("a term with a prefix keeps its role", async () => {
  const roles = await rolesOf(combine(dml({ peer: small }), dml({ peer: small })), {
    teacher: undefined,
  });
  assertEquals([roles.dml_peer_task, roles.dml_kd], ["task", undefined]);
});

/** A method that counts its steps in a memory and draws a number. */
const counting = (): Distiller<Toy> => ({
  id: "counting",
  options: {},
  build({ create }) {
    const steps = create.memory("steps", [], constant(0));
    return ({ student, random }): LossWithMemory => {
      const batch = student.taps.logits.shape[0];
      const next = tf.add(steps.value, 1);
      const terms: Terms = {
        counted: [1, tf.fill([batch], 1)],
        drawn: [1, tf.mul(tf.ones([batch]), random.uniform([]))],
      };
      return { terms, writes: [[steps, next]], reports: { drawn: terms.drawn[1] } };
    };
  },
});

Deno.test("each method has its own memories and random numbers", async () => {
  const engine = await open("cpu");
  const combined = combine(combine(scratch(), counting()), counting());
  const { step, read } = await training(engine, combined, { teacher: undefined });
  await step();
  const { terms, reports } = await step();
  const memories = await read("distiller.");
  engine.close();
  assertEquals(Array.from(memories, ([name, [value]]) => [name, value]), [
    ["distiller.first.second.steps", 2],
    ["distiller.second.steps", 2],
  ]);
  assertNotEquals(terms.drawn, terms.counting_drawn);
  assertEquals([reports.drawn, reports.counting_drawn], [terms.drawn, terms.counting_drawn]);
});

Deno.test("a combination declares both methods, cites both papers and needs what both need", () => {
  const { id, options, paper, needs, frozenVariables } = combine(kd({ temperature: 2 }), scratch());
  assertEquals([id, paper, needs, frozenVariables], [
    "kd+scratch",
    kd().paper,
    undefined,
    undefined,
  ]);
  assertEquals(options, {
    methods: [{ id: "kd", options: kd({ temperature: 2 }).options }, {
      id: "scratch",
      options: {},
    }],
  });
  assertEquals(combine(kd(), fitnets()).paper, `${kd().paper}; ${fitnets().paper}`);
  assertEquals(combine(scratch(), counting()).paper, undefined);
});

declare const dataset: Dataset;
declare const mixed: Dataset<Mix>;
/** A hypothetical method for two teachers, with a tap that vgg13 has and resnet20 lacks. */
declare const deep: Distiller<
  Net<"logits">,
  readonly [Net<"block4" | "logits">, Net<"block4" | "logits">]
>;

Deno.test("invalid combinations are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: vgg8, schedule };
  const teacher = from(
    experiment(meta, { dataset, student: vgg13, distiller: scratch(), schedule }),
  );
  const other = from(
    experiment(meta, { dataset, student: resnet20, distiller: scratch(), schedule }),
  );

  const both = ensemble(teacher, other);

  // Valid uses.
  experiment(meta, {
    ...shared,
    teacher,
    distiller: combine(kd(), fitnets({ guided: "block3", hint: "block4" })),
  });
  experiment(meta, { ...shared, teacher, distiller: combine(scratch(), kd()) });
  experiment(meta, { ...shared, teacher, distiller: combine(kd(), scratch()) });
  experiment(meta, { ...shared, distiller: combine(scratch(), scratch()) });
  experiment(meta, { ...shared, teacher: both, distiller: combine(aver(), camkd()) });
  experiment(meta, {
    ...shared,
    teacher: ensemble(teacher, teacher),
    distiller: combine(aver(), deep),
  });
  experiment(meta, { ...shared, dataset: mixed, teacher, distiller: combine(kd(), sp()) });

  // @ts-expect-error: the student has no tap of this name.
  experiment(meta, { ...shared, teacher, distiller: combine(kd(), fitnets({ guided: "blok3" })) });
  // @ts-expect-error: the student has no tap of this name for the first method.
  experiment(meta, { ...shared, teacher, distiller: combine(fitnets({ guided: "blok3" }), kd()) });
  experiment(meta, {
    ...shared,
    teacher: other,
    // @ts-expect-error: the teacher has no such tap.
    distiller: combine(kd(), fitnets({ hint: "block4" })),
  });
  // @ts-expect-error: no teacher.
  experiment(meta, { ...shared, distiller: combine(scratch(), kd()) });
  // @ts-expect-error: one teacher for a method of several.
  experiment(meta, { ...shared, teacher, distiller: combine(aver(), camkd()) });
  // @ts-expect-error: one method takes one teacher, the other several.
  experiment(meta, { ...shared, teacher, distiller: combine(kd(), aver()) });
  // @ts-expect-error: the same with several teachers.
  experiment(meta, { ...shared, teacher: both, distiller: combine(kd(), aver()) });
  // @ts-expect-error: the second teacher lacks a tap that one of the methods needs.
  experiment(meta, { ...shared, teacher: both, distiller: combine(aver(), deep) });
  experiment(meta, {
    ...shared,
    dataset: mixed,
    teacher: both,
    // @ts-expect-error: one method needs each image's own class.
    distiller: combine(aver(), camkd()),
  });
}
