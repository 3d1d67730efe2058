import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aver } from "../../lib/distillers/aver.ts";
import { ft, ftInit } from "../../lib/distillers/ft.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import type { Teachers } from "../../lib/experiment/distiller.ts";
import { convNorm } from "../../lib/nn/conv.ts";
import { dense, globalAveragePool } from "../../lib/nn/layers.ts";
import { type Classifier, classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { prepare } from "../../lib/run/prepare.ts";
import { scheduleOf } from "../../lib/run/settings.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { assemble, type AssemblyOptions, startValues } from "../../lib/training/assemble.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleUntrained, type Parts } from "../support/assemble_untrained.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";
import { untrainedModule } from "../support/untrained_module.ts";

/** A network with a map, a vector and logits. */
const network = (id: string, channels: number): Classifier<"map"> =>
  classifier(id, {}, (classes) => ({
    map: stage(convNorm(channels)),
    pooled: stage(globalAveragePool()),
    logits: stage(dense(classes)),
  }));
const student = network("student", 2);
const teacher = network("teacher", 4);

const dataset = {
  task: classification,
  augmentation: { crop: 2, flip: true },
  normalisation: { mean: [0.5], std: [0.25] },
  views: { strong: { crop: 0, flip: false } },
};
const options: AssemblyOptions = {
  seed: 1,
  image: [8, 8, 1],
  classes: 3,
  train: { size: 6, labels: Int32Array.of(0, 1, 2, 0, 1, 2) },
  schedule: sgd({ epochs: 1, batch: 2, lr: 0.1 }),
};

const assembly = (
  distiller: Parts["distiller"],
  teaching: Teachers = teacher,
  other: Partial<AssemblyOptions> = {},
) =>
  assembleUntrained({ student, teacher: teaching, distiller, dataset }, { ...options, ...other });

const norm = ["scale", "offset", "mean", "variance"].map((name) => `map.norm.${name}`);
/** The names inside either network. */
const names = ["map.weight", ...norm, "logits.weight", "logits.bias"];
/** The names inside a teacher, whose norm is folded into the convolution before it. */
const teacherNames = [
  ...names.slice(0, 5),
  "map.folded.weight",
  "map.folded.offset",
  ...names.slice(5),
];
/** The names inside the paraphraser, and inside its decoder. */
const moduleNames = [0, 1, 2].flatMap((i) => [`${i}.0.weight`, `${i}.0.bias`]);
const withPrefix = (scope: string, names: readonly string[]) =>
  names.map((name) => `${scope}.${name}`);

Deno.test("assemble: variables are the student's, the teachers', the method's and the optimiser's, in this order", () => {
  const { variables, state, weights, trainedModules, parts } = assembly(ftInit());
  const own = [
    ...withPrefix("distiller.paraphraser.0", moduleNames),
    ...withPrefix("distiller.decoder.0", moduleNames),
  ];
  const changing = [...withPrefix("student", names), ...own, ...withPrefix("velocity", own)];
  const all = [
    ...withPrefix("student", names),
    ...withPrefix("teacher1", teacherNames),
    ...own,
    ...withPrefix("velocity", own),
  ];
  assertEquals([...variables.keys()], all);
  assertEquals(Array.from(variables.values(), ({ name }) => name), all);
  assertEquals(state.map(({ name }) => name), changing);
  assertEquals(parts.trainable.map(({ name }) => name), own);
  assertEquals(
    Array.from(weights, ([name, variable]) => [name, variable.name]),
    names.map((name) => [
      name,
      `student.${name}`,
    ]),
  );
  assertEquals(
    Array.from(trainedModules!, ([name, variable]) => [name, variable.name]),
    moduleNames.map((name) => [
      `paraphraser.${name}`,
      `distiller.paraphraser.0.${name}`,
    ]),
  );
});

