"""Runs SavedModels on images: reads JSON, [{folder, shape, batches: [[...]]}], and prints each batch's logits as JSON."""

import json
import sys

import numpy as np
import tensorflow as tf

results = []
for case in json.load(sys.stdin):
    run = tf.saved_model.load(case["folder"]).signatures["serving_default"]
    batches = [np.array(images, np.float32).reshape([-1, *case["shape"]]) for images in case["batches"]]
    results.append([run(images=tf.constant(images))["logits"].numpy().ravel().tolist() for images in batches])
json.dump(results, sys.stdout)
