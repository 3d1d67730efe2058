/**
 * The common parts of the checks of losses on features: a method between networks whose taps are
 * the golden features.
 */
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap } from "../../support/layout.ts";
import { after, check, type Expected, type Loss } from "./check.ts";

/** The features by the references' names, which are also the taps' names. */
export interface Features {
  /** The student's features. Default: `f_s`. */
  readonly students?: readonly string[];
  /** The teacher's features. Default: `f_t`. */
  readonly teachers?: readonly string[];
  /** Values of the method's own variables. Default: none. */
  readonly modules?: readonly (readonly [variable: string, values: Float32Array])[];
}

/**
 * Compares a method's step without classes: the expected values and the gradients of all of the
 * student's features.
 */
export async function checkFeatures(
  golden: Golden<Loss>,
  distiller: Distiller<Net<string>, Net<string>>,
  { students = ["f_s"], teachers = ["f_t"], modules = [] }: Features,
  expected: readonly Expected[],
): Promise<void> {
  const values = new Map(modules);
  const [batch] = golden.tensor(`in.${students[0]}`).shape;
  const network = (who: string, names: readonly string[]) => {
    const maps = names.map((name) => [name, ourMap(golden.tensor(`in.${name}`))] as const);
    for (const [name, { data }] of maps) values.set(`${who}.${name}.value`, data);
    return networkOfVariables({
      ...Object.fromEntries(maps.map(([name, { shape }]) => [name, shape])),
      logits: [batch, 2],
    });
  };
  const student = network("student", students);
  const teacher = network("teacher1", teachers);
  const made = assembleStep({ student, teacher, distiller, image: [1, 1, 1], classes: 2, values });
  await check(golden, made, new Int32Array(batch), [
    ...expected,
    ...students.map((name): Expected => ({
      golden: [`grad.in.${name}`],
      ours: after(`student.${name}.value`),
      layout: ourMap,
    })),
  ]);
}
