"""Writes folds.txt: which rows the original's ten folds leave out, by numpy itself.

Run by hand: python3 make.py > folds.txt  (made with numpy 1.24.2). One line a fold:
n k fold: the left-out rows in shuffled order. Exact, so the test compares without tolerance.
"""
import numpy as np

for n, k in [(2, 2), (7, 10), (10, 10), (23, 10), (121, 10), (400, 10), (123, 7), (1418, 10)]:
    np.random.seed(0)
    rows = np.arange(n)
    np.random.shuffle(rows)
    for fold in range(k):
        split = int(fold / k * n)
        print(n, k, fold, ":", *rows[split : split + int(n / k)])
