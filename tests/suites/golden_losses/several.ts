/** The common parts of the checks of methods with several teachers. */
import type { Distiller, HardLabels, SeveralTeachers } from "../../../lib/experiment/distiller.ts";
import { assembleStep, type StepParts } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, check, type Expected, LOGITS, type Loss, terms, total } from "./check.ts";

/** Lists the names of the teachers' logits. */
export const taught = ({ names }: Golden<Loss>): string[] =>
  names().filter((name) => /^in\.logit_t\d/.test(name)).sort();

/** Makes the method between networks whose logits are the golden ones. */
export function among(
  golden: Golden<Loss>,
  distiller: Distiller<Net, SeveralTeachers<Net>, HardLabels>,
): StepParts {
  const { tensor } = golden;
  const { shape } = tensor("in.logit_s");
  const network = networkOfVariables({ logits: shape });
  const [first, second, ...more] = taught(golden).map(() => network);
  return assembleStep({
    student: network,
    teacher: [first, second, ...more],
    distiller,
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map([
      [`student.${LOGITS}`, tensor("in.logit_s").data],
      ...taught(golden).map((name, i) => [`teacher${i + 1}.${LOGITS}`, tensor(name).data] as const),
    ]),
  });
}

type Net = ReturnType<typeof networkOfVariables<"logits">>;

/** Compares the loss, its gradient, and `out.div` with the sum of the teachers' terms. */
export async function checkSeveral(
  golden: Golden<Loss>,
  distiller: Distiller<Net, SeveralTeachers<Net>, HardLabels>,
): Promise<void> {
  const expected: Expected[] = [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.div"], ours: terms(...taught(golden).map((_, i) => `teacher${i + 1}`)) },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ];
  await check(golden, among(golden, distiller), golden.integers("in.target"), expected);
}
