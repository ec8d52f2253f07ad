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
    def gradients(self, loss: Tensor, parameters: List[Tensor]) -> List[Tensor]:
        gradients: List[Tensor] = []
        for gradient in torch.autograd.grad([loss], parameters):
            assert gradient is not None
            gradients.append(gradient)
        return gradients

    @torch.jit.export
    def adamw(
        self,
        parameters: List[Tensor],
        gradients: List[Tensor],
        first_moments: List[Tensor],
        second_moments: List[Tensor],
        steps: List[Tensor],
        decayed: int,
        rate: float,
        beta1: float,
        beta2: float,
        weight_decay: float,
        epsilon: float,
        clip_norm: float,
    ) -> Tensor:
        """Clips by the global norm (0: not), updates; the first `decayed` parameters decay.

        Returns the norm before clipping.
        """
        with torch.no_grad():
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients, 2)))
            if clip_norm > 0:
                torch._foreach_mul_(gradients, torch.clamp(clip_norm / (norm + 1e-6), max=1.0))
            torch._foreach_add_(steps, 1)
            d = decayed
            torch._fused_adamw_(
                parameters[:d], gradients[:d], first_moments[:d], second_moments[:d], [], steps[:d],
                lr=rate, beta1=beta1, beta2=beta2, weight_decay=weight_decay, eps=epsilon,
                amsgrad=False, maximize=False,
            )  # fmt: skip
            torch._fused_adamw_(
                parameters[d:], gradients[d:], first_moments[d:], second_moments[d:], [], steps[d:],
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
