import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../../lib/data/dataset.ts";
import { ft, ftInit } from "../../lib/distillers/ft.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { declaration } from "../../lib/experiment/declaration.ts";
import { experiment, from, isExperiment, startBody } from "../../lib/experiment/experiment.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";

const dataset: Dataset = {
  id: "toy",
  options: { flip: true },
  task: classification,
  holdout: 0,
  augmentation: { crop: 0, flip: true },
  normalisation: { mean: [0], std: [1] },
  open: () => Promise.reject(new Error("an experiment opens nothing")),
};
const schedule = sgd({ epochs: 2, batch: 4, lr: 0.1 });
const meta = { url: "file:///a/teacher.ts" };
const teacher = experiment(meta, { dataset, student: resnet20, distiller: scratch(), schedule });
const student = (options: Parameters<typeof from>[1], url = "file:///a/student.ts") =>
  experiment({ url }, {
    dataset,
    student: resnet8,
    teacher: from(teacher, options),
    distiller: kd(),
    schedule,
  });

Deno.test("experiment: only results of `experiment` are experiments", () => {
  assert(isExperiment(teacher));
  assert(!isExperiment({ ...teacher }));
  assert(!isExperiment(null));
});

Deno.test("experiment: `from` takes the first trial after its last epoch by default", () => {
  assertEquals(from(teacher), {
    kind: "trained",
    experiment: teacher,
    seed: 1,
    epoch: "last",
    trainedModules: {},
  });
  assertEquals(from(teacher, { seed: 3, epoch: 7 }), {
    kind: "trained",
    experiment: teacher,
    seed: 3,
    epoch: 7,
    trainedModules: {},
  });
});

Deno.test("experiment: `from` takes an average of the weights where there is one", () => {
  const refuse = () => from(teacher, { average: true });
  const message = "from: the experiment has no average of its weights: set `ema` in its schedule";
  assertEquals(assertThrows(refuse, Failure, message).exit, 2);
  const averaged = experiment(meta, {
    dataset,
    student: resnet20,
    distiller: scratch(),
    schedule: sgd({ epochs: 2, batch: 4, lr: 0.1, ema: 0.9 }),
  });
  assertEquals(from(averaged, { average: true }).average, true);
  assertEquals("average" in from(averaged, { average: false }), false);
  const taught = (average: boolean) =>
    declaration(experiment(meta, {
      dataset,
      student: resnet8,
      teacher: from(averaged, { average }),
      distiller: kd(),
      schedule,
    })) as { readonly teachers: readonly object[] };
  assertEquals(taught(true).teachers[0], { ...taught(false).teachers[0], average: true });
});

Deno.test("experiment: a declaration is pure JSON with the teachers nested in it, and no path", () => {
  const declared = declaration(student({}));
  assertEquals(JSON.parse(JSON.stringify(declared)), {
    dataset: { id: "toy", options: { flip: true } },
    student: { id: "resnet8", options: {} },
    teachers: [{ experiment: declaration(teacher), seed: 1, epoch: "last" }],
    distiller: { id: "kd", options: { temperature: 4, ce: 0.1, kd: 0.9 } },
    schedule: { id: "sgd", options: schedule.options },
  });
  assert(!canonical(declared).includes("file:"));
  assertEquals(canonical(declaration(student({}, "file:///b/moved.ts"))), canonical(declared));
});

Deno.test("experiment: another trial or epoch of the teacher, or another option, is another declaration", () => {
  const texts = [student({}), student({ seed: 2 }), student({ epoch: "best" })].map((one) =>
    canonical(declaration(one))
  );
  assertEquals(new Set(texts).size, 3);
  const warm = experiment(meta, {
    dataset,
    student: resnet8,
    teacher: from(teacher),
    distiller: kd({ temperature: 2 }),
    schedule,
  });
  assertNotEquals(canonical(declaration(warm)), texts[0]);
});

Deno.test("experiment: one teacher is not several", () => {
  assertEquals([teacher.several, teacher.teachers.length], [false, 0]);
  assertEquals([student({}).several, student({}).teachers.length], [false, 1]);
});

const init = experiment(meta, {
  dataset,
  student: resnet8,
  teacher: from(teacher),
  distiller: ftInit(),
  schedule,
});

Deno.test("experiment: `from` has the modules that a method trains for others, by name", () => {
  const trained = from(init, { seed: 2, epoch: "best" });
  const { paraphraser } = trained.trainedModules;
  assertEquals(Object.keys(trained.trainedModules), ["paraphraser"]);
  assertEquals([paraphraser.name, paraphraser.layer], [
    "paraphraser",
    init.distiller.trainedModules!.paraphraser,
  ]);
  const { experiment: of, seed, epoch } = paraphraser.trained;
  assert(of === init);
  assertEquals([seed, epoch], [2, "best"]);
  assertEquals(from(teacher).trainedModules, {});
});

Deno.test("experiment: a method needs a module that an experiment trained", () => {
  const { paraphraser } = from(init).trainedModules;
  const parts = { dataset, student: resnet8, teacher: from(teacher), schedule };
  assertEquals(experiment(meta, { ...parts, distiller: ft({ paraphraser }) }).needs, [paraphraser]);
  assertEquals(init.needs, []);
  const { name, layer } = paraphraser;
  const failure = assertThrows(
    () =>
      experiment(meta, {
        ...parts,
        distiller: ft({ paraphraser: { kind: "module", name, layer } }),
      }),
    Failure,
  );
  assertEquals(failure.exit, 2);
  assertEquals(
    failure.message,
    "ft takes a paraphraser that no experiment trained: give it from(…).trainedModules.paraphraser",
  );
  const unlisted = { ...ft({ paraphraser }), needs: [undefined as never] };
  assertThrows(
    () => experiment(meta, { ...parts, distiller: unlisted }),
    Failure,
    "ft needs a module that no method lists in its trainedModules",
  );
});

Deno.test("experiment: a first stage, if there is one, is part of the declaration", () => {
  const withModule = (seed: number) => {
    const { paraphraser } = from(init, { seed }).trainedModules;
    return experiment(meta, {
      dataset,
      student: resnet8,
      teacher: from(teacher),
      distiller: ft({ paraphraser }),
      schedule,
    });
  };
  const started = experiment(meta, {
    dataset,
    student: from(init),
    teacher: from(teacher),
    distiller: kd(),
    schedule,
  });
  assert(started.student === resnet8 && started.start?.experiment === init);
  const { student: declared, distiller } = JSON.parse(canonical(declaration(started)));
  assertEquals(declared, {
    id: "resnet8",
    options: {},
    start: { experiment: declaration(init), seed: 1, epoch: "last" },
  });
  const bodied = experiment(meta, {
    dataset,
    student: startBody(resnet8, from(init)),
    distiller: scratch(),
    schedule,
  });
  assert(bodied.student === resnet8 && bodied.start === undefined && bodied.body);
  assertEquals(JSON.parse(canonical(declaration(bodied))).student, {
    id: "resnet8",
    options: {},
    body: { experiment: declaration(init), seed: 1, epoch: "last" },
  });
  assertEquals(Object.keys(distiller).sort(), ["id", "options"]);
  const needs = JSON.parse(canonical(declaration(withModule(1)))).distiller.takes;
  assertEquals(needs, [{
    name: "paraphraser",
    experiment: declaration(init),
    seed: 1,
    epoch: "last",
  }]);
  assertNotEquals(canonical(declaration(withModule(2))), canonical(declaration(withModule(1))));
  assertNotEquals(canonical(declaration(started)), canonical(declaration(student({}))));
});
