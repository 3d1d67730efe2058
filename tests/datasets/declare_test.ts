import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
import { imagenet } from "../../datasets/imagenet.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { colourJitter } from "../../lib/data/colour_jitter.ts";
import { fixMatchAugment } from "../../lib/data/fix_match_augment.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { randomErasing } from "../../lib/data/random_erasing.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical, type Json } from "../../lib/values/json.ts";
import { needs } from "../support/needs.ts";

const declared = ({ options }: { readonly options: Json }) => canonical(options);

Deno.test("declare: what is not asked for leaves no trace in a declaration", () => {
  const plain = declared(cifar100());
  assertEquals(
    declared(cifar100({ policy: undefined, erase: undefined, repeats: 1 })),
    plain,
  );
  for (const word of ["policy", "erase", "repeats", "interpolation"]) {
    assert(!plain.includes(word) && !declared(imagenet()).includes(word));
  }
  assert(declared(imagenet({ interpolation: "bicubic" })).includes('"interpolation":"bicubic"'));
});

Deno.test("declare: a policy, an erasing and repeats are declared, and views take them over", () => {
  const options = { policy: randAugment(), erase: randomErasing(), repeats: 3 };
  const views = { weak: { policy: undefined }, strong: { policy: fixMatchAugment() }, same: {} };
  const dataset = cifar100({ ...options, views });
  const own = { crop: 4, flip: true, policy: options.policy, erase: options.erase };
  assertEquals(dataset.augmentation, own);
  assertEquals(dataset.repeats, 3);
  assertEquals(dataset.views, {
    weak: { ...own, policy: undefined },
    strong: { ...own, policy: fixMatchAugment() },
    same: own,
  });
  const unset = { crop: undefined, flip: undefined };
  assertEquals(cifar100({ ...options, views: { unset } }).views?.unset, own);
  const text = declared(dataset);
  assert(text.includes('"id":"randAugment"') && text.includes('"repeats":3'));
  assertNotEquals(text, declared(cifar100({ ...options, views, policy: colourJitter() })));
});

Deno.test("declare: repeats are a whole number", () => {
  for (const repeats of [0, 1.5]) {
    const { exit } = assertThrows(() => cifar100({ repeats }), Failure, "cifar100: `repeats` is ");
    assertEquals(exit, 2);
  }
});

await needs(
  ["read"],
  "declare: an open data set reads pictures of its training images, by their own indices",
  async () => {
    const sizes = { size: 8, train: 300, test: 4, classes: 3 };
    const options = { policy: randAugment({ n: 4, probability: 1 }), repeats: 2 };
    const views = { plain: { policy: undefined } };
    const draw = { seed: 1, epoch: 1 };
    const plain = await synthetic(sizes).open("");
    const whole = await synthetic({ ...sizes, ...options, views }).open("");
    const part = await synthetic({ ...sizes, ...options, views, take: 30 }).open("");
    try {
      assertEquals([plain, whole, part].map(({ train }) => [train.pictures, train.repeats]), [
        [undefined, undefined],
        [2, 2],
        [2, 2],
      ]);
      assertEquals([whole.test.pictures, whole.test.repeats], [undefined, undefined]);
      const index = part.train.partOf!.indices[7];
      const bytes = 8 * 8 * 3;
      const [own] = [await whole.train.read([index], draw)];
      assertEquals(await part.train.read([7], draw), own);
      assertEquals(
        own.slice(bytes),
        await plain.train.read([index], draw),
        "the second view is plain",
      );
      assertNotEquals(own.slice(0, bytes), own.slice(bytes));
    } finally {
      for (const one of [plain, whole, part]) one.close();
    }
  },
);
