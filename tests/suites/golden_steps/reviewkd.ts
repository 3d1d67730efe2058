import { reviewkd as method } from "../../../lib/distillers/reviewkd.ts";
import { fusionNames } from "../golden_losses/reviewkd.ts";
import { blocks, type Method, type Steps, steps } from "./check.ts";

interface Args {
  readonly epoch: number;
  readonly cfg: {
    readonly CE_WEIGHT: string;
    readonly REVIEWKD_WEIGHT: string;
    readonly WARMUP_EPOCHS: string;
  };
}

const makeMethod = ({ epoch, cfg }: Args, facts: Steps): Method => {
  const taps = [...blocks(facts), "pooled"];
  return {
    distiller: method({
      ce: Number(cfg.CE_WEIGHT),
      weight: Number(cfg.REVIEWKD_WEIGHT),
      warmup: Number(cfg.WARMUP_EPOCHS),
    }),
    epoch,
    terms: [
      { of: [[1, "loss_ce"]], terms: ["task"] },
      { of: [[1, "loss_kd"]], terms: taps.map((tap) => `reviewkd_${tap}`) },
    ],
    modules: { abfs: fusionNames(taps) },
  };
};

/** ReviewKD. */
export const reviewkd = [steps(/^md_reviewkd_/, makeMethod)];
