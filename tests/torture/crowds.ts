import type { Stream } from "../../lib/values/random.ts";
import { ended } from "../support/toy_runs.ts";
import { campaign, type Limits, type Outcome } from "./campaign.ts";
import { lastLine, type Subject } from "./subject.ts";

/**
 * Starts `count` processes on one trial. Each waits for the one that trains, or is told that it is
 * trained elsewhere (exit 2). One of them is killed. Then the trial is finished.
 */
export function crowds(
  subject: Subject,
  count: number,
  random: Stream,
  limits: Limits,
): Promise<Outcome> {
  return campaign(`${count} processes on one trial, one killed`, limits, async () => {
    await subject.reset();
    const victim = subject.kill(random.below(Math.ceil(2 * subject.duration)));
    const others = Array.from({ length: count - 1 }, () => ended(subject.start()));
    await victim;
    for (const { code, err } of await Promise.all(others)) {
      if (code !== 0 && code !== 2) return `exit ${code}: ${lastLine(err)}`;
    }
    return await subject.finish();
  });
}
