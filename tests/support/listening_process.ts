/**
 * A process that listens for interruptions and answers lines: `busy <ms>` holds the event loop for
 * so long, `state` prints whether it was asked to stop and to save.
 */
import { Interruption } from "../../lib/terminal/interruption.ts";

using interruption = new Interruption((line) => console.log(line));
console.log("ready");
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of lines) {
  const [command, ms] = line.trim().split(" ");
  if (command === "busy") {
    console.log("busy");
    const end = performance.now() + Number(ms);
    while (performance.now() < end);
  } else {
    console.log(`${interruption.requested} ${interruption.takeSaveRequest()}`);
  }
}
