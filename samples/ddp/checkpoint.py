"""What a run that is started again goes on from."""

import os

import torch
import torch.distributed as dist


class Checkpoint:
    def __init__(self, path, net, optimizer):
        self._path, self._net, self._optimizer = path, net, optimizer

    def save(self, epoch):
        """Write what has been reached after `epoch`. The file is whole at any instant, whenever the process may be killed."""
        state = {"epoch": epoch, "net": self._net.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save(state, self._path + ".tmp")
        os.replace(self._path + ".tmp", self._path)

    def restore(self, device):
        """Load what an earlier attempt reached, if any; return the epoch to go on with.

        The file is read by process 0 alone, which wrote it: on other nodes it need not be.
        """
        state = [None]
        if (not dist.is_initialized() or dist.get_rank() == 0) and os.path.exists(self._path):
            state = [torch.load(self._path, map_location=device)]
        if dist.is_initialized():
            dist.broadcast_object_list(state, src=0)
        if state[0] is None:
            return 0
        self._net.load_state_dict(state[0]["net"])
        self._optimizer.load_state_dict(state[0]["optimizer"])
        return state[0]["epoch"] + 1
