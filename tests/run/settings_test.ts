import { assertEquals, assertThrows } from "@std/assert";
import { scratch } from "../../lib/distillers/scratch.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { experiment, from } from "../../lib/experiment/experiment.ts";
import { Failure } from "../../lib/values/failure.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { neededEpoch, quickness, scheduleOf, type Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { small } from "../support/toy.ts";

const long = experiment(import.meta, {
  dataset: synthetic(),
  student: small,
  distiller: scratch(),
  schedule: sgd({ epochs: 240, batch: 64, lr: 0.05, drops: { at: [150, 180, 210], by: 0.1 } }),
});

const settings = (options: Pick<Settings, "epochs" | "limit"> = {}): Settings => ({
  data: "",
  fresh: false,
  status: status({ quiet: true }),
  interrupted: () => false,
  ...options,
});

Deno.test("quickness: other epochs or a limit make a run quick and name it", () => {
  assertEquals(quickness(long, settings()), undefined);
  assertEquals(quickness(long, settings({ epochs: 240 })), undefined);
  assertEquals(quickness(long, settings({ epochs: 24 })), "quick-24-all");
  assertEquals(quickness(long, settings({ limit: 100000 })), "quick-240-100000");
  assertEquals(quickness(long, settings({ epochs: 1, limit: 2 })), "quick-1-2");
});

Deno.test("scheduleOf: the rate drops in proportion", () => {
  assertEquals(scheduleOf(long, settings()), long.schedule);
  const tenth = scheduleOf(long, settings({ epochs: 24 }));
  const drops = Array.from({ length: 24 }, (_, i) => i + 1).filter((epoch) =>
    tenth.rate(epoch) < tenth.rate(epoch - 1)
  );
  assertEquals([tenth.epochs, drops], [24, [16, 19, 22]]);
});

Deno.test("neededEpoch: a numbered epoch moves as the drops do, and has to be in the schedule", () => {
  const of = (epoch: number | "last" | "best", epochs?: number) =>
    neededEpoch(from(long, { epoch }), settings({ epochs }));
  assertEquals([of("last"), of("best", 3), of(60), of(60, 24), of(60, 1), of(240, 2)], [
    "last",
    "best",
    60,
    6,
    1,
    2,
  ]);
  for (const epoch of [0, -1, 1.5, 241, NaN]) {
    const failure = assertThrows(
      () => of(epoch, 24),
      Failure,
      `epoch: ${epoch} }): this teacher has the epochs 1 to 240`,
    );
    assertEquals(failure.exit, 2);
  }
});
