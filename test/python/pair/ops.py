"""The names of a model's parameters in checkpoints."""

from torch import nn


def checkpoint_names(model: nn.Module) -> dict[str, str]:
    return {name: f"pair.{name}" for name, _ in model.named_parameters()}


def use_checkpoint_names(model: nn.Module) -> None:
    def rename(module, state, prefix, _):
        for name in list(state):
            state[f"pair.{name}"] = state.pop(name)

    def restore(module, state, *_):
        for name in list(state):
            state[name.removeprefix("pair.")] = state.pop(name)

    model.register_state_dict_post_hook(rename)
    model.register_load_state_dict_pre_hook(restore)
