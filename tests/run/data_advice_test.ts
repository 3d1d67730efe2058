import { assertEquals, assertMatch } from "@std/assert";
import { dataAdvice } from "../../lib/run/data_advice.ts";

const files = { source: () => Promise.resolve({ name: "a.jpg", height: 1, width: 1 }) };

/** The times of an epoch of 100 seconds. */
const epoch = (waited: number, trained = 100) => ({ images: 10, waited, trained });

Deno.test("dataAdvice: is given once, for more than a tenth, and never for the first epoch", () => {
  const advise = dataAdvice(files);
  assertEquals([epoch(50), epoch(10)].map(advise), [undefined, undefined]);
  assertMatch(advise(epoch(23))!, /^waits for data 23 % of the time: .*decode image files/);
  assertEquals(advise(epoch(50)), undefined);
});

Deno.test("dataAdvice: says nothing of waits under a second, or of images that no worker prepares", () => {
  const [short, memory, policy] = [dataAdvice(files), dataAdvice({}), dataAdvice({ pictures: 1 })];
  const two = (times: [number, number?]) => [epoch(...times), epoch(...times)];
  assertEquals(two([0.9, 2]).map(short), [undefined, undefined]);
  assertEquals(two([50]).map(memory), [undefined, undefined]);
  assertMatch(two([50]).map(policy)[1]!, /change images by their policies$/);
});
