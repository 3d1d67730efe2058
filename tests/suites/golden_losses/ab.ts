import { abInit } from "../../../lib/distillers/ab.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { after, check, type Checks, type Expected, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

/** The variables of the connector at a student's tap by the references' names. */
export function connectorNames(tap: string): Readonly<Record<string, string>> {
  const below = `distiller.connector_${tap}.0.`;
  return {
    "conv.weight": `${below}0.weight`,
    "conv.bias": `${below}0.bias`,
    "bn.weight": `${below}1.scale`,
    "bn.bias": `${below}1.offset`,
    "bn.running_mean": `${below}1.mean`,
    "bn.running_var": `${below}1.variance`,
  };
}

async function checkAb(golden: Golden<Loss>): Promise<void> {
  const { names, has, tensor, facts } = golden;
  const taps = pairsOf(golden);
  const connectors = names().flatMap((name) => {
    const [, connector, i, theirs] = name.match(/^mod\.(connector\.connectors\.(\d+)\.)(.+)$/) ??
      [];
    if (!connector) return [];
    const ours = connectorNames(taps[Number(i)][0])[theirs];
    return ours === undefined ? [] : [{
      name,
      ours,
      changed: [`grad.mod.${connector}${theirs}`, `post.${connector}${theirs}`].find(has),
    }];
  });
  const values = connectors.map(({ name, ours }) => [ours, ourWeight(tensor(name)).data] as const);
  const expectedVariables = connectors.flatMap(({ ours, changed }): Expected[] =>
    // The norm cancels the bias before it, so its gradient is rounding.
    changed && !facts.theoretically_zero.includes(changed)
      ? [{ golden: [changed], ours: after(ours), layout: ourWeight }]
      : []
  );
  const made = betweenMaps(golden, taps, abInit({ taps }), values);
  await check(golden, made, new Int32Array(tensor("in.s0").shape[0]), [
    ...expectedOfMaps(golden, taps, "ab"),
    ...expectedVariables,
  ]);
}

/** AB's first stage, with connectors where maps differ. */
export const ab: Checks = [[/^ab(_|$)/, checkAb]];
