import { ofd as method } from "../../../lib/distillers/ofd.ts";
import { connectorNames } from "../golden_losses/ofd.ts";
import { blocks, type Method, type Steps, steps } from "./check.ts";

interface Args {
  readonly cfg: { readonly LOSS: string };
}

const makeMethod = ({ cfg }: Args, facts: Steps): Method => {
  const taps = blocks(facts, "last");
  const [, ce, weight] = cfg.LOSS.match(/^CE_WEIGHT: (\S+)\s+FEAT_WEIGHT: (\S+)/)!.map(Number);
  const connectors = taps.flatMap((tap, i) =>
    Object.entries(connectorNames(tap)).map(([theirs, ours]) =>
      [`connectors.${i}.${theirs}`, ours] as const
    )
  );
  return {
    distiller: method({ ce, weight, released: true }),
    terms: [
      { of: [[1, "loss_ce"]], terms: ["task"] },
      { of: [[1, "loss_kd"]], terms: taps.map((tap) => `ofd_${tap}`) },
    ],
    copies: { teacher: "distiller.teacher.0." },
    modules: { connectors: Object.fromEntries(connectors) },
  };
};

/** OFD as in mdistiller, whose teacher is in training mode. */
export const ofd = [steps(/^md_ofd_/, makeMethod)];
