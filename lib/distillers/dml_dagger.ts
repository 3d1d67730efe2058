import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { dml, type DmlOptions } from "./dml.ts";

/** What `dmlDagger` can be asked for: what `dml` can, but for the way back. */
export type DmlDaggerOptions = Omit<DmlOptions, "reverse" | "constant">;

/**
 * DML†, a row of SHAKE's table (Li, Jin, 2022; "DML+" on its slides), whose code is not released;
 * our reading: DML without reversed distillation. The peer learns from labels alone, from scratch
 * beside the student, and the student from it: L = ce · (CE(s, y) + CE(p, y)) + kd · T² · KL(p ‖
 * s), p a constant in the KL. Defaults as in `dml`.
 */
export function dmlDagger(options: DmlDaggerOptions): Distiller<Scorer> {
  return { ...dml({ ...options, reverse: 0 }), id: "dml_dagger" };
}
