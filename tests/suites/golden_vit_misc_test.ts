/** The parts of the recipe of vision transformers, as the references compute them. */
import { goldens } from "../support/goldens.ts";
import { mixupCutmix } from "./golden_vit_misc/mixup_cutmix.ts";

await goldens("vit/misc", [...mixupCutmix]);
