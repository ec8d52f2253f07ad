"""Linear probing of docs/methods.md with scikit-learn, which solves each problem on its own."""

import numpy as np
import recipe
import torch
from methods_reference import Stl
from sklearn.linear_model import LogisticRegression, Ridge

L2 = [100, 10, 1, 0.1, 0.01, 1e-3, 1e-4, 1e-5]


def minimum(x, y, outputs, l2):
    """W [outputs, width] and b of the minimum of mean loss + l2/2 ||W||^2; of all b the mean is 0."""
    if outputs == 1:
        ridge = Ridge(alpha=l2 * len(y), solver="svd").fit(x, y)
        return ridge.coef_[None], np.array([ridge.intercept_])
    # With two classes scikit-learn has one row, the difference of ours: ||W||^2 is half its square.
    share = 2 if outputs == 2 else 1
    fit = LogisticRegression(C=share / (l2 * len(y)), tol=1e-10, max_iter=100_000).fit(x, y)
    if outputs == 2:
        half, bias = fit.coef_[0] / 2, fit.intercept_[0] / 2
        return np.stack([-half, half]), np.array([-bias, bias])
    return fit.coef_, fit.intercept_ - fit.intercept_.mean()


def mean_loss(x, y, weight, bias):
    scores = x @ weight.T + bias
    if len(bias) == 1:
        return np.mean((scores[:, 0] - y) ** 2) / 2
    scores -= scores.max(1, keepdims=True)
    return np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(len(y)), y.astype(int)])


def chosen(x, y, outputs, seed):
    """The l2 with the least mean loss on the held out fifth."""
    order = recipe.permutation(len(y), seed)
    cut = round(len(y) / 5)
    held, rest = order[:cut], order[cut:]
    losses = [mean_loss(x[held], y[held], *minimum(x[rest], y[rest], outputs, l2)) for l2 in L2]
    return L2[int(np.argmin(losses))]


class Lp(Stl):
    fine_tunes = False

    def prepare(self):
        run, head = self.run, self.run.net.classifier
        features = run.pooler_outputs().double().numpy()
        self.mean, self.deviation = features.mean(), features.std()
        x, y = (features - self.mean) / self.deviation, run.targets.numpy()
        self.l2 = chosen(x, y, head.out_features, run.seed_of("probe", 0))
        weight, bias = minimum(x, y, head.out_features, self.l2)
        with torch.no_grad():
            head.weight.copy_(torch.tensor(weight / self.deviation))
            head.bias.copy_(torch.tensor(bias - (weight / self.deviation).sum(1) * self.mean))

    def learns(self, name):
        return self.fine_tunes or name.startswith("classifier.")

    def steps(self, planned):
        return planned if self.fine_tunes else 0


class LpFt(Lp):
    fine_tunes = True
