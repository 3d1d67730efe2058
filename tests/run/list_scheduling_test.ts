import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { longestChain, makespan, type PlannedJob } from "../../lib/run/list_scheduling.ts";

const job = (seconds: number, ...after: number[]): PlannedJob => ({ seconds, after });

Deno.test("makespan: the longest ready job goes first, each after its foundations", () => {
  // Two machines: 0 and 4 h until the students of 0 begin; 1 takes 5.
  const jobs = [job(4), job(5), job(3, 0), job(2, 0), job(1, 2)];
  assertEquals(makespan(jobs, 1), 15);
  // 1: 0–5, then 3: 5–7. 0: 0–4, 2: 4–7, 4: 7–8.
  assertEquals(makespan(jobs, 2), 8);
  assertEquals(makespan(jobs, 9), 8);
  assertEquals(longestChain(jobs), { seconds: 8, jobs: [0, 2, 4] });
});

Deno.test("makespan: a machine waits where nothing is ready, and idles at the end", () => {
  assertEquals(makespan([job(3), job(1, 0), job(1, 0), job(1, 0)], 2), 5);
  assertEquals(makespan([job(3), job(3), job(2), job(2), job(2)], 2), 7);
});

Deno.test("makespan: nothing, and jobs that take no time", () => {
  assertEquals(makespan([], 3), 0);
  assertEquals(longestChain([]), { seconds: 0, jobs: [] });
  assertEquals(makespan([job(0), job(0, 0), job(2, 1)], 1), 2);
});

/** Jobs, each of which may build on any before it. */
const anyJobs = fc.array(
  fc.record({ seconds: fc.nat(50), before: fc.array(fc.nat(20), { maxLength: 3 }) }),
  { maxLength: 15 },
).map((all) =>
  all.map(({ seconds, before }, i): PlannedJob => ({
    seconds,
    after: i === 0 ? [] : [...new Set(before.map((one) => one % i))],
  }))
);

Deno.test("property: never faster than its bounds, never slower than one machine", () => {
  fc.assert(
    fc.property(anyJobs, fc.integer({ min: 1, max: 6 }), (jobs, machines) => {
      const sum = jobs.reduce((all, { seconds }) => all + seconds, 0);
      const { seconds: chain } = longestChain(jobs);
      const time = makespan(jobs, machines);
      assertAlmostEquals(makespan(jobs, 1), sum);
      assert(time >= Math.max(chain, sum / machines) - 1e-9);
      assert(time <= sum + 1e-9);
      // Graham's bound of every list schedule.
      assert(time <= sum / machines + chain * (1 - 1 / machines) + 1e-9);
      assertAlmostEquals(makespan(jobs, jobs.length + 1), chain);
    }),
  );
});

Deno.test("property: the longest chain is one of jobs that build on each other", () => {
  fc.assert(
    fc.property(anyJobs, (jobs) => {
      const { seconds, jobs: chain } = longestChain(jobs);
      assertEquals(chain.reduce((sum, i) => sum + jobs[i].seconds, 0), seconds);
      for (const [i, one] of chain.entries()) {
        if (i > 0) assert(jobs[one].after.includes(chain[i - 1]));
      }
    }),
  );
});
