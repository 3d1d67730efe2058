import { assertEquals, assertMatch } from "@std/assert";
import { everything, needs, needsIpv6 } from "../support/needs.ts";
import { freeAddresses, runWorkers, startWorker } from "../support/workers.ts";

/** Starts workers that run steps until something stops them, and waits until all do. */
async function startSteps(count: number, seconds: number) {
  const addresses = freeAddresses(count);
  const workers = addresses.map((_, rank) =>
    startWorker({ task: "forever", addresses, rank, seconds })
  );
  await Promise.all(workers.map(({ started }) => started));
  return { addresses, workers };
}

await needs(
  everything,
  "openCluster: a killed worker stops the others with one line that names it",
  async () => {
    const { addresses, workers } = await startSteps(3, 60);
    workers[1].process.kill("SIGKILL");
    for (const rank of [0, 2]) {
      const { code, errors } = await workers[rank].outcome;
      assertEquals(code, 1, errors);
      assertEquals(
        errors,
        `worker 1 (${
          addresses[1]
        }) has ended: start all workers again, without --fresh, and the run goes on from its last save\n`,
      );
    }
    await workers[1].outcome;
  },
);

await needs(
  everything,
  "openCluster: a worker that falls silent stops the others within the time",
  async () => {
    const { addresses, workers } = await startSteps(2, 8);
    workers[0].process.kill("SIGSTOP");
    const { code, errors } = await workers[1].outcome;
    workers[0].process.kill("SIGKILL");
    assertEquals(code, 1, errors);
    assertEquals(
      errors,
      `worker 0 (${
        addresses[0]
      }) has said nothing for 8 s: start all workers again, without --fresh, and the run goes on from its last save\n`,
    );
    await workers[0].outcome;
  },
);

await needs(everything, "openCluster: a worker may come late", async () => {
  const addresses = freeAddresses(2);
  const first = startWorker({ task: "compute", addresses, rank: 0 });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const second = startWorker({ task: "compute", addresses, rank: 1 });
  const [one, two] = await Promise.all([first.outcome, second.outcome]);
  assertEquals([one.code, two.code], [0, 0], one.errors + two.errors);
  assertMatch(one.out, /losses/);
  assertEquals(one.out, two.out);
});

await needsIpv6(everything, "openCluster: TensorFlow's servers meet over IPv6", async () => {
  const [one, two] = await runWorkers("compute", 2, "[::1]");
  assertEquals([one.code, two.code], [0, 0], one.errors + two.errors);
  assertMatch(one.out, /losses/);
  assertEquals(one.out, two.out);
});
