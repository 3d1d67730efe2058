import { abInit } from "../../../lib/distillers/ab.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { after, check, type Checks, type Expected, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

/** What the references' connectors have, and what it is called in ours. */
const NAMES: Readonly<Record<string, string>> = {
  "conv.weight": "0.weight",
  "conv.bias": "0.bias",
  "bn.weight": "1.scale",
  "bn.bias": "1.offset",
  "bn.running_mean": "1.mean",
  "bn.running_var": "1.variance",
};

async function checkAb(golden: Golden<Loss>): Promise<void> {
  const { names, has, tensor, facts } = golden, taps = pairsOf(golden);
  const connectors = names().flatMap((name) => {
    const [, connector, i, theirs] = name.match(/^mod\.(connector\.connectors\.(\d+)\.)(.+)$/) ?? [];
    if (!connector || !NAMES[theirs]) return [];
    const ours = `distiller.connector_${taps[Number(i)][0]}.0.${NAMES[theirs]}`;
    return [{ name, ours, changed: [`grad.mod.${connector}${theirs}`, `post.${connector}${theirs}`].find(has) }];
  });
  const values = connectors.map(({ name, ours }) => [ours, ourWeight(tensor(name)).data] as const);
  const learned = connectors.flatMap(({ ours, changed }): Expected[] =>
    // The norm takes the bias before it away again: its gradient is rounding.
    changed && !facts.theoretically_zero.includes(changed)
      ? [{ golden: [changed], ours: after(ours), layout: ourWeight }]
      : []
  );
  const made = betweenMaps(golden, taps, abInit({ taps }), values);
  await check(golden, made, new Int32Array(tensor("in.s0").shape[0]), [
    ...expectedOfMaps(golden, taps, "ab"),
    ...learned,
  ]);
}

/** AB's first stage, with connectors where maps differ. */
export const ab: Checks = [[/^ab(_|$)/, checkAb]];
