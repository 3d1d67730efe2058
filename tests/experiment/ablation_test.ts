import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  ablation,
  aver,
  camkd,
  type Dataset,
  ensemble,
  type Experiment,
  experiment,
  fitnets,
  from,
  kd,
  type Mix,
  resnet20,
  resnet8,
  scratch,
  sgd,
  slkd,
  type Vgg,
  vgg13,
  vgg8,
} from "../../mod.ts";
import { identify, loadExperiments } from "../../lib/project/identify.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project } from "../support/toy_project.ts";
import { join } from "node:path";

const dataset = { id: "toy", options: {}, holdout: 0 } as unknown as Dataset;
const mixed = { ...dataset, options: { mix: "mixup" } } as unknown as Dataset<Mix>;
const meta = { url: "file:///a/ablation.ts" };
const schedule = sgd({ epochs: 4, batch: 2, lr: 0.1 });
const trained = experiment(meta, { dataset, student: vgg13, distiller: scratch(), schedule });
const small = experiment(meta, { dataset, student: resnet20, distiller: scratch(), schedule });
const teacher = from(trained);
const other = from(small);
const base = experiment({ url: "file:///a/base.ts" }, {
  dataset,
  teacher,
  student: vgg8,
  distiller: slkd(),
  schedule,
});

Deno.test("ablation: its experiments equal the base except for the changed parts", () => {
  const copies = slkd({ copies: 1 });
  const short = sgd({ epochs: 2, batch: 2, lr: 0.1 });
  const { oneCopy, shorter, alone, same } = ablation(meta, base, {
    oneCopy: { distiller: copies },
    shorter: { schedule: short, dataset },
    alone: { teacher: undefined, distiller: scratch() },
    same: {},
  });
  assertStrictEquals(oneCopy.distiller.options, copies.options);
  const withoutUrl = ({ url: _, parts: __, ...rest }: Experiment & { parts?: unknown }) =>
    rest as Experiment;
  const rest = withoutUrl(base);
  assertEquals(withoutUrl(oneCopy), { ...rest, distiller: oneCopy.distiller });
  assertEquals(withoutUrl(shorter), { ...rest, schedule: short });
  assertEquals(withoutUrl(alone), { ...rest, teachers: [], distiller: alone.distiller });
  assertEquals(withoutUrl(same), rest);
  assertEquals([same.url, base.url], [meta.url, "file:///a/base.ts"]);
});

await needs(
  ["read", "write"],
  "ablation: its experiments are found under their names",
  () =>
    project({
      "base.ts":
        `${IMPORTS}export default experiment(import.meta, { dataset, student: resnet8, distiller: scratch(), schedule });`,
      "ablation.ts": `${IMPORTS}import base from "./base.ts";
import { ablation } from "${new URL("../../lib/experiment/ablation.ts", import.meta.url)}";
export default ablation(import.meta, base, { large: { student: resnet20 }, long: { schedule: sgd({ epochs: 9, batch: 4, lr: 0.1 }) } });`,
    }, async (folder) => {
      const found = await loadExperiments(join(folder, "ablation.ts"));
      assertEquals(found.map(({ id }) => id), ["ablation#large", "ablation#long"]);
      assertEquals(
        found.map(({ experiment }) => [experiment.student.id, experiment.schedule.epochs]),
        [["resnet20", 2], [
          "resnet8",
          9,
        ]],
      );
      const [{ experiment }] = await loadExperiments(join(folder, "ablation#long"));
      assertEquals((await identify(experiment)).name, "long");
    }),
);

Deno.test("ablation: changes that do not fit are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const hinted = experiment(meta, {
    dataset,
    teacher,
    student: vgg8,
    distiller: fitnets({ hint: "block4" }),
    schedule,
  });
  const both = experiment(meta, {
    dataset,
    teacher: ensemble(teacher, other),
    student: vgg8,
    distiller: camkd(),
    schedule,
  });

  // Correct uses.
  const { deep, less } = ablation(meta, hinted, {
    deep: { student: vgg13 },
    less: { student: resnet8, teacher: other, distiller: fitnets({ hint: "block3" }) },
    started: { student: from(base) },
    logits: { distiller: kd() },
    mixed: { dataset: mixed, distiller: kd() },
    severally: { teacher: ensemble(teacher, other), distiller: aver() },
  });
  const students: readonly [Experiment<Vgg>, Experiment<typeof resnet8>] = [deep, less];
  ablation(meta, both, {
    larger: { teacher: ensemble(teacher, teacher) },
    mixed: { dataset: mixed, distiller: aver() },
  });
  void students;

  // @ts-expect-error: the student has no tap of this name.
  ablation(meta, hinted, { other: { distiller: fitnets({ guided: "blok3" }) } });
  // @ts-expect-error: the method may need a tap that this teacher lacks.
  ablation(meta, hinted, { other: { teacher: other } });
  // @ts-expect-error: the newly named method needs that tap.
  ablation(meta, hinted, { other: { teacher: other, distiller: fitnets({ hint: "block4" }) } });
  // @ts-expect-error: the method needs the removed teacher.
  ablation(meta, hinted, { other: { teacher: undefined } });
  // @ts-expect-error: kd needs a teacher.
  ablation(meta, hinted, { other: { teacher: undefined, distiller: kd() } });
  // @ts-expect-error: one teacher for a method of several.
  ablation(meta, both, { other: { teacher } });
  // @ts-expect-error: the method may need each image's own class.
  ablation(meta, both, { other: { dataset: mixed } });
  // @ts-expect-error: camkd needs each image's own class.
  ablation(meta, both, { other: { dataset: mixed, distiller: camkd() } });
  // @ts-expect-error: a misspelt part.
  ablation(meta, hinted, { other: { distiler: kd(), schedule } });
  // @ts-expect-error: a misspelt option.
  ablation(meta, hinted, { other: { distiller: kd({ temprature: 2 }) } });
  // @ts-expect-error: an untrained teacher.
  ablation(meta, hinted, { other: { teacher: vgg13 } });
  // @ts-expect-error: a number of epochs is no schedule.
  ablation(meta, hinted, { other: { schedule: 20 } });
}
