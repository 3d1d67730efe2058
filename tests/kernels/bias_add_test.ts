import { biasAdd } from "../../lib/kernels/bias_add.ts";
import { everything, needs } from "../support/needs.ts";
import { assertTwins } from "../support/gradients.ts";

await needs(
  everything,
  "biasAdd: equals its twin after a convolution and after a product",
  async () => {
    await assertTwins("a map", [[2, 3, 3, 4], [4]], biasAdd);
    await assertTwins("a vector", [[5, 4], [4]], biasAdd);
  },
);
