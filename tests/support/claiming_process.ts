/**
 * A process that claims. Reads commands from stdin, one a line, and prints one line for each:
 *
 * - `claim <folder>`: `won`, or `held`. The claim is kept.
 * - `check`: `held`, or the message of the failure.
 * - `release`: `released`, after all claims are.
 */
import { Leases } from "../../lib/files/lease.ts";
import { Claim, tryClaim } from "../../lib/run/claim.ts";
import { messageOf } from "../../lib/values/failure.ts";

/** The times of its claims, in milliseconds. */
const TIMES = { beat: 50, silence: 1000 };

const leases = new Leases(TIMES);
let claims: Claim[] = [];

function answer(command: string, folder: string): string {
  if (command === "claim") {
    const claimed = tryClaim({ path: folder }, "a seed 1", leases);
    if (!(claimed instanceof Claim)) return "held";
    claims.push(claimed);
    return "won";
  }
  if (command === "release") {
    claims.forEach((claim) => claim[Symbol.dispose]());
    claims = [];
    return "released";
  }
  try {
    claims.forEach((claim) => claim.check());
    return "held";
  } catch (error) {
    return messageOf(error);
  }
}

for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of chunk.split("\n").filter((line) => line !== "")) {
    const [command, folder = ""] = line.split(" ");
    console.log(answer(command, folder));
  }
}
