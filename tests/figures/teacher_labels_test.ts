import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Experiment, from } from "../../lib/experiment/experiment.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { teacherLabels } from "../../lib/figures/teacher_labels.ts";
import { resnet20 } from "../../lib/networks/resnet.ts";
import { identify, loadExperiments } from "../../lib/project/identify.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project } from "../support/toy_project.ts";

const FILES = {
  "pair.ts": `${IMPORTS}
    const alone = { dataset, distiller: scratch(), schedule };
    export const teacher = experiment(import.meta, { ...alone, student: resnet20 });
    export const tiny = experiment(import.meta, { ...alone, student: resnet8 });
    export const student = experiment(import.meta, { ...alone, student: resnet8, distiller: kd(), teacher: from(teacher) });`,
  "other.ts": `${IMPORTS}
    export default experiment(import.meta, { dataset, distiller: scratch(), schedule, student: resnet20 });`,
};

await needs(
  ["read", "write"],
  "teacherLabels: the network, and what tells two teachers of one network apart",
  () =>
    project(FILES, async (folder) => {
      const load = async (spec: string) =>
        (await loadExperiments(join(folder, spec)))[0].experiment;
      const [teacher, tiny, student, other] = await Promise.all(
        ["pair.ts#teacher", "pair.ts#tiny", "pair.ts#student", "other.ts"].map(load),
      );
      const identity = await identify(student);
      const labels = (...teachers: Experiment["teachers"]) =>
        teacherLabels(
          teachers.map((one) => ({
            ...{ experiment: { ...student, teachers: [one] }, identity, method: "kd" },
          })),
        );
      assertEquals(await labels(from(teacher), from(teacher), from(tiny)), [
        "resnet20",
        "resnet20",
        "resnet8",
      ]);
      assertEquals(await labels(from(teacher), from(other), from(tiny)), [
        "resnet20 (teacher)",
        "resnet20 (other)",
        "resnet8",
      ]);
      assertEquals(await labels(from(teacher), from(teacher, { seed: 2, epoch: 3 })), [
        "resnet20 (pair#teacher seed 1, last)",
        "resnet20 (pair#teacher seed 2, epoch 3)",
      ]);
      const [a, b, c] = ["a/best.pth", "b/best.pth", "c.pth"].map((file) =>
        weights(resnet20, { file })
      );
      assertEquals(await labels(a, b, c), [
        "resnet20 (a/best.pth)",
        "resnet20 (b/best.pth)",
        "resnet20 (c.pth)",
      ]);
      const [own, average] = ["state_dict", "state_dict_ema"].map((key) =>
        weights(resnet20, { file: "c.pth", key })
      );
      assertEquals(await labels(own, average), [
        "resnet20 (c.pth key state_dict)",
        "resnet20 (c.pth key state_dict_ema)",
      ]);
    }),
);
