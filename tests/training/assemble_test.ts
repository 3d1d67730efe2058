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
import { assembled, type Parts } from "../support/assembled.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";
import { untrained } from "../support/untrained.ts";

/** A network of a map, a vector and scores. */
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
) => assembled({ student, teacher: teaching, distiller, dataset }, { ...options, ...other });

const norm = ["scale", "offset", "mean", "variance"].map((name) => `map.norm.${name}`);
/** The names inside either network. */
const names = ["map.weight", ...norm, "logits.weight", "logits.bias"];
/** The names inside a teacher, whose norm is folded into the convolution before it. */
const taught = [...names.slice(0, 5), "map.folded.weight", "map.folded.offset", ...names.slice(5)];
/** The names inside the paraphraser, and inside its other half. */
const three = [0, 1, 2].flatMap((i) => [`${i}.0.weight`, `${i}.0.bias`]);
const below = (scope: string, names: readonly string[]) => names.map((name) => `${scope}.${name}`);

Deno.test("variables are the student's, the teachers', the method's and the optimiser's, in this order", () => {
  const { variables, state, weights, trainedModules, parts } = assembly(ftInit());
  const own = [...below("distiller.paraphraser.0", three), ...below("distiller.decoder.0", three)];
  const changing = [...below("student", names), ...own, ...below("velocity", own)];
  const all = [
    ...below("student", names),
    ...below("teacher1", taught),
    ...own,
    ...below("velocity", own),
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
    three.map((name) => [
      `paraphraser.${name}`,
      `distiller.paraphraser.0.${name}`,
    ]),
  );
});

Deno.test("several teachers are numbered, and what a method takes never changes", () => {
  const pair = assembly(aver(), [teacher, student]);
  assertEquals(pair.teachers.map(({ variables }) => variables[0].name), [
    "teacher1.map.weight",
    "teacher2.map.weight",
  ]);
  assertEquals([pair.parts.teacher, pair.trainedModules], [pair.teachers, undefined]);
  const asked: string[] = [];
  const { variables, parts, state } = assembly(
    ft({ paraphraser: untrained(ftInit(), "paraphraser") }),
    teacher,
    {
      taken({ name }, shape) {
        asked.push(`${name} [${shape}]`);
        return new Map([["1.0.bias", Float32Array.of(7, 8)]]);
      },
    },
  );
  assertEquals(asked, ["paraphraser [8,8,4]"]);
  assertEquals(variables.get("distiller.paraphraser.0.1.0.bias")!.initial(), Float32Array.of(7, 8));
  for (const { name, fixed } of variables.values()) {
    assertEquals(fixed, /^teacher1\.|paraphraser/.test(name), name);
  }
  assertEquals(state.some(({ name }) => name.includes("paraphraser")), false);
  assertEquals(parts.trainable.some(({ name }) => name.includes("translator")), true);
});

Deno.test("networks start with what they are given, by the names inside them, and else anew", () => {
  const bias = (i: number) => new Map([["logits.bias", Float32Array.of(i, i, i)]]);
  const values = startValues(bias(1), [undefined, bias(2)]);
  assertEquals([...values.keys()], ["student.logits.bias", "teacher2.logits.bias"]);
  const { variables } = assembly(aver(), [teacher, student], { values });
  const anew = assembly(aver(), [teacher, student]).variables;
  for (const [name, variable] of variables) {
    assertEquals(variable.initial(), values.get(name) ?? anew.get(name)!.initial(), name);
  }
  assertEquals(startValues(undefined, []).size, 0);
});

Deno.test("a step has what the data set says of images, and the run's seed", () => {
  const { parts } = assembly(kd(), teacher, { seed: 5 });
  const { task, augmentation, normalisation, views, seed } = parts;
  assertEquals({ task, augmentation, normalisation, views, seed }, { ...dataset, seed: 5 });
});

Deno.test("assembling makes no tensor", () => {
  const before = tf.memory();
  assembly(ftInit());
  assembly(ft({ paraphraser: untrained(ftInit(), "paraphraser") }));
  assertEquals(tf.memory(), before);
});

Deno.test({
  name: "assembling opens nothing",
  permissions: "none",
  fn() {
    assert(assembly(kd()).variables.size > 0);
  },
});

Deno.test("a module that a method says it trains for others and never makes is an error that names it", () => {
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

await needs(everything, "what a run holds before its first step is what is assembled", async () => {
  await toys(PAIR, async (toys) => {
    const experiment = await toys.experiment("student");
    const prepared = await prepare(
      experiment,
      3,
      [undefined],
      { modules: new Map() },
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
      assertEquals([...prepared.variables.keys()], [...variables.keys()]);
      const held = await engine.read(prepared.state);
      for (const [i, { name }] of prepared.state.entries()) {
        assertEquals(held[i], variables.get(name)!.initial(), name);
      }
    } finally {
      prepared.close();
    }
  });
});
