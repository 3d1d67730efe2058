"""Runs SavedModels on images: reads JSON, [{folder, shape, batches: [[...]], size?}], and prints each batch's outputs as
JSON: the logits, or with `size`, the images' sides without padding, every output by name.
"""

import json
import sys

import numpy as np
import tensorflow as tf

results = []
for case in json.load(sys.stdin):
    run = tf.saved_model.load(case["folder"]).signatures["serving_default"]
    batches = [np.array(images, np.float32).reshape([-1, *case["shape"]]) for images in case["batches"]]
    others = {"size": tf.constant([case["size"]], tf.float32)} if "size" in case else {}
    outputs = [
        {name: value.numpy().ravel().tolist() for name, value in run(images=tf.constant(images), **others).items()}
        for images in batches
    ]
    results.append(outputs if "size" in case else [one["logits"] for one in outputs])
json.dump(results, sys.stdout)
