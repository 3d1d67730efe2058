import type { Stream } from "../../lib/values/random.ts";
import { campaign, type Limits, type Outcome } from "./campaign.ts";
import type { Subject } from "./subject.ts";

/** Kills a run at random moments, one to three times, and lets it finish. */
export function randomKills(subject: Subject, random: Stream, limits: Limits): Promise<Outcome> {
  return campaign("`kill -9` at a random moment, up to three times", limits, async () => {
    await subject.reset();
    const moments = Array.from(
      { length: 1 + random.below(3) },
      () => random.below(Math.ceil(1.1 * subject.duration)),
    );
    for (const moment of moments) await subject.kill(moment);
    const fault = await subject.finish();
    return fault && `killed after ${moments.join(", ")} ms: ${fault}`;
  });
}
