import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { dml, type DmlOptions } from "./dml.ts";

/** Options of `dmlDagger`: those of `dml` without the reverse direction. */
export type DmlDaggerOptions = Omit<DmlOptions, "reverse" | "constant">;

/**
 * DML†, a row of SHAKE's table (Li, Jin, 2022; "DML+" on its slides), whose code is not released.
 * Our reading: DML without reversed distillation. The peer learns from scratch, from labels alone,
 * and the student also learns from it: L = ce · (CE(s, y) + CE(p, y)) + kd · T² · KL(p ‖ s), with p
 * a constant in the KL. Defaults as in `dml`.
 */
export function dmlDagger(options: DmlDaggerOptions): Distiller<Scorer> {
  return { ...dml({ ...options, reverse: 0 }), id: "dml_dagger" };
}
