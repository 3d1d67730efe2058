/** Single ops of vision transformers and of their training as the references compute them. */
import { type GoldenMisc, networkChecks } from "./golden_vit_misc/network.ts";
import { goldens } from "../support/goldens.ts";

await goldens<GoldenMisc>("vit/misc", [...networkChecks]);
