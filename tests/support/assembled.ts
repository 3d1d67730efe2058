/** An experiment's networks, method and optimiser, the networks untrained. */
import {
  assemble,
  type Assembly,
  type AssemblyOptions,
  type AssemblySource,
} from "../../lib/training/assemble.ts";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import type { Net } from "../../lib/nn/network.ts";
import { weights } from "../../lib/experiment/weights.ts";

/** Who learns, who teaches, by what method, from what images. */
export interface Parts extends Pick<AssemblySource, "student" | "dataset"> {
  /** What teaches: nobody, one network, or several in order. */
  readonly teacher: Teachers;
  /** The method; nobody checks that it suits the rest. */
  readonly distiller: Pick<Distiller<never, never, never, never>, keyof Distiller<Net>>;
}

/** Assembles a method with networks that nobody has trained. */
export function assembled(
  { student, teacher, distiller, dataset }: Parts,
  options: AssemblyOptions,
): Assembly {
  const several = isSeveral(teacher);
  const networks = several ? teacher : teacher ? [teacher] : [];
  // No file is opened: the values that the networks start with are among the options.
  const teachers = networks.map((network) => weights(network, { file: "untrained" }));
  return assemble({
    student,
    teachers,
    several,
    // As in an experiment, where the compiler has seen that it fits.
    distiller: distiller as unknown as Distiller<Net, Teachers>,
    dataset,
  }, options);
}

function isSeveral(teacher: Teachers): teacher is readonly Net[] {
  return Array.isArray(teacher);
}
