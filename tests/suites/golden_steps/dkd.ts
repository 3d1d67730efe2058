import { dkd as method } from "../../../lib/distillers/dkd.ts";
import { type Method, steps } from "./check.ts";

/** The arguments of mdistiller's DKD. */
interface Args {
  readonly epoch: number;
  readonly cfg: Readonly<Record<"CE_WEIGHT" | "ALPHA" | "BETA" | "T" | "WARMUP", string>>;
}

const makeMethod = ({ epoch, cfg: { CE_WEIGHT, ALPHA, BETA, T, WARMUP } }: Args): Method => ({
  distiller: method({
    ce: Number(CE_WEIGHT),
    alpha: Number(ALPHA),
    beta: Number(BETA),
    temperature: Number(T),
    warmUp: Number(WARMUP),
  }),
  epoch,
  terms: [{ of: [[1, "loss_ce"]], terms: ["task"] }, {
    of: [[1, "loss_kd"]],
    terms: ["tckd", "nckd"],
  }],
});

/** DKD, half-way through its warm-up. */
export const dkd = [steps(/^md_dkd_/, makeMethod)];
