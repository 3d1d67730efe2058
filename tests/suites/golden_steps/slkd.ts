import { assertAlmostEquals, assertEquals } from "@std/assert";
import { slkd as method } from "../../../lib/distillers/slkd.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ T, ce, kd, process, ce_cs, kd_cs }: Steps["args"]): Method => {
  assertAlmostEquals(ce + kd, 1);
  assertEquals([process, kd_cs], [1, ce_cs]);
  return {
    distiller: method({ temperature: T, ce, selfTeacher: ce_cs, released: true }),
    terms: [
      // Both halves of the student's loss have a cross-entropy. Here they are one term.
      { of: [[1, "loss_ce"], [1, "loss_kd_cs"]], terms: ["task", "self"] },
      { of: [[1, "loss_kd"]], terms: ["teacher"] },
      {
        of: [[1, "loss_kd_tc"]],
        terms: ["self1_task", "self1_teacher", "self2_task", "self2_teacher"],
      },
    ],
    copies: { slt1: "distiller.self1.0.", slt2: "distiller.self2.0." },
  };
};

/** SLKD as released. */
export const slkd = [steps(/^slkd_/, makeMethod)];
