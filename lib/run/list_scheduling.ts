/**
 * How long jobs take that build on each other, on one machine or several.
 *
 * @module
 */

/** A job. */
export interface PlannedJob {
  /** How long it takes on one machine. */
  readonly seconds: number;
  /** The positions of the jobs that it builds on. They come before it in the list. */
  readonly after: readonly number[];
}

/**
 * The seconds until the last of these jobs ends on so many machines. A free machine takes, of the
 * jobs whose foundations are done, the longest one.
 */
export function makespan(jobs: readonly PlannedJob[], machines: number): number {
  const waiting = new Set(jobs.keys());
  const ends = new Map<number, number>();
  const busyUntil = Array.from({ length: machines }, () => 0);
  let now = 0;
  const isReady = (i: number) => jobs[i].after.every((one) => (ends.get(one) ?? Infinity) <= now);
  while (waiting.size > 0) {
    const [longest] = [...waiting].filter(isReady)
      .toSorted((a, b) => jobs[b].seconds - jobs[a].seconds);
    const machine = busyUntil.findIndex((end) => end <= now);
    if (longest === undefined || machine < 0) {
      now = Math.min(...busyUntil.filter((end) => end > now));
      continue;
    }
    waiting.delete(longest);
    busyUntil[machine] = now + jobs[longest].seconds;
    ends.set(longest, busyUntil[machine]);
  }
  return Math.max(0, ...ends.values());
}

/** A chain of jobs, each of which builds on the one before. */
export interface JobChain {
  readonly seconds: number;
  /** The positions of its jobs, in order. */
  readonly jobs: readonly number[];
}

/** The longest chain of jobs: no number of machines is faster. Empty if there are no jobs. */
export function longestChain(jobs: readonly PlannedJob[]): JobChain {
  const chains: JobChain[] = [];
  const longest = (among: readonly JobChain[]) =>
    among.reduce((a, b) => b.seconds > a.seconds ? b : a, { seconds: 0, jobs: [] });
  for (const [i, { seconds, after }] of jobs.entries()) {
    const before = longest(after.map((one) => chains[one]));
    chains.push({ seconds: before.seconds + seconds, jobs: [...before.jobs, i] });
  }
  return longest(chains);
}
