import type { Distiller, Terms } from "../../../lib/experiment/distiller.ts";
import { sp as method } from "../../../lib/distillers/sp.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { type Checks, terms, total } from "./check.ts";
import { checkFeatures } from "./features.ts";

/** Makes a method over several pairs of maps, each with a term named after the student's map. */
function pairs(
  students: readonly string[],
  teachers: readonly string[],
): Distiller<Net<string>, Net<string>> {
  const methods = students.map((student, i) =>
    method({ student, teacher: teachers[i], weight: 1 })
  );
  return {
    id: "sp",
    options: methods.map(({ options }) => options),
    build(context) {
      const losses = methods.map(({ build }) => build(context));
      return (step) =>
        Object.fromEntries(losses.map((loss, i) => [students[i], (loss(step) as Terms).sp]));
    },
  };
}

const torchdistill = method({ student: "f_s", teacher: "f_t", rows: 1, weight: 1, ce: 0 });

/** SP of several maps, and torchdistill's SP. */
export const sp: Checks = [
  [/^sp$/, (golden) => {
    const students = golden.names().flatMap((name) => name.match(/^in\.(s\d+)$/)?.[1] ?? []);
    const teachers = students.map((name) => name.replace("s", "t"));
    return checkFeatures(golden, pairs(students, teachers), { students, teachers }, [
      { golden: ["out.loss"], ours: total },
      ...students.map((name) => ({
        golden: [`out.${name.replace("s", "part")}`],
        ours: terms(name),
      })),
    ]);
  }],
  [
    /^td_sp$/,
    (golden) =>
      checkFeatures(golden, torchdistill, {}, [{ golden: ["out.loss"], ours: terms("sp") }]),
  ],
];
