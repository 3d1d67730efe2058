import { pkt } from "../../lib/distillers/pkt.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("pkt", () => pkt());

const taps = { student: { pooled: [6], logits: [5] }, teacher: { pooled: [7], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks(
    "pkt",
    () => pkt({ kd: 1 }),
    taps,
    samples,
  );
}
