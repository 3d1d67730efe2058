import { assertEquals } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { aver } from "../../lib/distillers/aver.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { ensemble, type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { cohorts } from "../../lib/run/cohorts.ts";
import type { QueuedTrial } from "../../lib/run/queue.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import { status } from "../../lib/terminal/status.ts";
import { large, small } from "../support/toy.ts";

const dataset = synthetic();
const schedule = sgd({ epochs: 3, batch: 16, lr: 0.1 });
const plain = { dataset, schedule, student: small };
const alone = () => experiment(import.meta, { ...plain, distiller: scratch() });
const teacherOf = () => experiment(import.meta, { ...plain, student: large, distiller: scratch() });

/** A queued trial that nothing has trained. */
const queued = (experiment: Experiment, seed = 1, epochs?: number): QueuedTrial => ({
  experiment,
  seed,
  identity: { id: "toy", module: "toy.ts" },
  root: "",
  declaration: "",
  quick: undefined,
  folder: new RunFolder("", "toy", seed, undefined),
  state: "missing",
  keep: [],
  need: undefined,
  settings: {
    data: "",
    fresh: false,
    status: status({ quiet: true }),
    interrupted: () => false,
    epochs,
  },
});

/** The cohorts of a queue, as positions in it. */
const positions = (queue: readonly QueuedTrial[], most?: number): number[][] =>
  cohorts(queue, most).map((cohort) => cohort.map((trial) => queue.indexOf(trial)));

Deno.test("cohorts: students of one teacher train together, after it, those without a teacher too", () => {
  const teacher = teacherOf();
  const taught = () =>
    experiment(import.meta, { ...plain, teacher: from(teacher), distiller: kd() });
  const queue = [queued(alone()), queued(teacher), queued(taught()), queued(taught())];
  assertEquals(positions(queue), [[1], [0, 2, 3]]);
  assertEquals(positions(queue, 2), [[1], [0, 2], [3]]);
  assertEquals(positions(queue, 1), [[1], [0], [2], [3]]);
});

Deno.test("cohorts: trials whose batches have other parts do not train together", () => {
  const teacher = teacherOf();
  const taught = (accumulate: number) =>
    experiment(import.meta, {
      ...plain,
      schedule: sgd({ epochs: 3, batch: 16, lr: 0.1, accumulate }),
      teacher: from(teacher),
      distiller: kd(),
    });
  assertEquals(positions([1, 2, 1, 2].map((parts) => queued(taught(parts)))), [[0, 2], [1, 3]]);
});

Deno.test("cohorts: trials without teachers have nothing to share", () => {
  assertEquals(positions([queued(alone()), queued(alone())]), [[0], [1]]);
});

Deno.test("cohorts: an ensemble links the students of its teachers", () => {
  const [one, other] = [teacherOf(), teacherOf()];
  const of = (teacher: Experiment) =>
    queued(experiment(import.meta, { ...plain, teacher: from(teacher), distiller: kd() }));
  const both = queued(
    experiment(import.meta, {
      ...plain,
      teacher: ensemble(from(one), from(other)),
      distiller: aver(),
    }),
  );
  assertEquals(positions([of(one), of(other)]), [[0], [1]]);
  assertEquals(positions([of(one), of(other), both]), [[0, 2, 1]]);
});

Deno.test("cohorts: seed, data, batch, epochs and the teacher's epoch keep trials apart", () => {
  const teacher = from(teacherOf());
  const taught = (other: Partial<typeof plain> = {}) =>
    experiment(import.meta, { ...plain, teacher, distiller: kd(), ...other });
  const best = experiment(import.meta, {
    ...plain,
    teacher: from(teacher.experiment, { epoch: "best" }),
    distiller: kd(),
  });
  const first = queued(taught());
  const others = [
    queued(taught(), 2),
    queued(taught({ dataset: synthetic({ crop: 1 }) })),
    queued(taught({ dataset: { ...dataset, augmentation: { crop: 4, flip: true } } })),
    queued(taught({ schedule: sgd({ epochs: 3, batch: 8, lr: 0.1 }) })),
    queued(taught({ schedule: sgd({ epochs: 4, batch: 16, lr: 0.1 }) })),
    queued(best),
    queued(taught({ dataset: { ...dataset, holdout: 16 } })),
  ];
  for (const other of others) assertEquals(positions([first, other]), [[0], [1]]);
  const slower = queued(taught({ schedule: sgd({ epochs: 3, batch: 16, lr: 0.01 }) }));
  assertEquals(positions([first, slower]), [[0, 1]], "rates may differ");
  const quick = [first, others[4]].map(({ experiment }) => queued(experiment, 1, 2));
  assertEquals(positions(quick), [[0, 1]], "the epochs of the run count");
});

Deno.test("cohorts: weights from elsewhere are one teacher if they are one declaration", () => {
  const file = weights(large, { file: "large.safetensors" });
  const of = (teacher: typeof file) =>
    queued(experiment(import.meta, { ...plain, teacher, distiller: kd() }));
  assertEquals(positions([of(file), of(file)]), [[0, 1]]);
  assertEquals(positions([of(file), of(weights(large, { file: "other.safetensors" }))]), [[0], [
    1,
  ]]);
});

Deno.test("cohorts: a trial never trains with one that it builds on, at any distance", () => {
  const teacher = teacherOf();
  const assistant = experiment(import.meta, { ...plain, teacher: from(teacher), distiller: kd() });
  const student = experiment(import.meta, {
    ...plain,
    teacher: from(assistant),
    distiller: kd(),
  });
  const rival = experiment(import.meta, { ...plain, teacher: from(teacher), distiller: kd() });
  const queue = [teacher, assistant, student, rival].map((one) => queued(one));
  assertEquals(positions(queue), [[0], [1, 3], [2]]);
});

Deno.test("cohorts: trials that end after other iterations do not train together", () => {
  const teacher = teacherOf();
  const taught = (iterations?: number) =>
    experiment(import.meta, {
      ...plain,
      schedule: sgd({ epochs: 3, iterations, batch: 16, lr: 0.1 }),
      teacher: from(teacher),
      distiller: kd(),
    });
  const lengths = [10, undefined, 11, 10].map(taught);
  assertEquals(positions(lengths.map((one) => queued(one))), [[0, 3], [1], [2]]);
  assertEquals(positions(lengths.map((one) => queued(one, 1, 2))), [[0, 1, 2, 3]], "quick ones do");
});
