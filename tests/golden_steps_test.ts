/** A few steps of SGD by every method, with the references' networks, weights and batches. */
import type { Steps } from "./golden_steps/check.ts";
import { fitnets } from "./golden_steps/fitnets.ts";
import { kd } from "./golden_steps/kd.ts";
import { scratch } from "./golden_steps/scratch.ts";
import { slkd } from "./golden_steps/slkd.ts";
import { goldens } from "./goldens.ts";

await goldens<Steps>("steps", [
  ...fitnets,
  ...kd,
  ...scratch,
  ...slkd,
], /^(at|cc|crd|ft|init|md|nst|pkt|rkd|sakd|shake|sp|vid)_|[_-](wrn_|MobileNet|Shuffle|ResNet\d)/);
