import { reviewkd as method } from "../../../lib/distillers/reviewkd.ts";
import { fusionNames } from "../golden_losses/reviewkd.ts";
import { type Method, steps } from "./check.ts";

/** The taps of the CIFAR ResNets that are compared. */
const TAPS = ["block1", "block2", "block3", "pooled"];

interface Args {
  readonly epoch: number;
  readonly cfg: { readonly CE_WEIGHT: string; readonly REVIEWKD_WEIGHT: string; readonly WARMUP_EPOCHS: string };
}

const reviewed = ({ epoch, cfg }: Args): Method => ({
  distiller: method({
    ce: Number(cfg.CE_WEIGHT),
    weight: Number(cfg.REVIEWKD_WEIGHT),
    warmup: Number(cfg.WARMUP_EPOCHS),
  }),
  epoch,
  terms: [
    { of: [[1, "loss_ce"]], terms: ["task"] },
    { of: [[1, "loss_kd"]], terms: TAPS.map((tap) => `reviewkd_${tap}`) },
  ],
  modules: { abfs: fusionNames(TAPS) },
});

/** ReviewKD. */
export const reviewkd = [steps(/^md_reviewkd_/, reviewed)];
