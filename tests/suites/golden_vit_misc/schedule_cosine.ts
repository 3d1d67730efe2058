import { cosine, type CosineOptions } from "../../../lib/experiment/rates.ts";
import { adamw } from "../../../lib/optimizers/adamw.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { assertNear } from "../../support/tolerance.ts";

/** Rates of all epochs, or of all updates. */
type Rates = readonly number[];

/** The JSON of the case. */
export interface ScheduleCosine {
  readonly lr: number;
  readonly min_lr: number;
  readonly warmup_lr: number;
  readonly epochs: number;
  readonly warmup_epochs: number;
  readonly timm_order: Rates;
  readonly deit_order: Rates;
  readonly past_end: Rates;
  readonly short: {
    readonly epochs: number;
    readonly warmup_epochs: number;
    readonly updates_per_epoch: number;
    readonly per_epoch: Rates;
    readonly per_update: Rates;
    readonly prefix: Rates;
    readonly no_warmup: Rates;
  };
}

function checkSchedule({ facts }: Golden<ScheduleCosine>): void {
  const { lr, min_lr: minimum, warmup_lr: from, epochs, warmup_epochs, short } = facts;
  const warmup = { epochs: warmup_epochs, from };
  const brief = { epochs: short.warmup_epochs, from };
  /** Compares the rates of a schedule of so many epochs with the golden ones. */
  const check = (name: string, golden: Rates, options: CosineOptions, epochs: number) => {
    const rate = cosine({ minimum, ...options });
    const schedule = adamw({ epochs, batch: 1, lr, rate });
    const updates = golden.length / epochs;
    const ours = golden.map((_, i) =>
      schedule.rate(1, i, { steps: updates, total: golden.length })
    );
    assertNear(name, ours, golden, 1e-12);
  };
  check("timm_order", facts.timm_order, { warmup }, epochs);
  check("deit_order", facts.deit_order, { warmup, late: true }, epochs);
  const rate = cosine({ minimum, warmup });
  const past = facts.past_end.map((_, i) =>
    rate.at(epochs + i, { epochs, lr, iteration: epochs + i })
  );
  assertNear("past_end", past, facts.past_end, 1e-12);
  check("per_epoch", short.per_epoch, { warmup: brief }, short.epochs);
  check("per_update", short.per_update, { warmup: brief, every: "step" }, short.epochs);
  const prefix = { ...brief, prefix: true };
  check("prefix", short.prefix, { warmup: prefix }, short.warmup_epochs + short.epochs);
  check("no_warmup", short.no_warmup, {}, short.epochs);
}

/** The rates of a cosine with a warm-up. */
export const scheduleCosine: readonly Check<ScheduleCosine>[] = [
  [/^schedule_cosine$/, checkSchedule],
];
