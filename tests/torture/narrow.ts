import { ended } from "../support/toy_runs.ts";
import { campaign, type Outcome } from "./campaign.ts";
import { lastLine, type Subject } from "./subject.ts";

/** Ways to give a run less than it is used to. */
const WAYS: Readonly<Record<string, string>> = {
  "`ulimit -n 64`": "ulimit -n 64",
  "one core": "taskset -pc 0 $$ >/dev/null",
  "no environment but PATH, HOME and DENO_DIR":
    "unset $(env | cut -d= -f1 | grep -vxE 'PATH|DENO_DIR|HOME')",
  "`ulimit -s 1024`": "ulimit -s 1024",
};

/** Runs with each of the ways, each once. */
export async function* narrow(subject: Subject): AsyncGenerator<Outcome> {
  for (const [title, prepare] of Object.entries(WAYS)) {
    yield await campaign(title, { tries: 1, until: Infinity }, async () => {
      await subject.reset();
      const { code, err } = await ended(subject.startBy(`${prepare}; exec "$0" "$@"`));
      return code === 0 ? await subject.difference() : `exit ${code}: ${lastLine(err)}`;
    });
  }
}
