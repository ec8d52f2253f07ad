#!/usr/bin/env python3
"""Writes ops.pt: the few fused PyTorch operations that DJL has no call for, as TorchScript methods.

Usage: gen_ops.py [FILE]   (needs torch 2.7.1; the file is committed, so nobody needs this to build)

Equal torch versions give equal bytes: debug tables are dropped and the archive carries no times.
"""

import io
import pathlib
import sys
import zipfile
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor

DEFAULT = "activities/src/main/resources/io/buttress/model/ops.pt"


class Ops(torch.nn.Module):
    @torch.jit.export
    def dropout(self, x: Tensor, rate: float) -> Tensor:
        """Drops by 16 random bits a value: a fourth of PyTorch's draws, which are serial on a CPU."""
        dropped = min(int(round(rate * 65536)), 65535)
        words = torch.empty([(x.numel() + 3) // 4], dtype=torch.int64, device=x.device)
        words.random_(-9223372036854775807 - 1, None)
        least = (dropped - 32768) * 281474976710656  # 2 ** 48: the upper 16 bits decide
        kept = [words >= least]
        for shift in (16, 32, 48):
            kept.append(torch.bitwise_left_shift(words, shift) >= least)
        mask = torch.cat(kept)[: x.numel()].view(x.size())
        return x * mask.to(x.dtype).mul_(65536 / (65536 - dropped))

    def attended(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], batch: int, heads: int, dropout: float
    ) -> Tensor:
        """Scaled dot-product attention on [batch x length, heads x size]."""
        q = q.view(batch, -1, heads, q.size(1) // heads).transpose(1, 2)
        k = k.view(batch, -1, heads, k.size(1) // heads).transpose(1, 2)
        v = v.view(batch, -1, heads, v.size(1) // heads).transpose(1, 2)
        if dropout == 0.0 or q.is_cuda:
            mixed = F.scaled_dot_product_attention(q, k, v, mask, dropout)
        else:
            # PyTorch has no fused kernel for a CPU with dropout, and draws its own too slowly.
            scores = torch.matmul(q * q.size(3) ** -0.5, k.transpose(2, 3))
            if mask is not None:
                scores = scores.masked_fill(mask.logical_not(), -float("inf"))
            mixed = torch.matmul(self.dropout(torch.softmax(scores, -1), dropout), v)
        return mixed.transpose(1, 2).reshape(batch * q.size(2), -1)

    @torch.jit.export
    def attention(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        places: Tensor,
        mask: Tensor,
        groups: List[int],
        heads: int,
        dropout: float,
    ) -> Tensor:
        """Attention within the examples of a batch of n tokens, [n, heads x size].

        groups: examples, length and whether it has padding (0, 1) of each group of examples of about one
        length; places: where each token stands when a group after the other is padded; mask: true there.
        """
        spread = len(groups) > 3 or groups[2] == 1
        if spread:
            q = q.new_zeros([mask.size(0), q.size(1)]).index_copy(0, places, q)
            k = k.new_zeros([mask.size(0), k.size(1)]).index_copy(0, places, k)
            v = v.new_zeros([mask.size(0), v.size(1)]).index_copy(0, places, v)
        parts: List[Tensor] = []
        start = 0
        for i in range(0, len(groups), 3):
            batch, length = groups[i], groups[i + 1]
            end = start + batch * length
            seen: Optional[Tensor] = None
            if groups[i + 2] == 1:
                seen = mask[start:end].view(batch, 1, 1, length)
            parts.append(self.attended(q[start:end], k[start:end], v[start:end], seen, batch, heads, dropout))
            start = end
        return torch.cat(parts).index_select(0, places) if spread else parts[0]

    @torch.jit.export
    def linear_bfloat16(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return F.linear(x.to(torch.bfloat16), weight.to(torch.bfloat16), bias.to(torch.bfloat16))

    @torch.jit.export
    def product_bfloat16(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x.to(torch.bfloat16), weight.to(torch.bfloat16))

    @torch.jit.export
    def gelu_tanh(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="tanh")

    @torch.jit.export
    def assign(self, tensor: Tensor, value: Tensor) -> None:
        with torch.no_grad():
            tensor.copy_(value)

    @torch.jit.export
    def assign_rows(self, tensor: Tensor, rows: Tensor, values: Tensor, scale: float) -> None:
        with torch.no_grad():
            tensor.index_copy_(0, rows, values * scale)

    def ordered(self, sparse: Tensor) -> Tensor:
        # A GPU adds up the rows of one index in any order, so that a seed's numbers would differ.
        return sparse.coalesce() if sparse.is_cuda else sparse

    @torch.jit.export
    def gradients(self, loss: Tensor, parameters: List[Tensor], tables: List[Tensor]) -> List[Tensor]:
        """tables: for each parameter, where a sparse gradient goes; one with a dense gradient needs none."""
        result: List[Tensor] = []
        for i, gradient in enumerate(torch.autograd.grad([loss], parameters)):
            assert gradient is not None
            if gradient.is_sparse:
                result.append(tables[i].zero_().add_(self.ordered(gradient)))
            else:
                # The fused kernel reads memory in order, whatever the strides say.
                result.append(gradient.contiguous())
        return result

    @torch.jit.export
    def accumulate(self, sums: List[Tensor], loss: Tensor, parameters: List[Tensor]) -> None:
        for i, gradient in enumerate(torch.autograd.grad([loss], parameters)):
            assert gradient is not None
            sums[i].add_(self.ordered(gradient) if gradient.is_sparse else gradient)

    @torch.jit.export
    def norm(self, gradients: List[Tensor]) -> Tensor:
        """Their global norm."""
        with torch.no_grad():
            return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients, 2)))

    @torch.jit.export
    def part(self, tensors: List[Tensor], start: int, size: int) -> List[Tensor]:
        return tensors[start : start + size]

    @torch.jit.export
    def adamw(
        self,
        parameters: List[Tensor],
        gradients: List[Tensor],
        m: List[Tensor],
        v: List[Tensor],
        steps: List[Tensor],
        norm: Tensor,
        most: float,
        rate: float,
        weight_decay: float,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        """Gradients count times min(1, most / (norm + 1e-6)), unless most is 0."""
        # Whole lists as arguments: TorchScript drops in-place operations on lists that it made itself.
        with torch.no_grad():
            # Clipping inside the update reads the gradients once less.
            scale: Optional[Tensor] = None
            if most > 0:
                scale = torch.clamp((norm + 1e-6) / most, min=1.0)
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                parameters, gradients, m, v, [], steps,
                lr=rate, beta1=beta1, beta2=beta2, weight_decay=weight_decay, eps=epsilon,
                amsgrad=False, maximize=False, grad_scale=scale,
            )  # fmt: skip

    @torch.jit.export
    def squared_distance(self, tensors: List[Tensor], anchors: List[Tensor]) -> Tensor:
        """The sum of all squared differences."""
        total = torch.zeros([], device=tensors[0].device)
        for i, tensor in enumerate(tensors):
            difference = (tensor - anchors[i]).view(-1)
            total = total + torch.dot(difference, difference)
        return total

    @torch.jit.export
    def pull(self, tensors: List[Tensor], anchors: List[Tensor], amount: float) -> None:
        """Moves tensors the given fraction of the way to their anchors, in place."""
        with torch.no_grad():
            torch._foreach_lerp_(tensors, anchors, amount)

    @torch.jit.export
    def mixed(self, weight: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """target + mask * (weight - target)."""
        return torch.addcmul(target, weight - target, mask)

    @torch.jit.export
    def spectra(self, z: Tensor) -> Tensor:
        """[2, min(n, h)]: the singular values of z [n, h], and those of z with its column means taken off.

        Both by the R of [1 z]: without its first column it has z's values, without its first row too, which
        holds what lies along 1, the centred ones.
        """
        r = torch.linalg.qr(torch.cat([z.new_ones([z.size(0), 1]), z], 1), mode="r")[1]
        whole, centred = torch.linalg.svdvals(r[:, 1:]), torch.linalg.svdvals(r[1:, 1:])
        # Of no more than h rows one fewer is left, and a value that is 0.
        return torch.stack([whole, F.pad(centred, [0, whole.size(0) - centred.size(0)])])

    @torch.jit.export
    def cross_norm(self, y: Tensor, x: Tensor) -> Tensor:
        """Frobenius norm of y'x, column means taken off."""
        return torch.linalg.matrix_norm((y - y.mean(0)).t() @ (x - x.mean(0)))

    @torch.jit.export
    def class_spread(self, z: Tensor, group: Tensor, count: int) -> Tensor:
        """[2, min(count, h)] of z [n, h]: the singular values of the centred class means over sqrt(count), and
        the mean over classes of the variance within them along each one's axis.

        group: [n], which of count classes, none of them empty.
        """
        z = z - z.mean(0)
        members = F.one_hot(group.long(), count).to(z.dtype)
        sizes = members.sum(0).unsqueeze(1)
        means = members.t() @ z / sizes
        _, roots, axes = torch.linalg.svd((means - means.mean(0)) / count**0.5, full_matrices=False)
        along = (z - members @ means) @ axes.t()
        return torch.stack([roots, (members.t() @ along.square() / sizes).mean(0)])


def stripped(archive: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            if name.endswith((".debug_pkl", "/.data/serialization_id")):
                continue
            entry = zipfile.ZipInfo("ops/" + name.split("/", 1)[1], (1980, 1, 1, 0, 0, 0))
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main() -> None:
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Ops().eval()), buffer)
    target.write_bytes(stripped(buffer.getvalue()))
    torch.jit.load(str(target))
    print(f"{target}: {target.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
