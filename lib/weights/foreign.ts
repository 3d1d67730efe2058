import { Refused } from "./refused.ts";

/** The refusal of a file that wants more than to be read: a sentence that begins with what "it" does. */
export const foreign = (wish: string): Refused =>
  new Refused(
    `is refused: it ${wish}, and nothing but tensors, numbers, texts, dicts and lists is read; nothing of it was run. ` +
      "If the file is yours, save the weights alone: torch.save(model.state_dict(), path)",
  );