Deno.test("assemble: several teachers are numbered, and a module that a method takes never changes", () => {
  const pair = assembly(aver(), [teacher, student]);
  assertEquals(pair.teachers.map(({ variables }) => variables[0].name), [
    "teacher1.map.weight",
    "teacher2.map.weight",
  ]);
  assertEquals([pair.parts.teacher, pair.trainedModules], [pair.teachers, undefined]);
  const requests: string[] = [];
  const { variables, parts, state } = assembly(
    ft({ paraphraser: untrainedModule(ftInit(), "paraphraser") }),
    teacher,
    {
      taken({ name }, shape) {
        requests.push(`${name} [${shape}]`);
        return new Map([["1.0.bias", Float32Array.of(7, 8)]]);
      },
    },
  );
  assertEquals(requests, ["paraphraser [8,8,4]"]);
  assertEquals(variables.get("distiller.paraphraser.0.1.0.bias")!.initial(), Float32Array.of(7, 8));
  for (const { name, fixed } of variables.values()) {
    assertEquals(fixed, /^teacher1\.|paraphraser/.test(name), name);
  }
  assertEquals(state.some(({ name }) => name.includes("paraphraser")), false);
  assertEquals(parts.trainable.some(({ name }) => name.includes("translator")), true);
});

Deno.test("assemble: networks start with `values` by the names inside them, and else with their own", () => {
  const bias = (i: number) => new Map([["logits.bias", Float32Array.of(i, i, i)]]);
  const values = startValues(bias(1));
  assertEquals([...values.keys()], ["student.logits.bias"]);
  values.set("teacher2.logits.bias", Float32Array.of(2, 2, 2));
  const { variables } = assembly(aver(), [teacher, student], { values });
  const anew = assembly(aver(), [teacher, student]).variables;
  for (const [name, variable] of variables) {
    assertEquals(variable.initial(), values.get(name) ?? anew.get(name)!.initial(), name);
  }
  assertEquals(startValues(undefined).size, 0);
});

Deno.test("assemble: the step has the data set's options for images, and the run's seed", () => {
  const { parts } = assembly(kd(), teacher, { seed: 5 });
  const { task, augmentation, normalisation, views, seed } = parts;
  assertEquals({ task, augmentation, normalisation, views, seed }, { ...dataset, seed: 5 });
});

Deno.test("assemble: makes no tensor", () => {
  const before = tf.memory();
  assembly(ftInit());
  assembly(ft({ paraphraser: untrainedModule(ftInit(), "paraphraser") }));
  assertEquals(tf.memory(), before);
});

Deno.test({
  name: "assemble: opens nothing",
  permissions: "none",
  fn() {
    assert(assembly(kd()).variables.size > 0);
  },
});

Deno.test("assemble: a method's build that returns no function is an error", () => {
  for (const loss of [undefined, Promise.resolve(() => ({}))]) {
    // A cast, as in a module whose types nobody checks.
    const build = (() => loss) as unknown as Parts["distiller"]["build"];
    const broken: Parts["distiller"] = { ...kd(), build };
    assertThrows(() => assembly(broken), Failure, "returns no loss");
  }
});

Deno.test("assemble: a module that a method declares for others but never makes is an error with its name", () => {
  const { trainedModules } = ftInit();
  const { exit, message } = assertThrows(
    () => assembly({ ...scratch(), id: "idle", trainedModules }, undefined),
    Failure,
  );
  assertEquals(exit, 2);
  assertEquals(
    message,
    'idle never makes its paraphraser: it has to call create.trainedModule("paraphraser", shape)',
  );
});

await needs(
  everything,
  "assemble: before its first step a run holds the assembled variables",
  async () => {
    await toys(PAIR, async (toys) => {
      const experiment = await toys.experiment("student");
      const prepared = await prepare(
        [{
          experiment,
          teachers: [{ path: "large", weights: undefined }],
          stages: { modules: new Map() },
          learned: [],
        }],
        3,
        toys.settings(),
      );
      try {
        const { opened: { image, classes }, train, engine } = prepared;
        const schedule = scheduleOf(experiment, {});
        const { variables } = assemble(experiment, {
          seed: 3,
          image,
          classes: classes.length,
          train,
          schedule,
        });
        const [{ variables: own, state }] = prepared.assemblies;
        const [teacher] = prepared.teachers.values();
        assertEquals(
          new Set([...own.keys(), ...teacher.variables.map(({ name }) => name)]),
          new Set(variables.keys()),
        );
        const held = await engine.read(state);
        for (const [i, { name }] of state.entries()) {
          assertEquals(held[i], variables.get(name)!.initial(), name);
        }
      } finally {
        prepared.close();
      }
    });
  },
);
