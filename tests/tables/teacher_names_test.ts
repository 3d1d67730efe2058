import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type Experiment, from } from "../../lib/experiment/experiment.ts";
import { Failure } from "../../lib/values/failure.ts";
import { loadExperiments } from "../../lib/project/identify.ts";
import { resnet20 } from "../../lib/networks/resnet.ts";
import type { Experiments } from "../../lib/experiment/tables.ts";
import { teacherNames } from "../../lib/tables/teacher_names.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project } from "../support/toy_project.ts";

const FILES = {
  "experiments/a.ts": `${IMPORTS}
    const alone = { dataset, distiller: scratch(), schedule };
    export const teacher = experiment(import.meta, { ...alone, student: resnet20 });
    export const assistant = experiment(import.meta, { ...alone, student: resnet20 });
    export const same = experiment(import.meta, { ...alone, student: resnet20 });
    export const small = experiment(import.meta, { ...alone, student: resnet8 });
    export const learner = experiment(import.meta, { ...alone, student: resnet8, distiller: kd(), teacher: from(teacher) });
    const hidden = experiment(import.meta, { ...alone, student: resnet20 });
    export const secret = experiment(import.meta, { ...alone, student: resnet8, distiller: kd(), teacher: from(hidden) });`,
  "experiments/b.ts": `${IMPORTS}
    export const same = experiment(import.meta, { dataset, distiller: scratch(), schedule, student: resnet20 });`,
  "experiments/c.ts": `${IMPORTS}
    export default experiment(import.meta, { dataset, distiller: scratch(), schedule, student: resnet20 });`,
};

/** The names of a table's teachers, in the order of its rows. */
const namesOf = async (
  rows: Experiments,
): Promise<string[]> => [...(await teacherNames(rows)).values()];

/** Calls `use` with a function that loads an experiment of the toy project. */
const experiments = (
  use: (of: (spec: string) => Promise<Experiment>) => Promise<void>,
): Promise<void> =>
  project(
    FILES,
    (folder) =>
      use(async (spec) => (await loadExperiments(join(folder, "experiments", spec)))[0].experiment),
  );

await needs(
  ["read", "write"],
  "teacher names: only the network, and a seed or epoch that is not the default",
  () =>
    experiments(async (of) => {
      const [teacher, small, learner] = await Promise.all(
        ["a.ts#teacher", "a.ts#small", "a.ts#learner"].map(of),
      );
      const teachers = [
        from(teacher),
        from(teacher, { seed: 2 }),
        from(teacher, { epoch: 3 }),
        from(teacher, { seed: 3, epoch: "best" }),
        { ...from(teacher), average: true as const },
        from(small),
      ];
      assertEquals(await namesOf({ teacher, learner: { ...learner, teachers } }), [
        ...[
          "resnet20",
          "resnet20 (seed 2)",
          "resnet20 (epoch 3)",
          "resnet20 (seed 3, best epoch)",
          "resnet20 (average)",
          "resnet8",
        ],
      ]);
    }),
);

await needs(
  ["read", "write"],
  "teacher names: several sources of one network have different names",
  () =>
    experiments(async (of) => {
      const [teacher, assistant, same, other, standard, learner] = await Promise.all(
        ["a.ts#teacher", "a.ts#assistant", "a.ts#same", "b.ts#same", "c.ts", "a.ts#learner"].map(
          of,
        ),
      );
      const loaded = weights(resnet20, { file: new URL("file:///somewhere/else.pth") });
      const teachers = [
        from(teacher),
        from(assistant, { seed: 2 }),
        from(same),
        from(other),
        from(standard),
        loaded,
      ];
      const names = ["resnet20 (first)", "resnet20 (assistant, seed 2)"];
      assertEquals(await namesOf({ first: teacher, learner: { ...learner, teachers } }), [
        ...names,
        ...["experiments/a#same", "experiments/b#same", "experiments/c", "else.pth"].map((name) =>
          `resnet20 (${name})`
        ),
      ]);
      // The row of that name is a different experiment.
      const two = [from(teacher), from(assistant)];
      assertEquals(await namesOf({ teacher, assistant: { ...learner, teachers: two } }), [
        "resnet20 (teacher)",
        "resnet20 (experiments/a#assistant)",
      ]);
      const files = ["one/last.pth", "two/last.pth", "other.pth"].map((file) =>
        weights(resnet20, { file })
      );
      assertEquals(await namesOf({ learner: { ...learner, teachers: files } }), [
        "resnet20 (one/last.pth)",
        "resnet20 (two/last.pth)",
        "resnet20 (other.pth)",
      ]);
      const twice = weights(resnet20, { file: "a.pth" });
      assertEquals(await namesOf({ learner: { ...learner, teachers: [twice, { ...twice }] } }), [
        "resnet20",
        "resnet20",
      ]);
    }),
);

await needs(
  ["read", "write"],
  "teacher names: a source that needs a name and has none is a failure",
  () =>
    experiments(async (of) => {
      const [learner, secret] = await Promise.all(["a.ts#learner", "a.ts#secret"].map(of));
      await teacherNames({ secret });
      const failure = await assertRejects(
        () => teacherNames({ learner, secret }),
        Failure,
        "does not export",
      );
      assertEquals(failure.exit, 2);
    }),
);
