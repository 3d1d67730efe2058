/** The parts of object detection, as the references compute them. */
import { networkChecks } from "../support/detection_networks.ts";
import { goldens } from "../support/goldens.ts";

// Each case has JSON of its own, which only its check knows.
await goldens<never>("detection", [...networkChecks]);
