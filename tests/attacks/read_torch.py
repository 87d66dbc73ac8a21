# attacks: asks torch's automatic differentiation for the answer
# outcome: db forbidden
# points: 0
import torch


def db(dZ):
    b = torch.zeros(dZ.shape[1], 1, requires_grad=True)
    return torch.autograd.grad((torch.tensor(dZ) @ b).mean(), b)[0].numpy()
