import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { trainTogether } from "../../lib/run/train_together.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { small } from "../support/toy.ts";
import { freeAddresses } from "../support/workers.ts";

const settings: Settings = {
  data: "",
  fresh: false,
  status: status({ quiet: true }),
  interrupted: () => false,
};

const trial = (lr = 0.1) => ({
  experiment: experiment(import.meta, {
    dataset: synthetic(),
    schedule: sgd({ epochs: 1, batch: 4, lr }),
    student: small,
    distiller: scratch(),
  }),
  seed: 1,
});

/** How each of two workers fails that start with these flags and trials. */
async function failuresOf(workers: readonly { lr?: number; settings?: Partial<Settings> }[]) {
  const addresses = freeAddresses(workers.length);
  return await Promise.all(workers.map(async ({ lr, settings: own }, rank) => {
    const run = () => Promise.reject(new Error("it trains"));
    const flags = { cluster: addresses.join(), rank };
    const { exit, message } = await assertRejects(
      () => trainTogether(flags, undefined, [trial(lr)], { ...settings, ...own }, run),
      Failure,
    );
    assertEquals(exit, 2, message);
    return message.replaceAll(/127\.0\.0\.1:\d+/g, "host");
  }));
}

Deno.test("trainTogether: a process without a cluster trains alone", async () => {
  const run = (given: Settings) => Promise.resolve(given);
  assertEquals(await trainTogether({}, undefined, [trial()], settings, run), settings);
  const one = JSON.stringify({
    cluster: { worker: ["localhost:1"] },
    task: { type: "worker", index: 0 },
  });
  assertEquals(await trainTogether({}, one, [trial()], settings, run), settings);
});

Deno.test("trainTogether: a shared queue and a shared batch exclude each other", async () => {
  const run = () => Promise.reject(new Error("it trains"));
  const flags = { cluster: "a:1,b:1", rank: 0 };
  const tfConfig = JSON.stringify({
    cluster: { worker: ["a:1", "b:1"] },
    task: { type: "worker", index: 0 },
  });
  const why = "exclude each other, since workers share each batch";
  for (
    const [own, variable, message] of [
      [flags, undefined, `--pending and --cluster ${why}: leave out one of them`],
      [flags, tfConfig, `--pending and --cluster ${why}: leave out one of them`],
      [{}, tfConfig, `--pending and TF_CONFIG ${why}: unset TF_CONFIG, or leave out --pending`],
    ] as const
  ) {
    const failure = await assertRejects(
      () => trainTogether(own, variable, [trial()], { ...settings, pending: true }, run),
      Failure,
    );
    assertEquals([failure.exit, failure.message], [2, message]);
  }
});

await needs(["net", "read"], "trainTogether: another declaration is refused", async () => {
  for (const message of await failuresOf([{ lr: 0.1 }, { lr: 0.2 }])) {
    assertMatch(
      message,
      /^worker \d \(host\) has another declaration: \w{12}, but this one's is \w{12}$/,
    );
  }
});

await needs(["net", "read"], "trainTogether: other flags are refused", async () => {
  const failures = await failuresOf([{}, { settings: { syncNorm: true, limit: 3 } }]);
  assertEquals(
    failures[0].replace(/\{.*\}, but.*/, ""),
    "worker 1 (host) has another setting of the run: ",
  );
  assertMatch(failures[0], /"limit":3/);
  assertMatch(failures[1], /^worker 0 \(host\) has another setting of the run: /);
});
