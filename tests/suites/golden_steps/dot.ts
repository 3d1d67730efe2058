import { kd } from "../../../lib/distillers/kd.ts";
import type { Check } from "../../support/goldens.ts";
import { check, type Method, type Steps } from "./check.ts";

/** The arguments of mdistiller's KD. */
interface Args {
  readonly cfg: Readonly<Record<"TEMPERATURE" | "LOSS", string>>;
}

/** Makes KD with the distillation-oriented trainer. */
function makeMethod({ args, notes }: Steps): Method {
  const { cfg: { TEMPERATURE, LOSS } } = args as unknown as Args;
  const [ce, weight] = ["CE", "KD"].map((name) => Number(LOSS.match(`${name}_WEIGHT: (\\S+)`)![1]));
  return {
    distiller: kd({ temperature: Number(TEMPERATURE), ce, kd: weight }),
    dot: Number(notes.match(/mu_kd = [\d.]+\+([\d.]+)/)![1]),
    terms: [{ of: [[1, "loss_ce"]], terms: ["task"] }, { of: [[1, "loss_kd"]], terms: ["kd"] }],
  };
}

/** DOT. */
export const dot: Check<Steps>[] = [[
  /^md_dot_/,
  (golden, t) => check(golden, makeMethod(golden.facts), t),
]];
