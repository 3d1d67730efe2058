import { abInit } from "../../../lib/distillers/ab.ts";
import { connectorNames } from "../golden_losses/ab.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { blocks, check, type Method, type Steps } from "./check.ts";

/**
 * Makes the method with the connectors whose weights the case has. A pair needs connectors if its
 * maps differ.
 */
function makeMethod({ names, facts }: Golden<Steps>): Method {
  const taps = blocks(facts);
  const modules = new Map<string, Record<string, string>>();
  for (const name of names()) {
    const [, module, layer, i, theirs] = name.match(/^init\.(\w+)\.(connectors\.(\d+)\.)(.+)$/) ??
      [];
    if (module === undefined) continue;
    const found = modules.get(module) ?? {};
    modules.set(module, {
      ...found,
      [`${layer}${theirs}`]: connectorNames(taps[Number(i)])[theirs],
    });
  }
  return { distiller: abInit(), terms: [], modules: Object.fromEntries(modules) };
}

/** AB's first stage. */
export const ab: Check<Steps>[] = [[
  /^init_ab_/,
  (golden, t) => check(golden, makeMethod(golden), t),
]];
