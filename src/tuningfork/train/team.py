"""The processes that train one network together, started by PyTorch's ``torchrun``.

Each takes its part of every batch; gradients are averaged (DistributedDataParallel, over gloo on
processors and nccl on graphics cards). The first of them, who leads, writes every file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")

PATIENCE = 24
"""Hours that processes wait for the leader, who alone decodes pictures and asks teachers: with a
hundred thousand galaxies that takes longer than PyTorch waits by itself."""
MEETING = 10
"""Minutes that they wait for one another elsewhere, so that what was left alone ends."""


@dataclass(frozen=True)
class Team:
    """The place of this process among those that train together; by default it is alone."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    patient: distributed.ProcessGroup | None = None
    """All of them, where one waits for what the leader does alone."""

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def part(self, rows: NDArray[np.intp]) -> slice:
        """Which places of a batch are this process's.

        Parts are equally long, so that the mean of their losses is the batch's: what is left over
        at the end of an epoch's last batch, fewer than there are processes, is nobody's.
        """
        each = len(rows) // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def joined(self, network: nn.Module) -> nn.Module:
        """The network whose gradients are those of all processes."""
        if self.size == 1:
            return network
        return DistributedDataParallel(network)

    def synchronised(self, network: nn.Module) -> nn.Module:
        """On graphics cards batch normalisation sees the whole batch; on processors its part."""
        if self.size == 1 or self.device.type == "cpu":
            return network
        found: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return found

    def total(self, values: dict[str, float]) -> dict[str, float]:
        """The sum over the processes of each value."""
        if self.size == 1:
            return values
        sums = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        distributed.all_reduce(sums)
        return dict(zip(values, sums.tolist(), strict=True))

    def told(self, value: T) -> T:
        """What the leader has; the others give anything."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, device=self.device, group=self.patient)
        return box[0]

    def spread(self, values: Tensor) -> Tensor:
        """The leader's tensor, which the others give in its shape."""
        if self.size == 1:
            return values
        shared = values.to(self.device)
        distributed.broadcast(shared, 0, group=self.patient)
        return shared.cpu()

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """The leader goes through the block before the others do."""
        if self.size > 1 and not self.leads:
            distributed.barrier(self.patient)
        yield
        if self.size > 1 and self.leads:
            distributed.barrier(self.patient)


def launch() -> str:
    """What torchrun calls this launch, restarts included; without torchrun nothing."""
    return os.environ.get("TORCHELASTIC_RUN_ID", "")


def restarted() -> bool:
    """Whether torchrun started these processes again, after one of them was lost."""
    return _restarts() > 0


def _restarts() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def speaks() -> bool:
    """Whether this process is the first of those that torchrun started, or alone."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def gathered_team() -> Iterator[Team]:
    """Meet the other processes that torchrun started, until the block ends."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if size == 1:
        yield Team(device=device)
        return
    # One store serves every start of torchrun's: without names of their own processes that were
    # started again could find the address of one that is gone, and wait there.
    store, rank, size = next(rendezvous("env://", timeout=timedelta(minutes=MEETING)))
    distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=PrefixStore(f"start {_restarts()}", store),
        rank=rank,
        world_size=size,
        timeout=timedelta(minutes=MEETING),
    )
    try:
        yield Team(rank, size, device, distributed.new_group(timeout=timedelta(hours=PATIENCE)))
    finally:
        distributed.destroy_process_group()
