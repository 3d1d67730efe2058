/** Options of a user without a usable TensorFlow: the end of every message about it. */
export const waysOut: string = [
  "Alternatives:",
  "  RETORT_TENSORFLOW=<a folder or file>     a TensorFlow library that is already there",
  "  python3 -m pip install tensorflow-cpu    or tensorflow; Retort uses its files",
  "  --backend cpu                            without TensorFlow, slow",
].join("\n");
