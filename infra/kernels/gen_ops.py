#!/usr/bin/env python3
"""Writes ops.pt: the few fused PyTorch operations that DJL has no call for, as TorchScript methods.

Usage: gen_ops.py [FILE]   (needs torch 2.7.1; the file is committed, so nobody needs this to build)

Equal torch versions give equal bytes: debug tables are dropped and the archive carries no times.
"""

import io
import pathlib
import sys
import zipfile
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor

DEFAULT = "activities/src/main/resources/io/buttress/model/ops.pt"


class Ops(torch.nn.Module):
    @torch.jit.export
    def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropout: float) -> Tensor:
        """Scaled dot-product attention, [batch, heads, length, size]; mask is true at real tokens."""
        return F.scaled_dot_product_attention(q, k, v, mask, dropout)

    @torch.jit.export
    def gelu_tanh(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="tanh")

    @torch.jit.export
    def adamw(
        self,
        loss: Tensor,
        decayed: List[Tensor],
        others: List[Tensor],
        decayed_m: List[Tensor],
        others_m: List[Tensor],
        decayed_v: List[Tensor],
        others_v: List[Tensor],
        decayed_steps: List[Tensor],
        others_steps: List[Tensor],
        rate: float,
        beta1: float,
        beta2: float,
        weight_decay: float,
        epsilon: float,
        clip_norm: float,
    ) -> Tensor:
        """One step down the loss; weight decay acts on the first group only.

        Gradients are scaled by min(1, clip_norm / (norm + 1e-6)) unless clip_norm is 0.
        Returns their global norm before that.
        """
        # Two groups of lists, because TorchScript drops in-place operations on a slice of a list.
        with torch.no_grad():
            decayed_g: List[Tensor] = []
            others_g: List[Tensor] = []
            for i, gradient in enumerate(torch.autograd.grad([loss], decayed + others)):
                assert gradient is not None
                # The fused kernel reads memory in order, whatever the strides say.
                if i < len(decayed):
                    decayed_g.append(gradient.contiguous())
                else:
                    others_g.append(gradient.contiguous())
            norms = torch._foreach_norm(decayed_g + others_g, 2)
            norm = torch.linalg.vector_norm(torch.stack(norms))
            if clip_norm > 0:
                scale = torch.clamp(clip_norm / (norm + 1e-6), max=1.0)
                torch._foreach_mul_(decayed_g, scale)
                torch._foreach_mul_(others_g, scale)
            torch._foreach_add_(decayed_steps, 1)
            torch._foreach_add_(others_steps, 1)
            torch._fused_adamw_(
                decayed, decayed_g, decayed_m, decayed_v, [], decayed_steps,
                lr=rate, beta1=beta1, beta2=beta2, weight_decay=weight_decay, eps=epsilon,
                amsgrad=False, maximize=False,
            )  # fmt: skip
            torch._fused_adamw_(
                others, others_g, others_m, others_v, [], others_steps,
                lr=rate, beta1=beta1, beta2=beta2, weight_decay=0.0, eps=epsilon,
                amsgrad=False, maximize=False,
            )  # fmt: skip
        return norm


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
