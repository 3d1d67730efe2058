/** The networks, method and optimiser of an experiment without trained weights. */
import {
  assemble,
  type Assembly,
  type AssemblyOptions,
  type AssemblySource,
} from "../../lib/training/assemble.ts";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import type { Net } from "../../lib/nn/network.ts";
import { weights } from "../../lib/experiment/weights.ts";

/** A student, its teachers, a method and a data set. */
export interface Parts extends Pick<AssemblySource, "student" | "dataset"> {
  /** No network, one network, or several in order. */
  readonly teacher: Teachers;
  /** The method. Nothing checks that it fits the networks. */
  readonly distiller: Pick<Distiller<never, never, never, never>, keyof Distiller<Net>>;
}

/** Assembles a method with untrained networks. */
export function assembleUntrained(
  { student, teacher, distiller, dataset }: Parts,
  options: AssemblyOptions,
): Assembly {
  const several = isSeveral(teacher);
  const networks = several ? teacher : teacher ? [teacher] : [];
  // Nothing opens this file: the options hold the initial values.
  const teachers = networks.map((network) => weights(network, { file: "untrained" }));
  return assemble({
    student,
    teachers,
    several,
    // In an experiment the compiler has checked that the method fits.
    distiller: distiller as unknown as Distiller<Net, Teachers>,
    dataset,
  }, options);
}

function isSeveral(teacher: Teachers): teacher is readonly Net[] {
  return Array.isArray(teacher);
}
