import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { LogTail } from "../../lib/report/log_tail.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";

const line = (epoch: number) => `{"epoch":${epoch},"test/top1":${10 * epoch}}\n`;

/** Follows a log in a folder of its own. */
const test = (
  name: string,
  use: (tail: LogTail, path: string) => void | Promise<void>,
): Promise<void> =>
  needs(["read", "write"], `log tail: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await use(new LogTail(folder), join(folder, "metrics.jsonl"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

const epochs = (tail: LogTail) => {
  const { isAnew, entries } = tail.read();
  return [isAnew, ...entries.map(({ epoch }) => epoch)];
};

await test("whole lines come once, also of a log that begins later", (tail, path) => {
  assertEquals(epochs(tail), [false]);
  Deno.writeTextFileSync(path, line(1) + line(2).slice(0, 5));
  assertEquals(epochs(tail), [false, 1]);
  assertEquals(epochs(tail), [false]);
  Deno.writeTextFileSync(path, line(2).slice(5), { append: true });
  assertEquals(epochs(tail), [false, 2]);
});

await test("a log that is cut, replaced or gone begins anew", (tail, path) => {
  Deno.writeTextFileSync(path, line(1) + line(2));
  assertEquals(epochs(tail), [false, 1, 2]);
  Deno.truncateSync(path, line(1).length);
  assertEquals(epochs(tail), [true, 1]);
  Deno.writeTextFileSync(`${path}.new`, line(7) + line(8) + line(9));
  Deno.renameSync(`${path}.new`, path);
  assertEquals(epochs(tail), [true, 7, 8, 9]);
  Deno.removeSync(path);
  assertEquals(epochs(tail), [true]);
  assertEquals(epochs(tail), [false]);
});

await test("a log that is cut and grows again before a look begins anew", (tail, path) => {
  Deno.writeTextFileSync(path, line(1) + line(2) + line(3));
  assertEquals(epochs(tail), [false, 1, 2, 3]);
  Deno.writeTextFileSync(path, line(1) + line(12) + line(13) + line(14));
  assertEquals(epochs(tail), [true, 1, 12, 13, 14]);
});

await test("a log that is replaced by one that goes on from it goes on", (tail, path) => {
  Deno.writeTextFileSync(path, line(1) + line(2));
  assertEquals(epochs(tail), [false, 1, 2]);
  Deno.writeTextFileSync(`${path}.new`, line(1) + line(2) + line(3));
  Deno.renameSync(`${path}.new`, path);
  assertEquals(epochs(tail), [false, 3]);
});

await test("a number that was not finite is absent", (tail, path) => {
  Deno.writeTextFileSync(path, `{"epoch":1,"train/grad/kd":null,"test/top1":10}\n`);
  assertEquals(tail.read().entries, [{ "epoch": 1, "test/top1": 10 }]);
});

await test("a line that is no entry names the file", (tail, path) => {
  Deno.writeTextFileSync(path, "{}\n");
  assertThrows(() => tail.read(), Failure, "metrics.jsonl is damaged");
});
