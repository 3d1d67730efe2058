/** The parts of vision transformers and of their recipe, as the references compute them. */
import { goldens } from "../support/goldens.ts";
import { adamw } from "./golden_vit_misc/adamw.ts";
import { ema } from "./golden_vit_misc/ema.ts";
import { images } from "./golden_vit_misc/images.ts";
import { mixupCutmix } from "./golden_vit_misc/mixup_cutmix.ts";
import { network } from "./golden_vit_misc/network.ts";
import { paramGroups } from "./golden_vit_misc/param_groups.ts";
import { scheduleCosine } from "./golden_vit_misc/schedule_cosine.ts";

// Each case has JSON of its own, which only its check knows.
await goldens<never>("vit/misc", [
  ...adamw,
  ...ema,
  ...images,
  ...mixupCutmix,
  ...network,
  ...paramGroups,
  ...scheduleCosine,
]);
